#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "archive/tensor.h"

namespace bertrt::graph {

using archive::ElementType;
using Sizes = std::vector<std::int64_t>;

/// Counts the bytes that the tensors of one run hold. Thread-safe; outlives the run as long as a tensor of it does.
class MemoryMeter {
 public:
  /// @param budget  most bytes at one time; 0: no bound
  explicit MemoryMeter(std::size_t budget = 0) noexcept : budget_(budget) {}
  /// Asked before the bytes are allocated. @throws Error runtime over the budget
  void take(std::size_t bytes);
  void give_back(std::size_t bytes) noexcept { live_ -= bytes; }
  std::size_t peak() const noexcept { return peak_; }

 private:
  const std::size_t budget_;
  std::atomic<std::size_t> live_{0};
  std::atomic<std::size_t> peak_{0};
};

/// The memory that tensors are views of, or only its description: while shapes are evaluated, what depends on weights
/// has no bytes. Reading is thread-safe, writing is not.
class Storage {
 public:
  /// What happens when an operator writes in place.
  enum class Write : std::uint8_t {
    direct,      ///< made during the run
    after_copy,  ///< an input or a constant: the run goes on with a copy
    refused,     ///< an attribute of the model, which would keep state
  };

  /// Zeroed bytes of its own. @throws Error runtime when they are no size, over the meter's budget or not to be had
  static std::shared_ptr<Storage> make(ElementType type, std::int64_t elements,
                                       std::shared_ptr<MemoryMeter> meter = nullptr);
  /// A description without bytes. The meter counts what they would be.
  static std::shared_ptr<Storage> unknown(ElementType type, std::int64_t elements,
                                          std::shared_ptr<MemoryMeter> meter = nullptr);
  /// A view of somebody else's bytes, never written to; `keep` holds them. Halves become float32, bytes that are not
  /// aligned and booleans that are neither 0 nor 1 a copy: each once, when first read.
  static std::shared_ptr<Storage> view(ElementType type, std::span<const std::byte> bytes,
                                       std::shared_ptr<const void> keep);
  /// A description of another storage, which is its origin.
  static std::shared_ptr<Storage> described(const Storage& other);
  /// The same bytes for one run, which may write into a copy of them.
  static std::shared_ptr<Storage> for_run(std::shared_ptr<const Storage> parent);

  ~Storage();
  Storage(const Storage&) = delete;
  Storage& operator=(const Storage&) = delete;

  ElementType type() const noexcept { return type_; }
  std::int64_t elements() const noexcept { return elements_; }
  bool known() const noexcept { return known_; }
  /// The constant or input of the program that this stands for in a run; else itself.
  const Storage* origin() const noexcept { return origin_ != nullptr ? origin_ : this; }
  /// The archive's bytes as they are stored, of a view or what stands for one; nothing for others.
  std::optional<std::pair<ElementType, std::span<const std::byte>>> stored() const noexcept;
  /// Null when it is not known. @throws Error runtime when there is no memory to widen halves
  const std::byte* data() const;
  /// Null when it is not known or not (yet) ours to write.
  std::byte* mutable_data() const noexcept { return owned_.get(); }
  Write write() const noexcept { return write_; }
  /// Makes mutable_data() valid; write() must not be `refused`. @throws Error runtime (memory)
  void own(std::shared_ptr<MemoryMeter> meter);
  /// Drops the bytes: something unknown was written into it.
  void forget() noexcept;

  /// Depends on the values of the model's inputs, not on their shapes alone.
  bool varies = false;

 private:
  struct Lazy;
  struct Free {
    void operator()(std::byte* bytes) const noexcept;
  };
  Storage(ElementType type, std::int64_t elements);
  std::size_t count(std::shared_ptr<MemoryMeter> meter);
  void allocate(std::shared_ptr<MemoryMeter> meter);
  void release() noexcept;

  ElementType type_;
  std::int64_t elements_;
  bool known_ = false;
  Write write_ = Write::direct;
  std::unique_ptr<std::byte[], Free> owned_;
  std::size_t metered_ = 0;
  std::shared_ptr<MemoryMeter> meter_;
  std::unique_ptr<Lazy> lazy_;
  std::shared_ptr<const Storage> parent_;
  const Storage* origin_ = nullptr;
};

/// A strided view of a storage, as ATen's: copies share the bytes. Element types are float32, float64, int64, int32,
/// int16, int8, uint8 and boolean; halves are widened when they enter the graph.
class Tensor {
 public:
  static constexpr std::size_t kMaxRank = 64;

  Tensor() = default;  ///< undefined; only ever assigned to
  /// @throws Error runtime when an element lies outside of the storage
  Tensor(std::shared_ptr<Storage> storage, Sizes sizes, Sizes strides, std::int64_t offset);
  /// A new contiguous one; zeroed, or unknown. @throws Error runtime (sizes that are none, memory)
  static Tensor make(ElementType type, Sizes sizes, bool known = true, std::shared_ptr<MemoryMeter> meter = nullptr);
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
  const T* data() const {
    return reinterpret_cast<const T*>(storage_->data()) + offset_;
  }
  /// The same of one whose storage is owned.
  template <typename T>
  T* mutable_data() const noexcept {
    return reinterpret_cast<T*>(storage_->mutable_data()) + offset_;
  }

  /// A view of the same storage. Bounds are checked. @throws Error runtime
  Tensor view_as(Sizes sizes, Sizes strides, std::int64_t offset) const;
  /// The same view of another storage of the same length.
  Tensor on(std::shared_ptr<Storage> storage) const;

  /// CONSTANTS.cN of rank 0 promote as Python's numbers do; NumToTensor's results and attributes do not.
  bool wrapped_number = false;

 private:
  std::shared_ptr<Storage> storage_;
  Sizes sizes_;
  Sizes strides_;  ///< in elements
  std::int64_t offset_ = 0;
};

/// A view of stored bytes as the archive would give it, whatever the run made of them. @throws Error runtime for a
/// tensor that is no view of an archive's
archive::TensorView archive_view(const Tensor& tensor);

/// Row-major strides. @throws Error runtime when the number of elements overflows
Sizes contiguous_strides(const Sizes& sizes);
/// @throws Error runtime on overflow or a negative size
std::int64_t count_elements(const Sizes& sizes);
/// "[2, 14, 768]"
std::string to_string(const Sizes& sizes);

/// The values in logical order, whatever the strides; known tensors only. @throws Error runtime for another type
std::vector<float> to_floats(const Tensor& tensor);
/// Of integers and booleans.
std::vector<std::int64_t> to_integers(const Tensor& tensor);
/// Of booleans: 0 or 1.
std::vector<std::uint8_t> to_truths(const Tensor& tensor);

bool is_floating(ElementType type) noexcept;
/// Whether a tensor's integers can be weights (models that were quantized), no numbers that shapes depend on.
inline bool is_stored_weight(const Tensor& tensor) noexcept { return tensor.type() == ElementType::int8; }
bool is_integral(ElementType type) noexcept;  ///< boolean not included

}  // namespace bertrt::graph
