#include "model/code_text.h"

namespace bertrt::model {
namespace {

bool is_name_start(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || static_cast<unsigned char>(c) >= 0x80;
}
bool is_digit(char c) { return c >= '0' && c <= '9'; }

// Digits, a point, an exponent: never a name, so that 1.0.save is seen as the call of a method.
std::size_t end_of_number(std::string_view code, std::size_t at) {
  const auto digits = [&](std::size_t from) {
    while (from < code.size() && is_digit(code[from])) ++from;
    return from;
  };
  std::size_t end = digits(at);
  if (end < code.size() && code[end] == '.') end = digits(end + 1);
  if (end < code.size() && (code[end] == 'e' || code[end] == 'E')) {
    std::size_t exponent = end + 1;
    if (exponent < code.size() && (code[exponent] == '+' || code[exponent] == '-')) ++exponent;
    const std::size_t last = digits(exponent);
    if (last > exponent) end = last;
  }
  return end;
}

// Past the closing quote; at the code's end where there is none.
std::size_t end_of_text(std::string_view code, std::size_t at) {
  const char quote = code[at];
  const std::string_view three = code.substr(at, 3);
  const bool triple = three.size() == 3 && three[1] == quote && three[2] == quote;
  std::size_t end = at + (triple ? 3 : 1);
  while (end < code.size()) {
    if (code[end] == '\\') {
      end += 2;
    } else if (triple ? code.substr(end, 3) == three : code[end] == quote) {
      return end + (triple ? 3 : 1);
    } else {
      ++end;
    }
  }
  return code.size();
}

}  // namespace

std::vector<CodeToken> tokenize_code(std::string_view code) {
  std::vector<CodeToken> tokens;
  tokens.reserve(code.size() / 4);
  std::uint32_t line = 1;
  std::size_t line_start = 0;
  std::size_t open = 0;  // brackets
  for (std::size_t at = 0; at < code.size();) {
    const char c = code[at];
    const auto column = static_cast<std::uint32_t>(at - line_start);
    std::size_t end = at + 1;
    if (c == '\n') {
      if (open == 0) tokens.push_back({TokenKind::newline, code.substr(at, 1), line, column});
      ++line;
      line_start = end;
    } else if (c == '#') {
      while (end < code.size() && code[end] != '\n') ++end;
    } else if (is_name_start(c)) {
      while (end < code.size() && (is_name_start(code[end]) || is_digit(code[end]))) ++end;
      tokens.push_back({TokenKind::name, code.substr(at, end - at), line, column});
    } else if (is_digit(c)) {
      end = end_of_number(code, at);
      tokens.push_back({TokenKind::number, code.substr(at, end - at), line, column});
    } else if (c == '"' || c == '\'') {
      end = end_of_text(code, at);
      tokens.push_back({TokenKind::text, code.substr(at, end - at), line, column});
      for (std::size_t i = at; i < end; ++i) {
        if (code[i] == '\n') {
          ++line;
          line_start = i + 1;
        }
      }
    } else if (c == '\\' && code.substr(at, 2) == "\\\n") {
      ++line;  // a line goes on
      end = at + 2;
      line_start = end;
    } else if (c != ' ' && c != '\t' && c != '\r') {
      if (c == '(' || c == '[' || c == '{') ++open;
      if ((c == ')' || c == ']' || c == '}') && open > 0) --open;
      tokens.push_back({TokenKind::symbol, code.substr(at, 1), line, column});
    }
    at = end;
  }
  return tokens;
}

}  // namespace bertrt::model
