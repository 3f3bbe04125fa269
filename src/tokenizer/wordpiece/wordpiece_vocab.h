#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "tokenizer/token_id.h"

namespace bertrt::tokenizer {

/// A WordPiece vocabulary as it is read: tokens with their ids, in the file's order, in one buffer.
class WordPieceVocab {
 public:
  struct Entry {
    std::uint32_t begin = 0;
    std::uint32_t length = 0;
    std::int32_t id = -1;
  };

  void reserve(std::size_t tokens, std::size_t bytes) {
    entries_.reserve(tokens);
    text_.reserve(bytes);
  }
  /// @throws Error invalid_format with `where` for an id that no vocabulary has, or more text than 1 GiB
  void add(std::string_view token, std::int64_t id, const std::string& where);

  /// Takes a whole file's text, whose tokens are then named by add_range(). For an empty vocabulary.
  void take_text(std::string_view text, const std::string& where);
  void add_range(std::size_t begin, std::size_t length, std::int64_t id, const std::string& where) {
    check_id(id, where, begin, length);
    entries_.push_back(
        {static_cast<std::uint32_t>(begin), static_cast<std::uint32_t>(length), static_cast<std::int32_t>(id)});
  }

  const std::vector<Entry>& entries() const noexcept { return entries_; }
  std::string_view view(const Entry& entry) const noexcept { return {text_.data() + entry.begin, entry.length}; }
  const std::string& text() const noexcept { return text_; }

 private:
  void check_id(std::int64_t id, const std::string& where, std::size_t begin, std::size_t length) const {
    if (id < 0 || id > kMaxTokenId) refuse_id(id, where, std::string_view(text_).substr(begin, length));
  }
  [[noreturn]] static void refuse_id(std::int64_t id, const std::string& where, std::string_view token);

  std::string text_;
  std::vector<Entry> entries_;
};

}  // namespace bertrt::tokenizer
