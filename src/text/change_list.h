#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "text/normalized_text.h"

namespace bertrt::text {

/// One character of a text's next form, and how it came about.
struct Change {
  char32_t code_point = 0;
  /// 0: stands for one character of the text; -n: for one and the n that follow it; above 0: was put in after the
  /// character before it.
  std::int32_t change = 0;
};

/// A text's next form, and memory for it that is used again and again.
///
/// Hugging Face's NormalizedString::transform in short: where a character's offsets come from follows from counting
/// through the old text by the changes, even where the counts of a normalizer do not fit the text (Precompiled
/// forgets what it takes out at the very beginning, so that everything behind is found too far left).
struct ChangeList {
  std::vector<Change> changes;
  NormalizedText next;

  /// Makes `text` what the changes say. `removed_first`: characters at its begin that nothing stands for.
  void apply(NormalizedText& text, std::size_t removed_first = 0);
};

}  // namespace bertrt::text
