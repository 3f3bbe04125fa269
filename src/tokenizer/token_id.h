#pragma once

#include <cstdint>

namespace bertrt::tokenizer {

/// The greatest id that a file may give a token: tables by id are as long as it is large.
inline constexpr std::int64_t kMaxTokenId = (1 << 22) - 1;

}  // namespace bertrt::tokenizer
