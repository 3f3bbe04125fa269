#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "bertrt/embedder.h"

namespace bertrt::tasks {

/// One text's rows to one vector, mode after mode.
/// @param rows   [tokens, width]
/// @param skip   so many first tokens do not count (an excluded prompt); the weights of weightedmean keep counting them
/// @param holes  attention_mask of the tokens, empty: all 1. Tokens with 0 do not count
/// @param out    [modes x width]
/// Where no token counts: cls is the first token's, max minus infinity, the others 0, as in Python.
void pool(std::span<const float> rows, std::size_t width, std::size_t skip, std::span<const std::int32_t> holes,
          std::span<const Pooling> modes, std::span<float> out);

}  // namespace bertrt::tasks
