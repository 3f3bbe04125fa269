#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "archive/unread.h"

namespace bertrt::archive {

enum class ElementType { float32, float16, bfloat16, float64, int64, int32, int16, int8, uint8, boolean };

std::string_view to_string(ElementType type) noexcept;  // "float32", …
std::size_t element_size(ElementType type) noexcept;    // in bytes
/// By the pickled storage's name ("FloatStorage"); nothing for types that no encoder stores (complex, quantized).
std::optional<ElementType> storage_element_type(std::string_view storage_name) noexcept;

/// A tensor as the archive holds it: a strided view of one storage entry, bounds already checked.
struct TensorView {
  ElementType type = ElementType::float32;
  std::vector<std::int64_t> shape;
  std::vector<std::int64_t> strides;   ///< in elements
  std::int64_t storage_offset = 0;     ///< in elements
  std::span<const std::byte> storage;  ///< the whole storage entry; lives as long as the ModelFile
  std::string storage_key;             ///< equal for tensors that share one storage (tied weights)
  /// Null: `storage` is memory. Else it was left in its file: `storage` has the addresses alone, which only tell
  /// storages apart, and to_float32() and bytes_of() read through this. Lives as long as they do.
  const Unread* unread = nullptr;
  /// Of int8 [rows, columns] that stand for floating-point numbers: what each row is multiplied with, [rows]; null: the
  /// integers are what they are.
  std::shared_ptr<const float> row_scales = nullptr;

  std::size_t elements() const noexcept;
  bool contiguous() const noexcept;
};

inline constexpr std::size_t kMaxRank = 64;

/// Checks a shape alone, so that whatever is computed from it later does not overflow: a stride for each axis, at most
/// kMaxRank of them, nothing negative, at most 2^33 elements (axes of size 0 counted as 1).
/// @return what is wrong, or an empty text
std::string check_shape(std::span<const std::int64_t> shape, std::span<const std::int64_t> strides);

/// Checks the shape, that every element of the view lies in its storage, without overflow whatever the numbers are, and
/// that there are no more elements than the storage could hold unless strides are 0 (an expanded tensor).
/// @return what is wrong, or an empty text
std::string check_bounds(const TensorView& tensor);

/// Whether its elements stand for floating-point numbers.
bool holds_reals(const TensorView& tensor) noexcept;

/// Widens or copies to fp32, row-major, whatever the strides (contiguous where there are row_scales).
/// @throws Error unsupported for integer types, io
std::vector<float> to_float32(const TensorView& tensor);
/// The same into memory of the caller's: out.size() == elements(). @throws Error unsupported, invalid_argument, io
void to_float32(const TensorView& tensor, std::span<float> out);

/// The elements as they are stored, row-major. @param tensor  contiguous; out.size() == elements() * element_size()
/// @throws Error invalid_argument, io
void bytes_of(const TensorView& tensor, std::span<std::byte> out);

/// The rows [first, first + count) along the first axis: a view of the same storage.
TensorView rows_of(const TensorView& tensor, std::size_t first, std::size_t count);

/// The tensor with its storage in memory: itself where it is, else a view of `bytes`, which the storage is read into.
/// @throws Error io
TensorView in_memory(const TensorView& tensor, std::vector<std::byte>& bytes);

/// Whether two storages hold the same bytes. @throws Error io
bool same_storage_bytes(const TensorView& a, const TensorView& b);

}  // namespace bertrt::archive
