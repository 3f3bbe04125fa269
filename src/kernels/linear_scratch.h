#pragma once

#include <cstddef>
#include <memory>
#include <new>
#include <utility>

#include "base/fresh_memory.h"

namespace bertrt::kernels {

/// Memory of the library's own that is aligned for every vector, uninitialised, and grows only.
class AlignedBuffer {
 public:
  static constexpr std::size_t kAlignment = 64;

  AlignedBuffer() = default;
  explicit AlignedBuffer(std::size_t bytes) { reserve(bytes); }
  /// A part of memory that `owner` keeps, aligned alike.
  AlignedBuffer(std::shared_ptr<void> owner, std::byte* data, std::size_t bytes)
      : data_(std::move(owner), data), size_(bytes) {}
  AlignedBuffer(AlignedBuffer&&) noexcept = default;
  AlignedBuffer& operator=(AlignedBuffer&&) noexcept = default;
  ~AlignedBuffer() = default;

  /// At least `bytes`; the contents are undefined when it had to grow.
  std::byte* reserve(std::size_t bytes) {
    if (bytes > size_) {
      data_.reset();
      size_ = 0;
      data_ = fresh_memory(bytes);
      size_ = bytes;
    }
    return data_.get();
  }
  std::byte* data() const noexcept { return data_.get(); }
  std::size_t size() const noexcept { return size_; }

  /// Memory as a buffer has it, on large pages where it is large. @throws std::bad_alloc
  static std::shared_ptr<std::byte> fresh_memory(std::size_t bytes) {
    base::FreshMemory memory = base::fresh_memory(bytes, kAlignment);
    if (memory == nullptr) throw std::bad_alloc();
    return memory;
  }

 private:
  std::shared_ptr<std::byte> data_;
  std::size_t size_ = 0;
};

/// What linear layers need while they run, reused from call to call; one for each call at a time.
struct Scratch {
  AlignedBuffer rows;   ///< the input's rows, packed or quantized
  AlignedBuffer parts;  ///< int8: the grid of each row
  AlignedBuffer sums;   ///< of the part of K that is done, where K is cut
};

}  // namespace bertrt::kernels
