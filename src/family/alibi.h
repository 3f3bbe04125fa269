#pragma once

#include <cstddef>
#include <vector>

namespace bertrt::family {

/// ALiBi's slopes for so many heads: 2^(-8/n), its square, … where n is a power of two; else those of the power of two
/// below, and then every other one of the power above. [heads]
std::vector<float> alibi_slopes(std::size_t heads);

}  // namespace bertrt::family
