#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

namespace bertrt::tokenizer {

/// A word's place in a stretch of text. Made without zeros, for there are many.
struct TextWord {
  std::uint32_t begin;  ///< bytes from the stretch's begin
  std::uint32_t size;   ///< bytes, never 0
  std::uint8_t kind;    ///< 0 or 1, where the same bytes may give other tokens (see WordCache)
};

/// The words of a stretch of text, cut before they are looked up: so that what will be read can be asked for early. On
/// the stack, about 50 kB.
class TextWords {
 public:
  static constexpr std::size_t kMost = 4096;

  void clear() noexcept { count_ = 0; }
  /// At most kMost times.
  void add(std::size_t begin, std::size_t end, std::uint8_t kind = 0) noexcept {
    words_[count_++] = {static_cast<std::uint32_t>(begin), static_cast<std::uint32_t>(end - begin), kind};
  }
  /// Takes all but the first `count` back.
  void cut(std::size_t count) noexcept { count_ = count; }
  std::size_t size() const noexcept { return count_; }
  const TextWord& operator[](std::size_t i) const noexcept { return words_[i]; }

 private:
  std::array<TextWord, kMost> words_;
  std::size_t count_ = 0;
};

}  // namespace bertrt::tokenizer
