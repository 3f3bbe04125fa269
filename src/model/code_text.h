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
std::vector<CodeToken> tokenize_code(std::string_view code);

}  // namespace bertrt::model
