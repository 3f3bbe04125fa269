#pragma once

#include <cstddef>
#include <memory>
#include <new>

namespace bertrt::kernels {

/// Memory of the library's own that is aligned for every vector, uninitialised, and grows only.
class AlignedBuffer {
 public:
  static constexpr std::size_t kAlignment = 64;

  AlignedBuffer() = default;
  explicit AlignedBuffer(std::size_t bytes) { reserve(bytes); }

  /// At least `bytes`; the contents are undefined when it had to grow.
  std::byte* reserve(std::size_t bytes) {
    if (bytes > size_) {
      data_.reset();
      size_ = 0;
      data_.reset(static_cast<std::byte*>(::operator new (bytes, std::align_val_t{kAlignment})));
      size_ = bytes;
    }
    return data_.get();
  }
  std::byte* data() const noexcept { return data_.get(); }
  std::size_t size() const noexcept { return size_; }

 private:
  struct Free {
    void operator()(std::byte* data) const { ::operator delete (data, std::align_val_t{kAlignment}); }
  };
  std::unique_ptr<std::byte, Free> data_;
  std::size_t size_ = 0;
};

/// What linear layers need while they run, reused from call to call; one for each call at a time.
struct Scratch {
  AlignedBuffer rows;   ///< the input's rows, packed or quantized
  AlignedBuffer parts;  ///< int8: the grid of each row
  AlignedBuffer sums;   ///< of the part of K that is done, where K is cut
};

}  // namespace bertrt::kernels
