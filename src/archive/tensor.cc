#include "archive/tensor.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>
#include <limits>

#include "bertrt/error.h"

namespace bertrt::archive {
namespace {

struct TypeRow {
  ElementType type;
  std::string_view name;
  std::string_view storage;
  std::size_t size;
};

constexpr std::array<TypeRow, 10> kTypes = {{
    {ElementType::float32, "float32", "FloatStorage", 4},
    {ElementType::float16, "float16", "HalfStorage", 2},
    {ElementType::bfloat16, "bfloat16", "BFloat16Storage", 2},
    {ElementType::float64, "float64", "DoubleStorage", 8},
    {ElementType::int64, "int64", "LongStorage", 8},
    {ElementType::int32, "int32", "IntStorage", 4},
    {ElementType::int16, "int16", "ShortStorage", 2},
    {ElementType::int8, "int8", "CharStorage", 1},
    {ElementType::uint8, "uint8", "ByteStorage", 1},
    {ElementType::boolean, "bool", "BoolStorage", 1},
}};

const TypeRow& row(ElementType type) noexcept { return kTypes[static_cast<std::size_t>(type)]; }

// An expanded tensor (stride 0) can have far more elements than its file has bytes; nothing that a model stores does.
constexpr std::uint64_t kMaxElements = std::uint64_t{1} << 33U;

// Bytes that are brought from a file at a time: they stay in the first caches.
constexpr std::size_t kPiece = std::size_t{64} << 10;

template <typename T>
T load(const std::byte* at) {
  T value;
  std::memcpy(&value, at, sizeof(T));  // storages in an archive that was packed again need not be aligned
  return value;
}

// IEEE half to single without a branch, so that the compiler can do many at once: the exponent is moved by a
// multiplication, which also makes subnormals right; infinities and NaN then get their exponent's missing bits.
float widen_half(std::uint16_t half) {
  const std::uint32_t magnitude = (half & 0x7fffU) << 13U;
  const float scaled = std::bit_cast<float>(magnitude) * std::bit_cast<float>(std::uint32_t{0x77800000});  // 2^112
  const std::uint32_t special = (half & 0x7c00U) == 0x7c00U ? 0x7f800000U : 0U;
  const std::uint32_t sign = (half & 0x8000U) << 16U;
  return std::bit_cast<float>(std::bit_cast<std::uint32_t>(scaled) | special | sign);
}

float widen_bfloat(std::uint16_t bits) { return std::bit_cast<float>(std::uint32_t{bits} << 16U); }

template <typename Stored, typename Widen>
void copy(const TensorView& tensor, std::span<float> out, Widen widen) {
  const std::byte* base = tensor.storage.data() + static_cast<std::size_t>(tensor.storage_offset) * sizeof(Stored);
  if (tensor.contiguous()) {
    for (std::size_t i = 0; i < out.size(); ++i) out[i] = widen(load<Stored>(base + i * sizeof(Stored)));
    return;
  }
  const std::size_t rank = tensor.shape.size();
  std::vector<std::int64_t> index(rank, 0);
  std::int64_t position = 0;
  for (float& value : out) {
    value = widen(load<Stored>(base + static_cast<std::size_t>(position) * sizeof(Stored)));
    for (std::size_t axis = rank; axis-- > 0;) {
      if (tensor.shape[axis] == 1) continue;  // never stepped along, so that its stride may be anything
      position += tensor.strides[axis];
      if (++index[axis] < tensor.shape[axis]) break;
      position -= tensor.strides[axis] * tensor.shape[axis];
      index[axis] = 0;
    }
  }
}

const std::byte* first_byte(const TensorView& tensor) {
  return tensor.storage.data() + static_cast<std::size_t>(tensor.storage_offset) * element_size(tensor.type);
}

bool floating(ElementType type) noexcept {
  return type == ElementType::float32 || type == ElementType::float16 || type == ElementType::bfloat16 ||
         type == ElementType::float64;
}

// Integers with a scale a row, in memory.
void widen_scaled(const TensorView& tensor, std::span<float> out) {
  const std::byte* from = first_byte(tensor);
  const auto columns = static_cast<std::size_t>(tensor.shape[1]);
  for (std::size_t row = 0; row * columns < out.size(); ++row) {
    const float scale = tensor.row_scales.get()[row];
    for (std::size_t i = row * columns; i < (row + 1) * columns; ++i) {
      out[i] = static_cast<float>(static_cast<std::int8_t>(from[i])) * scale;
    }
  }
}

// What lies in memory.
void widen(const TensorView& tensor, std::span<float> out) {
  switch (tensor.type) {
    case ElementType::float32:
      if (tensor.contiguous()) {
        std::memcpy(out.data(), first_byte(tensor), out.size_bytes());
      } else {
        copy<float>(tensor, out, [](float value) { return value; });
      }
      return;
    case ElementType::float16: copy<std::uint16_t>(tensor, out, widen_half); return;
    case ElementType::bfloat16: copy<std::uint16_t>(tensor, out, widen_bfloat); return;
    case ElementType::float64:
      copy<double>(tensor, out, [](double value) { return static_cast<float>(value); });
      return;
    default: return;  // asked before
  }
}

// What lies in its file, contiguous, piece by piece.
void widen_unread(const TensorView& tensor, std::span<float> out) {
  alignas(double) std::array<std::byte, kPiece> buffer;
  const std::size_t size = element_size(tensor.type);
  const std::byte* from = first_byte(tensor);
  TensorView piece;
  piece.type = tensor.type;
  piece.shape = {0};
  piece.strides = {1};
  for (std::size_t done = 0; done < out.size();) {
    const std::size_t count = std::min(out.size() - done, buffer.size() / size);
    tensor.unread->read(from + done * size, std::span(buffer).first(count * size));
    piece.shape[0] = static_cast<std::int64_t>(count);
    piece.storage = std::span(buffer).first(count * size);
    widen(piece, out.subspan(done, count));
    done += count;
  }
}

}  // namespace

std::string_view to_string(ElementType type) noexcept { return row(type).name; }
std::size_t element_size(ElementType type) noexcept { return row(type).size; }

std::optional<ElementType> storage_element_type(std::string_view storage_name) noexcept {
  for (const TypeRow& candidate : kTypes) {
    if (candidate.storage == storage_name) return candidate.type;
  }
  return std::nullopt;
}

std::size_t TensorView::elements() const noexcept {
  std::size_t count = 1;
  for (const std::int64_t size : shape) count *= static_cast<std::size_t>(size);
  return count;
}

bool TensorView::contiguous() const noexcept {
  std::int64_t expected = 1;
  for (std::size_t axis = shape.size(); axis-- > 0;) {
    if (shape[axis] == 0) return true;
    if (shape[axis] != 1 && strides[axis] != expected) return false;
    expected *= shape[axis];
  }
  return true;
}

std::string check_shape(std::span<const std::int64_t> shape, std::span<const std::int64_t> strides) {
  if (shape.size() != strides.size()) return "a stride for each axis is missing";
  if (shape.size() > kMaxRank) return "more axes than any model has";
  std::uint64_t count = 1;
  for (const std::int64_t size : shape) {
    if (size < 0) return "a negative size";
    // Sizes of an empty tensor are bounded too, so that no product of some of them overflows.
    const auto factor = static_cast<std::uint64_t>(std::max<std::int64_t>(size, 1));
    if (factor > kMaxElements / count) return "more elements than any model has";
    count *= factor;
  }
  const bool empty = std::find(shape.begin(), shape.end(), 0) != shape.end();
  for (std::size_t axis = 0; axis < shape.size(); ++axis) {
    if (strides[axis] < 0) return "a negative stride";
    // Where nothing ever steps along an axis its stride says nothing, and may be anything.
    const bool stepped = !empty && shape[axis] > 1;
    if (stepped && strides[axis] > std::numeric_limits<std::int64_t>::max() / shape[axis]) return "a stride too large";
  }
  return {};
}

std::string check_bounds(const TensorView& tensor) {
  if (std::string problem = check_shape(tensor.shape, tensor.strides); !problem.empty()) return problem;
  if (tensor.storage_offset < 0) return "a negative offset";
  const std::uint64_t held = tensor.storage.size() / element_size(tensor.type);
  std::uint64_t count = 1;
  for (const std::int64_t size : tensor.shape) count *= static_cast<std::uint64_t>(size);
  if (count == 0) return {};
  // The furthest element: offset + the sum of (size - 1) * stride, each step checked against what is left.
  if (static_cast<std::uint64_t>(tensor.storage_offset) >= held) return "an offset outside of its storage";
  std::uint64_t left = held - 1 - static_cast<std::uint64_t>(tensor.storage_offset);
  for (std::size_t axis = 0; axis < tensor.shape.size(); ++axis) {
    const auto steps = static_cast<std::uint64_t>(tensor.shape[axis] - 1);
    const auto stride = static_cast<std::uint64_t>(tensor.strides[axis]);
    if (steps == 0 || stride == 0) continue;
    if (stride > left / steps) return "a shape that reaches outside of its storage";
    left -= stride * steps;
  }
  if (count > held && count > (std::uint64_t{1} << 24U)) return "far more elements than its storage";
  return {};
}

bool holds_reals(const TensorView& tensor) noexcept {
  if (tensor.row_scales == nullptr) return floating(tensor.type);
  return tensor.type == ElementType::int8 && tensor.shape.size() == 2 && tensor.contiguous();
}

std::vector<float> to_float32(const TensorView& tensor) {
  std::vector<float> out(tensor.elements());
  to_float32(tensor, out);
  return out;
}

void to_float32(const TensorView& tensor, std::span<float> out) {
  if (out.size() != tensor.elements()) {
    throw Error(ErrorCode::invalid_argument, "to_float32", std::to_string(tensor.elements()) + " elements",
                std::to_string(out.size()));
  }
  if (!holds_reals(tensor)) {
    throw Error(ErrorCode::unsupported, "to_float32", "a tensor of floating-point numbers",
                std::string(to_string(tensor.type)));
  }
  if (out.empty()) return;
  if (tensor.row_scales != nullptr) {
    std::vector<std::byte> bytes;
    return widen_scaled(in_memory(tensor, bytes), out);
  }
  if (tensor.unread == nullptr) {
    widen(tensor, out);
  } else if (!tensor.contiguous()) {
    std::vector<std::byte> bytes;
    widen(in_memory(tensor, bytes), out);
  } else if (tensor.type == ElementType::float32) {
    tensor.unread->read(first_byte(tensor), std::as_writable_bytes(out));
  } else {
    widen_unread(tensor, out);
  }
}

void bytes_of(const TensorView& tensor, std::span<std::byte> out) {
  if (out.size() != tensor.elements() * element_size(tensor.type) || !tensor.contiguous()) {
    throw Error(ErrorCode::invalid_argument, "bytes_of", "a contiguous tensor and room for its elements", "others");
  }
  if (out.empty()) return;
  if (tensor.unread != nullptr) {
    tensor.unread->read(first_byte(tensor), out);
  } else {
    std::memcpy(out.data(), first_byte(tensor), out.size());
  }
}

TensorView rows_of(const TensorView& tensor, std::size_t first, std::size_t count) {
  TensorView part = tensor;
  part.shape[0] = static_cast<std::int64_t>(count);
  part.storage_offset += static_cast<std::int64_t>(first) * tensor.strides[0];
  if (part.row_scales != nullptr) part.row_scales = {tensor.row_scales, tensor.row_scales.get() + first};
  return part;
}

TensorView in_memory(const TensorView& tensor, std::vector<std::byte>& bytes) {
  if (tensor.unread == nullptr) return tensor;
  bytes.resize(tensor.storage.size());
  if (!bytes.empty()) tensor.unread->read(tensor.storage.data(), bytes);
  TensorView view = tensor;
  view.storage = bytes;
  view.unread = nullptr;
  return view;
}

bool same_storage_bytes(const TensorView& a, const TensorView& b) {
  if (a.storage.size() != b.storage.size()) return false;
  std::array<std::byte, kPiece> a_piece;
  std::array<std::byte, kPiece> b_piece;
  const auto piece = [](const TensorView& from, std::size_t at, std::size_t count, std::span<std::byte> buffer) {
    if (from.unread == nullptr) return from.storage.data() + at;
    from.unread->read(from.storage.data() + at, buffer.first(count));
    return static_cast<const std::byte*>(buffer.data());
  };
  for (std::size_t at = 0; at < a.storage.size(); at += kPiece) {
    const std::size_t count = std::min(kPiece, a.storage.size() - at);
    if (std::memcmp(piece(a, at, count, a_piece), piece(b, at, count, b_piece), count) != 0) return false;
  }
  return true;
}

}  // namespace bertrt::archive
