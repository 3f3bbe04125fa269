#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "archive/tensor.h"

namespace bertrt::graph {

using archive::ElementType;
using Sizes = std::vector<std::int64_t>;

/// The memory that tensors are views of, or only its description: while shapes are evaluated, what depends on weights
/// has no bytes.
class Storage {
 public:
  /// Zeroed bytes of its own. @throws Error runtime when `elements` times the element's size is no size
  static std::shared_ptr<Storage> make(ElementType type, std::int64_t elements);
  /// A description without bytes.
  static std::shared_ptr<Storage> unknown(ElementType type, std::int64_t elements);
  /// A view of somebody else's bytes, never written to; `keep` holds them.
  static std::shared_ptr<Storage> view(ElementType type, std::span<const std::byte> bytes,
                                       std::shared_ptr<const void> keep);

  ElementType type() const noexcept { return type_; }
  std::int64_t elements() const noexcept { return elements_; }
  bool known() const noexcept { return data_ != nullptr; }
  const std::byte* data() const noexcept { return data_; }
  /// Null when it is not known or not ours to write.
  std::byte* mutable_data() const noexcept { return writable_ ? const_cast<std::byte*>(data_) : nullptr; }
  /// Weights, constants and inputs: an in-place operator on one is refused (a model that keeps state), or works on a copy.
  bool writable() const noexcept { return writable_; }
  /// Drops the bytes: something unknown was written into it.
  void forget() noexcept;

  /// Depends on the values of the model's inputs, not on their shapes alone.
  bool varies = false;

 private:
  ElementType type_ = ElementType::float32;
  std::int64_t elements_ = 0;
  const std::byte* data_ = nullptr;
  bool writable_ = false;
  std::unique_ptr<std::byte[]> owned_;
  std::shared_ptr<const void> keep_;
};

/// A strided view of a storage, as ATen's: copies share the bytes. Element types are float32, float64, int64, int32,
/// int16, int8, uint8 and boolean; halves are widened when they enter the graph.
class Tensor {
 public:
  Tensor() = default;  ///< undefined; only ever assigned to
  Tensor(std::shared_ptr<Storage> storage, Sizes sizes, Sizes strides, std::int64_t offset);
  /// A new contiguous one; zeroed, or unknown.
  static Tensor make(ElementType type, Sizes sizes, bool known = true);
  /// Widens halves; shares the archive's bytes otherwise. `keep` holds the archive.
  static Tensor from_archive(const archive::TensorView& view, const std::shared_ptr<const void>& keep);
  static Tensor scalar(double value, ElementType type);
  static Tensor scalar(std::int64_t value, ElementType type = ElementType::int64);

  bool defined() const noexcept { return storage_ != nullptr; }
  ElementType type() const noexcept { return storage_->type(); }
  const std::shared_ptr<Storage>& storage() const noexcept { return storage_; }
  const Sizes& sizes() const noexcept { return sizes_; }
  const Sizes& strides() const noexcept { return strides_; }
  std::int64_t offset() const noexcept { return offset_; }
  std::int64_t rank() const noexcept { return static_cast<std::int64_t>(sizes_.size()); }
  std::int64_t size(std::int64_t axis) const { return sizes_[static_cast<std::size_t>(axis)]; }
  std::int64_t stride(std::int64_t axis) const { return strides_[static_cast<std::size_t>(axis)]; }
  std::int64_t elements() const noexcept;
  bool contiguous() const noexcept;
  bool known() const noexcept { return storage_->known(); }
  bool varies() const noexcept { return storage_->varies; }

  /// The first element of a known tensor. T is the element type's C++ type (bool is std::uint8_t).
  template <typename T>
  const T* data() const noexcept {
    return reinterpret_cast<const T*>(storage_->data()) + offset_;
  }
  template <typename T>
  T* mutable_data() const noexcept {
    return reinterpret_cast<T*>(storage_->mutable_data()) + offset_;
  }

  /// A view of the same storage. Bounds are checked. @throws Error runtime
  Tensor view_as(Sizes sizes, Sizes strides, std::int64_t offset) const;

  /// CONSTANTS.cN of rank 0 promote as Python's numbers do; NumToTensor's results and attributes do not.
  bool wrapped_number = false;

 private:
  std::shared_ptr<Storage> storage_;
  Sizes sizes_;
  Sizes strides_;  ///< in elements
  std::int64_t offset_ = 0;
};

/// Row-major strides. @throws Error runtime when the number of elements overflows
Sizes contiguous_strides(const Sizes& sizes);
/// @throws Error runtime on overflow or a negative size
std::int64_t count_elements(const Sizes& sizes);

/// The values in logical order, whatever the strides; known tensors only. @throws Error runtime for another type
std::vector<float> to_floats(const Tensor& tensor);
std::vector<std::int64_t> to_integers(const Tensor& tensor);

bool is_floating(ElementType type) noexcept;
bool is_integral(ElementType type) noexcept;  ///< boolean not included

}  // namespace bertrt::graph
