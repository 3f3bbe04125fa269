#include "engine/graph/memory_budget.h"

#if defined(__unix__) || defined(__APPLE__)
#include <unistd.h>
#endif

namespace bertrt::engine::graph {

std::size_t memory_budget(std::size_t asked) noexcept {
  if (asked != 0) return asked;
#if defined(_SC_PHYS_PAGES) && defined(_SC_PAGE_SIZE)
  const long pages = sysconf(_SC_PHYS_PAGES);
  const long size = sysconf(_SC_PAGE_SIZE);
  if (pages > 0 && size > 0) return static_cast<std::size_t>(pages) / 2 * static_cast<std::size_t>(size);
#endif
  return std::size_t{8} << 30;
}

}  // namespace bertrt::engine::graph
