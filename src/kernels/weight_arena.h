#pragma once

#include <atomic>
#include <cstddef>
#include <memory>

#include "kernels/linear_scratch.h"

namespace bertrt::kernels {

/// One piece of memory for all weights of a model, given out in order: so that it lies on large pages, which a layer's
/// few megabytes would not fill. It goes back when the last weight in it goes.
class WeightArena {
 public:
  /// @param bytes  sum of room_for() of what will be taken
  explicit WeightArena(std::size_t bytes) : size_(bytes) {
    if (bytes != 0) memory_ = AlignedBuffer::fresh_memory(bytes);
  }

  static constexpr std::size_t room_for(std::size_t bytes) noexcept {
    return (bytes + AlignedBuffer::kAlignment - 1) / AlignedBuffer::kAlignment * AlignedBuffer::kAlignment;
  }

  /// So many bytes of it; once it is used up, memory of their own. Any number of threads may take at once.
  AlignedBuffer take(std::size_t bytes) {
    const std::size_t room = room_for(bytes);
    const std::size_t at = used_.fetch_add(room, std::memory_order_relaxed);
    if (at > size_ || room > size_ - at) return AlignedBuffer(bytes);
    return {memory_, memory_.get() + at, bytes};
  }

 private:
  std::shared_ptr<std::byte> memory_;
  std::size_t size_;
  std::atomic<std::size_t> used_{0};
};

}  // namespace bertrt::kernels
