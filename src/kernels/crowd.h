#pragma once

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>

namespace bertrt::kernels {

/// How many callers are inside of something, now or a moment ago: callers that come back within the moment count as
/// one that never left, so that what they share is not handed to and fro between two calls. Thread-safe, lock-free.
class Crowd {
 public:
  void enter() noexcept { note(inside_.fetch_add(1, std::memory_order_relaxed) + 1); }
  void leave() noexcept { inside_.fetch_sub(1, std::memory_order_relaxed); }
  /// Forgets what is longer ago than a moment.
  void look() noexcept { note(inside_.load(std::memory_order_relaxed)); }

  /// The most callers that were inside at once lately; at least 1. Reads no clock.
  std::size_t size() const noexcept {
    return std::max({std::uint32_t{1}, inside_.load(std::memory_order_relaxed), most_.load(std::memory_order_relaxed),
                     most_before_.load(std::memory_order_relaxed)});
  }

 private:
  using Clock = std::chrono::steady_clock;
  // Longer than the pause between two calls of a busy server's thread.
  static constexpr std::int64_t kMoment = std::chrono::nanoseconds(std::chrono::milliseconds(5)).count();

  // The most is kept for this stretch of time and the one before. Threads that pass a border together may lose one
  // another's note: then size() is too small for as long as it takes to be noted again.
  void note(std::uint32_t inside) noexcept {
    const std::int64_t now = std::chrono::nanoseconds(Clock::now().time_since_epoch()).count();
    const std::int64_t end = end_.load(std::memory_order_relaxed);
    if (now >= end) {
      const bool long_ago = now >= end + kMoment;
      most_before_.store(long_ago ? inside : most_.load(std::memory_order_relaxed), std::memory_order_relaxed);
      most_.store(inside, std::memory_order_relaxed);
      end_.store(now + kMoment, std::memory_order_relaxed);
    } else if (inside > most_.load(std::memory_order_relaxed)) {
      most_.store(inside, std::memory_order_relaxed);
    }
  }

  std::atomic<std::uint32_t> inside_{0};
  std::atomic<std::uint32_t> most_{0};
  std::atomic<std::uint32_t> most_before_{0};
  std::atomic<std::int64_t> end_{0};
};

}  // namespace bertrt::kernels
