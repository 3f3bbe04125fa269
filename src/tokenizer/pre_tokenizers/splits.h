#pragma once

#include <cstdint>
#include <vector>

#include "text/normalized_text.h"

namespace bertrt::tokenizer {

/// A run of text on its way through the pre-tokenizers: its normal form, and the pieces of it that the model will see.
struct Splits {
  struct Span {
    std::uint32_t begin = 0;  ///< bytes of text.bytes; never empty
    std::uint32_t end = 0;
    /// Where the piece began in the run when it was cut off: what a pre-tokenizer put before it does not count.
    std::uint32_t origin = 0;
  };
  text::NormalizedText text;
  std::vector<Span> spans;
};

}  // namespace bertrt::tokenizer
