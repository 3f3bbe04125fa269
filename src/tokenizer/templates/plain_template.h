#pragma once

#include <optional>

#include "tokenizer/templates/post_processor.h"

namespace bertrt::tokenizer {

/// Post-processors that do what almost all do: each text once, the first one first, special tokens around them. Such an
/// encoding is put together in one go; templates/draft.h gives the same for these, and for all others.
struct PlainTemplate {
  Template steps;
  /// TemplateProcessing gives its types to the encoding alone: in the overflow, the further windows of a text keep the
  /// type that they were encoded with, 0 for the first text and 1 for the second.
  bool overflow_keeps_types = false;
  bool trims = false;               ///< offsets lose the white space at a token's ends
  bool keeps_prefix_space = false;  ///< see OffsetTrim::trim()
};

/// nullopt for post-processors that are not plain.
std::optional<PlainTemplate> plain_template(const PostProcessors& processors);

}  // namespace bertrt::tokenizer
