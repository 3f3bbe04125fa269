#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace bertrt::graph::torchscript {

enum class TokenKind : std::uint8_t { name, integer, real, text, symbol, newline, end };

/// A view into the code.
struct Token {
  TokenKind kind = TokenKind::end;
  std::string_view text;     ///< a text literal with its quotes
  std::uint32_t line = 1;    ///< from 1
  std::uint32_t column = 0;  ///< bytes from the line's start: the indentation of a line's first token
  std::size_t offset = 0;    ///< bytes from the code's start

  bool is(char symbol) const noexcept { return kind == TokenKind::symbol && text.size() == 1 && text[0] == symbol; }
  bool is(std::string_view symbol) const noexcept { return kind == TokenKind::symbol && text == symbol; }
  bool named(std::string_view name) const noexcept { return kind == TokenKind::name && text == name; }
};

/// Tokens of TorchScript's printed code, one after another; keeps none of them. Lines that end inside of brackets go
/// on, empty lines and comments are no tokens. A small value: a copy looks ahead.
class Lexer {
 public:
  /// @param entry  for messages, "model.pt: code/__torch__.py"; outlives the lexer, as `code` does
  /// Begins at a line's start.
  Lexer(std::string_view code, const std::string& entry, std::size_t offset = 0, std::uint32_t line = 1)
      : code_(code), entry_(&entry), position_(offset), line_start_(offset), line_(line) {}

  /// The next token; `end` for ever behind the last. @throws Error invalid_format for what is no token
  Token next();
  /// "model.pt: code/__torch__.py:12", for messages.
  std::string where(std::uint32_t line) const;

 private:
  Token take(TokenKind kind, std::size_t size);
  std::size_t number_size(TokenKind& kind) const;
  std::size_t text_size() const;

  std::string_view code_;
  const std::string* entry_;
  std::size_t position_;
  std::size_t line_start_;
  std::uint32_t line_;
  std::uint32_t open_ = 0;  // brackets
  bool line_has_token_ = false;
};

/// A text literal's bytes, escapes resolved. @throws Error invalid_format for an escape that is none
std::string unescape(const Token& literal, const Lexer& lexer);

}  // namespace bertrt::graph::torchscript
