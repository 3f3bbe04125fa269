#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

namespace bertrt::archive {

/// Little-endian integers out of bytes; every read says whether there was enough left.
class ByteReader {
 public:
  explicit ByteReader(std::span<const std::byte> bytes, std::size_t position = 0)
      : bytes_(bytes), position_(position < bytes.size() ? position : bytes.size()) {}

  std::size_t position() const noexcept { return position_; }
  std::size_t left() const noexcept { return bytes_.size() - position_; }

  /// An unsigned integer of sizeof(T) bytes, or nothing when they are not there (the position then stays).
  template <typename T>
  std::optional<T> read() {
    if (left() < sizeof(T)) return std::nullopt;
    std::uint64_t value = 0;
    for (std::size_t i = 0; i < sizeof(T); ++i) {
      value |= std::uint64_t{std::to_integer<std::uint8_t>(bytes_[position_ + i])} << (8 * i);
    }
    position_ += sizeof(T);
    return static_cast<T>(value);
  }

  std::optional<std::span<const std::byte>> take(std::uint64_t count) {
    if (left() < count) return std::nullopt;
    const auto result = bytes_.subspan(position_, static_cast<std::size_t>(count));
    position_ += static_cast<std::size_t>(count);
    return result;
  }

 private:
  std::span<const std::byte> bytes_;
  std::size_t position_;
};

inline std::string_view as_text(std::span<const std::byte> bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

}  // namespace bertrt::archive
