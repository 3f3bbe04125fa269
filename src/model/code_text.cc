#include "model/code_text.h"

#include <algorithm>

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

bool CodeReader::next(CodeToken& token) {
  while (at_ < code_.size()) {
    const std::size_t at = at_;
    const char c = code_[at];
    const auto column = static_cast<std::uint32_t>(at - line_start_);
    const auto take = [&](TokenKind kind, std::size_t end) {
      token = {kind, code_.substr(at, end - at), line_, column};
      at_ = std::min(end, code_.size());
      return true;
    };
    if (c == '\n') {
      at_ = line_start_ = at + 1;
      token = {TokenKind::newline, code_.substr(at, 1), line_++, column};
      if (open_ == 0) return true;
    } else if (c == '#') {
      at_ = std::min(code_.find('\n', at), code_.size());
    } else if (is_name_start(c)) {
      std::size_t end = at + 1;
      while (end < code_.size() && (is_name_start(code_[end]) || is_digit(code_[end]))) ++end;
      return take(TokenKind::name, end);
    } else if (is_digit(c)) {
      return take(TokenKind::number, end_of_number(code_, at));
    } else if (c == '"' || c == '\'') {
      const std::size_t end = std::min(end_of_text(code_, at), code_.size());
      take(TokenKind::text, end);
      for (std::size_t i = at; i < end; ++i) {
        if (code_[i] != '\n') continue;
        ++line_;
        line_start_ = i + 1;
      }
      return true;
    } else if (c == '\\' && code_.substr(at, 2) == "\\\n") {
      ++line_;  // a line goes on
      at_ = line_start_ = at + 2;
    } else if (c == ' ' || c == '\t' || c == '\r') {
      ++at_;
    } else {
      if (c == '(' || c == '[' || c == '{') ++open_;
      if ((c == ')' || c == ']' || c == '}') && open_ > 0) --open_;
      return take(TokenKind::symbol, at + 1);
    }
  }
  return false;
}

bool CodeReader::read_line(std::vector<CodeToken>& line) {
  line.clear();
  CodeToken token;
  while (next(token)) {
    if (token.kind == TokenKind::newline) return true;
    line.push_back(token);
  }
  return !line.empty();
}

std::vector<CodeToken> tokenize_code(std::string_view code) {
  std::vector<CodeToken> tokens;
  tokens.reserve(code.size() / 4);
  CodeReader reader(code);
  for (CodeToken token; reader.next(token);) tokens.push_back(token);
  return tokens;
}

}  // namespace bertrt::model
