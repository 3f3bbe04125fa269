#pragma once

#include <cstddef>
#include <memory>
#include <new>

namespace bertrt::base {

struct FreeFresh {
  std::align_val_t alignment{alignof(std::max_align_t)};
  void operator()(std::byte* data) const noexcept { ::operator delete(data, alignment); }
};

using FreshMemory = std::unique_ptr<std::byte, FreeFresh>;

/// Memory that is about to be filled: uninitialized, and where it is many megabytes, on the system's large pages if it
/// has them. One page fault then brings 2 MiB instead of 4 KiB, and page faults are most of the time that filling fresh
/// memory takes. It is never more than was asked for, and gone from the process when it is freed.
/// @param alignment  at least, a power of two
/// @return null where there is not so much
FreshMemory fresh_memory(std::size_t bytes, std::size_t alignment = alignof(std::max_align_t)) noexcept;

}  // namespace bertrt::base
