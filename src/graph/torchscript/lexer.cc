#include "graph/torchscript/lexer.h"

#include <algorithm>
#include <array>

#include "graph/torchscript/messages.h"

namespace bertrt::graph::torchscript {
namespace {

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool starts_name(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; }

int hex_value(char c) {
  if (is_digit(c)) return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

}  // namespace

std::string Lexer::where(std::uint32_t line) const { return *entry_ + ':' + std::to_string(line); }

Token Lexer::take(TokenKind kind, std::size_t size) {
  Token token{kind, code_.substr(position_, size), line_, static_cast<std::uint32_t>(position_ - line_start_),
              position_};
  position_ += size;
  line_has_token_ = kind != TokenKind::newline;
  return token;
}

Token Lexer::next() {
  static constexpr std::array<std::string_view, 9> kPairs = {"->", "**", "//", "==", "!=", "<=", ">=", "<<", ">>"};
  static constexpr std::string_view kSymbols = "()[]{}:,.=+-*/%@<>&|^~";
  while (position_ < code_.size()) {
    const char c = code_[position_];
    if (c == '\n') {
      const bool ends = open_ == 0 && line_has_token_;
      const Token token = take(TokenKind::newline, 1);
      ++line_;
      line_start_ = position_;
      if (ends) return token;
    } else if (c == ' ' || c == '\r' || c == '\t') {
      ++position_;
    } else if (c == '#') {
      position_ = std::min(code_.find('\n', position_), code_.size());
    } else if (starts_name(c)) {
      std::size_t size = 1;
      while (position_ + size < code_.size() &&
             (starts_name(code_[position_ + size]) || is_digit(code_[position_ + size]))) {
        ++size;
      }
      return take(TokenKind::name, size);
    } else if (is_digit(c)) {
      TokenKind kind = TokenKind::integer;
      const std::size_t size = number_size(kind);
      return take(kind, size);
    } else if (c == '"' || c == '\'') {
      return take(TokenKind::text, text_size());
    } else {
      const std::string_view two = code_.substr(position_, 2);
      if (std::find(kPairs.begin(), kPairs.end(), two) != kPairs.end()) return take(TokenKind::symbol, 2);
      if (c == '\0' || kSymbols.find(c) == std::string_view::npos) {
        throw malformed(where(line_), "TorchScript code", quoted(code_.substr(position_, 1)));
      }
      if (c == '(' || c == '[' || c == '{') ++open_;
      if ((c == ')' || c == ']' || c == '}') && open_ > 0) --open_;
      return take(TokenKind::symbol, 1);
    }
  }
  if (line_has_token_ && open_ == 0) {
    line_has_token_ = false;
    return {TokenKind::newline, {}, line_, 0, position_};
  }
  return {TokenKind::end, {}, line_, 0, position_};
}

// Digits, a point, an exponent.
std::size_t Lexer::number_size(TokenKind& kind) const {
  const auto digits = [&](std::size_t from) {
    while (from < code_.size() && is_digit(code_[from])) ++from;
    return from;
  };
  std::size_t end = digits(position_);
  if (end < code_.size() && code_[end] == '.') {
    kind = TokenKind::real;
    end = digits(end + 1);
  }
  if (end < code_.size() && (code_[end] == 'e' || code_[end] == 'E')) {
    std::size_t exponent = end + 1;
    if (exponent < code_.size() && (code_[exponent] == '+' || code_[exponent] == '-')) ++exponent;
    const std::size_t last = digits(exponent);
    if (last > exponent) {
      kind = TokenKind::real;
      end = last;
    }
  }
  if (end < code_.size() && starts_name(code_[end])) {
    throw malformed(where(line_), "a number", quoted(code_.substr(position_, end + 1 - position_)));
  }
  return end - position_;
}

std::size_t Lexer::text_size() const {
  const char quote = code_[position_];
  for (std::size_t at = position_ + 1; at < code_.size() && code_[at] != '\n'; ++at) {
    if (code_[at] == '\\') {
      ++at;
    } else if (code_[at] == quote) {
      return at + 1 - position_;
    }
  }
  throw malformed(where(line_), "a text that ends on its line", "none");
}

std::string unescape(const Token& literal, const Lexer& lexer) {
  static constexpr std::string_view kLetters = "abfnrtv\\'\"";
  static constexpr std::string_view kMeanings = "\a\b\f\n\r\t\v\\'\"";
  const std::string_view body = literal.text.substr(1, literal.text.size() - 2);
  std::string result;
  result.reserve(body.size());
  for (std::size_t i = 0; i < body.size(); ++i) {
    if (body[i] != '\\') {
      result += body[i];
      continue;
    }
    const char c = body[++i];  // the lexer saw to it that there is one
    const std::size_t known = kLetters.find(c);
    if (known != std::string_view::npos) {
      result += kMeanings[known];
    } else if (c == 'x' && i + 2 < body.size() && hex_value(body[i + 1]) >= 0 && hex_value(body[i + 2]) >= 0) {
      result += static_cast<char>(hex_value(body[i + 1]) * 16 + hex_value(body[i + 2]));
      i += 2;
    } else if (c >= '0' && c <= '7') {
      int value = 0;
      std::size_t end = i;
      while (end < body.size() && end < i + 3 && body[end] >= '0' && body[end] <= '7')
        value = value * 8 + body[end++] - '0';
      if (value > 0xFF) throw malformed(lexer.where(literal.line), "an escape of one byte", "a larger one");
      result += static_cast<char>(value);
      i = end - 1;
    } else {
      throw malformed(lexer.where(literal.line), "an escape that TorchScript writes", "\\" + printable({&c, 1}));
    }
  }
  return result;
}

}  // namespace bertrt::graph::torchscript
