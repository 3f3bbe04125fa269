#include "tokenizer/files/json_cursor.h"

#include <charconv>

#include "bertrt/error.h"
#include "text/utf8.h"

namespace bertrt::tokenizer {

void JsonCursor::fail(std::string expected) const {
  std::string found = at_ < bytes_.size() ? "'" + std::string(1, bytes_[at_]) + "'" : std::string("the end");
  throw Error(ErrorCode::invalid_format, where_ + ", byte " + std::to_string(at_), std::move(expected),
              std::move(found));
}

void JsonCursor::refuse_key(const std::string& key) {
  std::string value(skip_value());
  if (value.size() > 60) value.resize(60);
  throw Error(ErrorCode::unsupported, where_, "settings that are known", "\"" + key + "\": " + value);
}

bool JsonCursor::read_flag() {
  const char first = peek();
  if (first != 't' && first != 'f') fail("true or false");
  const std::string_view value = skip_value();
  if (value != "true" && value != "false") fail("true or false");
  return value == "true";
}

bool JsonCursor::read_flag(bool fallback) {
  if (peek() != 'n') return read_flag();
  if (skip_value() != "null") fail("true or false");
  return fallback;
}

void JsonCursor::skip_space() noexcept {
  while (at_ < bytes_.size()) {
    const char c = bytes_[at_];
    if (c != ' ' && c != '\n' && c != '\t' && c != '\r') return;
    ++at_;
  }
}

void JsonCursor::expect(char c) {
  skip_space();
  if (at_ >= bytes_.size() || bytes_[at_] != c) fail("'" + std::string(1, c) + "'");
  ++at_;
  first_ = c == '{' || c == '[';
}

char JsonCursor::peek() {
  skip_space();
  if (at_ >= bytes_.size()) fail("a value");
  return bytes_[at_];
}

bool JsonCursor::at_end() {
  skip_space();
  return at_ >= bytes_.size();
}

bool JsonCursor::next_key(std::string& key) {
  skip_space();
  if (at_ < bytes_.size() && bytes_[at_] == '}') {
    ++at_;
    first_ = false;
    return false;
  }
  if (!first_) expect(',');
  first_ = false;
  if (peek() != '"') fail("a key");
  read_string(key);
  expect(':');
  return true;
}

bool JsonCursor::next_element() {
  skip_space();
  if (at_ < bytes_.size() && bytes_[at_] == ']') {
    ++at_;
    first_ = false;
    return false;
  }
  if (!first_) expect(',');
  first_ = false;
  return true;
}

unsigned JsonCursor::read_hex4() {
  unsigned value = 0;
  for (int i = 0; i < 4; ++i, ++at_) {
    const char c = at_ < bytes_.size() ? bytes_[at_] : '\0';
    unsigned digit = 0;
    if (c >= '0' && c <= '9') {
      digit = static_cast<unsigned>(c - '0');
    } else if (c >= 'a' && c <= 'f') {
      digit = static_cast<unsigned>(c - 'a') + 10;
    } else if (c >= 'A' && c <= 'F') {
      digit = static_cast<unsigned>(c - 'A') + 10;
    } else {
      fail("four hexadecimal digits");
    }
    value = value * 16 + digit;
  }
  return value;
}

void JsonCursor::read_escape(std::string& value) {
  const char c = at_ < bytes_.size() ? bytes_[at_++] : '\0';
  switch (c) {
    case '"':
    case '\\':
    case '/': value.push_back(c); return;
    case 'b': value.push_back('\b'); return;
    case 'f': value.push_back('\f'); return;
    case 'n': value.push_back('\n'); return;
    case 'r': value.push_back('\r'); return;
    case 't': value.push_back('\t'); return;
    case 'u': break;
    default: fail("an escape");
  }
  char32_t code_point = read_hex4();
  if (code_point >= 0xD800 && code_point < 0xDC00) {
    if (at_ + 1 >= bytes_.size() || bytes_[at_] != '\\' || bytes_[at_ + 1] != 'u') fail("the second half of a pair");
    at_ += 2;
    const unsigned low = read_hex4();
    if (low < 0xDC00 || low > 0xDFFF) fail("the second half of a pair");
    code_point = 0x10000 + ((code_point - 0xD800) << 10U) + (low - 0xDC00);
  } else if (code_point >= 0xDC00 && code_point < 0xE000) {
    fail("a scalar value");
  }
  text::append_utf8(code_point, value);
}

void JsonCursor::read_string(std::string& value) {
  if (peek() != '"') fail("a string");
  ++at_;
  value.clear();
  while (true) {
    std::size_t end = at_;
    while (end < bytes_.size() && bytes_[end] != '"' && bytes_[end] != '\\') ++end;
    value.append(bytes_.substr(at_, end - at_));
    at_ = end;
    if (at_ >= bytes_.size()) fail("the end of a string");
    if (bytes_[at_++] == '"') return;
    read_escape(value);
  }
}

double JsonCursor::read_number(JsonReader reader) {
  peek();
  const JsonNumber number = read_json_number(bytes_.substr(at_), reader);
  if (number.size == 0) fail("a number");
  at_ += number.size;
  return number.value;
}

std::int64_t JsonCursor::read_integer() {
  // from_chars would also take "007", which JSON does not have.
  const auto is_digit = [&](std::size_t at) { return at < bytes_.size() && bytes_[at] >= '0' && bytes_[at] <= '9'; };
  peek();
  const std::size_t first = at_ + (bytes_[at_] == '-' ? 1 : 0);
  if (!is_digit(first) || (bytes_[first] == '0' && is_digit(first + 1))) fail("an integer");
  std::int64_t value = 0;
  const char* begin = bytes_.data() + at_;
  const auto result = std::from_chars(begin, bytes_.data() + bytes_.size(), value);
  // "-0" is a number that is no integer to Hugging Face's reader.
  if (result.ec != std::errc{} || (value == 0 && *begin == '-')) fail("an integer");
  at_ += static_cast<std::size_t>(result.ptr - begin);
  return value;
}

// A vocabulary is skipped as a whole: ten times as many bytes as are read else. Hence the place in a local variable.
void JsonCursor::skip_quotes_and_brackets() {
  std::size_t depth = 0;
  bool quoted = false;
  for (std::size_t at = at_; at < bytes_.size(); ++at) {
    const char c = bytes_[at];
    if (c == '"') {
      quoted = !quoted;
    } else if (quoted) {
      if (c == '\\') ++at;
      continue;
    } else if (c == '{' || c == '[') {
      ++depth;
    } else if (c == '}' || c == ']') {
      --depth;
    } else {
      continue;
    }
    if (depth == 0 && !quoted) {
      at_ = at + 1;
      return;
    }
  }
  at_ = bytes_.size();
  fail(quoted ? "the end of a string" : "the end of a value");
}

// What is skipped is only matched by its brackets and quotes; whoever reads it later checks it.
std::string_view JsonCursor::skip_value() {
  const char first = peek();
  const std::size_t begin = at_;
  if (first == '"' || first == '{' || first == '[') {
    skip_quotes_and_brackets();
  } else {
    while (at_ < bytes_.size() && std::string_view(" \n\t\r,:]}[{\"").find(bytes_[at_]) == std::string_view::npos)
      ++at_;
    if (at_ == begin) fail("a value");
  }
  return bytes_.substr(begin, at_ - begin);
}

}  // namespace bertrt::tokenizer
