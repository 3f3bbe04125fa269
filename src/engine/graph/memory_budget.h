#pragma once

#include <cstddef>

namespace bertrt::engine::graph {

/// What one run may hold: `asked`, else half of the machine's memory, 8 GiB where that cannot be told.
std::size_t memory_budget(std::size_t asked) noexcept;

}  // namespace bertrt::engine::graph
