#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace bertrt::model {

enum class TokenKind : std::uint8_t { name, number, text, symbol, newline };

/// A token of TorchScript's printed code; views into the code.
struct CodeToken {
  TokenKind kind = TokenKind::symbol;
  std::string_view text;     ///< a text literal with its quotes
  std::uint32_t line = 1;    ///< from 1
  std::uint32_t column = 0;  ///< bytes from the line's start: the indentation of a line's first token
};

/// Splits the code that is stored in an archive's code/*.py into tokens: names, numbers, text literals, single
/// characters, and ends of lines outside of brackets. Comments are left out. Never fails: what it does not know
/// becomes a symbol.
class CodeReader {
 public:
  /// `code` must outlive the object.
  explicit CodeReader(std::string_view code) : code_(code) {}

  /// Appends the tokens up to the next end of a line outside of brackets, that end left out, to `line`, after clearing
  /// it. An empty line gives none. @return false at the end of the code
  bool read_line(std::vector<CodeToken>& line);
  /// Whether `token` is there, that is, the code is not at its end.
  bool next(CodeToken& token);

 private:
  std::string_view code_;
  std::size_t at_ = 0;
  std::size_t line_start_ = 0;
  std::size_t open_ = 0;  // brackets
  std::uint32_t line_ = 1;
};

/// All tokens at once: some 32 bytes for each.
std::vector<CodeToken> tokenize_code(std::string_view code);

}  // namespace bertrt::model
