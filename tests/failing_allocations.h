#pragma once

// Allocations that fail, one at a time. Replaces operator new, so it belongs into one source of a program of its own.
#include <gtest/gtest.h>

#include <atomic>
#include <cstddef>
#include <cstdlib>
#include <functional>
#include <new>

#include "bertrt/error.h"

namespace bertrt::failing_allocations {

/// Allocations until one fails; below 0: none does.
inline std::atomic<long> g_left{-1};

inline void* allocate_or_null(std::size_t size, std::size_t alignment) noexcept {
  if (g_left >= 0 && g_left-- == 0) return nullptr;
  const std::size_t rounded = (size + alignment - 1) / alignment * alignment;
  return std::aligned_alloc(alignment, rounded == 0 ? alignment : rounded);
}

inline void* allocate(std::size_t size, std::size_t alignment) {
  void* memory = allocate_or_null(size, alignment);
  if (memory == nullptr) throw std::bad_alloc();
  return memory;
}

/// Calls `work` with its first, second, third … allocation failing, until none is left to fail: what comes out of it
/// is out_of_resources, or nothing where it makes do without. Behind the first 300, fewer and fewer fail: reading a
/// trace makes hundreds of thousands of small allocations, all alike.
/// @return how many there were
inline long fail_allocations(const std::function<void()>& work) {
  constexpr long kEach = 300;
  constexpr long kSpread = 40;
  for (long allocation = 0;; allocation += allocation < kEach ? 1 : allocation / kSpread) {
    g_left = allocation;
    bool thrown = false;
    try {
      work();
    } catch (const Error& error) {
      thrown = true;
      EXPECT_EQ(error.code(), ErrorCode::out_of_resources) << error.what();
    } catch (const std::exception& error) {
      thrown = true;
      g_left = -1;
      ADD_FAILURE() << "allocation " << allocation << ": " << error.what() << " leaves the library";
      return allocation;
    }
    const bool failed = g_left < 0;  // the countdown ran out: an allocation was made to fail
    g_left = -1;
    if (!failed) {
      EXPECT_FALSE(thrown);
      return allocation;
    }
  }
}

}  // namespace bertrt::failing_allocations

void* operator new(std::size_t size) { return bertrt::failing_allocations::allocate(size, alignof(std::max_align_t)); }
void* operator new(std::size_t size, std::align_val_t alignment) {
  return bertrt::failing_allocations::allocate(size, static_cast<std::size_t>(alignment));
}
// Those that throw nothing, too: what they give goes to the operators below.
void* operator new(std::size_t size, const std::nothrow_t&) noexcept {
  return bertrt::failing_allocations::allocate_or_null(size, alignof(std::max_align_t));
}
void* operator new(std::size_t size, std::align_val_t alignment, const std::nothrow_t&) noexcept {
  return bertrt::failing_allocations::allocate_or_null(size, static_cast<std::size_t>(alignment));
}
void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }
void operator delete(void* memory, std::align_val_t) noexcept { std::free(memory); }
void operator delete(void* memory, std::size_t, std::align_val_t) noexcept { std::free(memory); }
