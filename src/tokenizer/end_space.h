#pragma once

#include <cstdint>

namespace bertrt::tokenizer {

/// White space at the ends of a token, in characters.
struct EndSpace {
  std::uint32_t leading = 0;
  std::uint32_t trailing = 0;
};

}  // namespace bertrt::tokenizer
