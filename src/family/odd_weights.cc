#include "family/odd_weights.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstring>
#include <limits>
#include <span>

namespace bertrt::family {
namespace {

// The largest magnitude among numbers by their bits: they are ordered as the numbers are, infinity and then NaN behind
// all others. Whatever the alignment; a stretch at a time, and signed, so that the compiler can look at many at once.
template <typename Bits>
Bits largest(std::span<const std::byte> bytes) {
  constexpr Bits kMagnitude = std::numeric_limits<Bits>::max();
  std::array<Bits, 4096 / sizeof(Bits)> stretch;
  Bits found = 0;
  const std::size_t count = bytes.size() / sizeof(Bits);
  for (std::size_t begin = 0; begin < count; begin += stretch.size()) {
    const std::size_t n = std::min(stretch.size(), count - begin);
    std::memcpy(stretch.data(), bytes.data() + begin * sizeof(Bits), n * sizeof(Bits));
    for (std::size_t i = 0; i < n; ++i) found = std::max(found, static_cast<Bits>(stretch[i] & kMagnitude));
  }
  return found;
}

template <typename Bits>
std::string what_is_odd(const std::string& name, std::span<const std::byte> bytes, Bits infinity) {
  const Bits most = largest<Bits>(bytes);
  if (most > infinity) return "the weights of " + name + " hold values that are no numbers (NaN)";
  if (most == infinity) return "the weights of " + name + " hold infinite values";
  return {};
}

}  // namespace

std::string odd_weights(const std::string& name, const archive::TensorView& tensor) {
  if (!archive::holds_reals(tensor)) return {};
  std::vector<std::byte> read;
  const archive::TensorView view = archive::in_memory(tensor, read);
  std::span<const std::byte> bytes = view.storage;
  if (view.contiguous()) {  // else all of the storage, which is more than the tensor at most
    const std::size_t size = archive::element_size(view.type);
    bytes = bytes.subspan(static_cast<std::size_t>(view.storage_offset) * size, view.elements() * size);
  }
  switch (view.type) {
    case archive::ElementType::float16: return what_is_odd<std::int16_t>(name, bytes, 0x7C00);
    case archive::ElementType::bfloat16: return what_is_odd<std::int16_t>(name, bytes, 0x7F80);
    case archive::ElementType::float32: return what_is_odd<std::int32_t>(name, bytes, 0x7F800000);
    case archive::ElementType::float64: return what_is_odd<std::int64_t>(name, bytes, 0x7FF0000000000000);
    default: return {};  // integers with scales
  }
}

}  // namespace bertrt::family
