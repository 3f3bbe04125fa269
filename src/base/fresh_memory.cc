#include "base/fresh_memory.h"

#include <algorithm>
#include <cstdint>

#if defined(__linux__)
#include <sys/mman.h>
#endif

namespace bertrt::base {
namespace {

constexpr std::size_t kHugePage = std::size_t{2} << 20;

// Advice about whole large pages alone: what else lies in the first and the last one is not ours.
void advise([[maybe_unused]] std::byte* data, [[maybe_unused]] std::size_t bytes) noexcept {
#if defined(__linux__) && defined(MADV_HUGEPAGE)
  const std::size_t whole = bytes / kHugePage * kHugePage;
  if (whole != 0) (void)::madvise(data, whole, MADV_HUGEPAGE);
#endif
}

}  // namespace

FreshMemory fresh_memory(std::size_t bytes, std::size_t alignment) noexcept {
  const bool large = bytes >= 2 * kHugePage;
  const std::align_val_t aligned{large ? std::max(alignment, kHugePage) : alignment};
  FreshMemory memory(static_cast<std::byte*>(::operator new(std::max<std::size_t>(bytes, 1), aligned, std::nothrow)),
                     FreeFresh{aligned});
  if (memory && large) advise(memory.get(), bytes);
  return memory;
}

}  // namespace bertrt::base
