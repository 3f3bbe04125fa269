#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "tokenizer/files/json_number.h"

namespace bertrt::tokenizer {

/// Walks through JSON without building a tree: a vocabulary of 50,000 entries costs one pass over its bytes.
///
/// Reads what is asked for and skips the rest. Every fault is an Error invalid_format that names the file and the byte.
class JsonCursor {
 public:
  /// `bytes` must outlive the cursor; `where` names the file in messages.
  JsonCursor(std::string_view bytes, std::string where) : bytes_(bytes), where_(std::move(where)) {}

  /// Steps into an object or an array. Follow with next_key() or next_element() until they give false.
  void enter_object() { expect('{'); }
  void enter_array() { expect('['); }
  /// The next member's key, the cursor before its value; false after the last, the object then left behind.
  bool next_key(std::string& key);
  /// False after the last element, the array then left behind.
  bool next_element();

  /// The string here, unescaped, into `value`.
  void read_string(std::string& value);
  /// @param reader  how the digits are rounded
  double read_number(JsonReader reader);
  std::int64_t read_integer();
  /// Steps over any value and gives its bytes.
  std::string_view skip_value();

  /// The next value's first byte, without a step: '{' '[' '"' 't' 'f' 'n' or a number's.
  char peek();
  /// Only white space is left.
  bool at_end();
  [[noreturn]] void fail(std::string expected) const;
  /// For a member that nobody knows; the cursor stands before its value. @throws Error unsupported that names it
  [[noreturn]] void refuse_key(const std::string& key);
  bool read_flag();
  /// The same; null gives `fallback`.
  bool read_flag(bool fallback);

 private:
  void skip_space() noexcept;
  void expect(char c);
  void skip_quotes_and_brackets();
  unsigned read_hex4();
  void read_escape(std::string& value);

  std::string_view bytes_;
  std::string where_;
  std::size_t at_ = 0;
  bool first_ = false;  ///< the next member or element is the first one: no comma before it
};

}  // namespace bertrt::tokenizer
