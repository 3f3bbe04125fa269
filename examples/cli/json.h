#pragma once

#include <concepts>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>

namespace bertrt::cli {

/// Writes one JSON value into a string, member by member and with no tree in between: outputs are large arrays.
/// Floats come in the shortest form that reads back exactly; invalid UTF-8 as U+FFFD; numbers that JSON lacks as "inf",
/// "-inf" and "nan".
class JsonWriter {
 public:
  explicit JsonWriter(std::string& out) : out_(out) {}

  JsonWriter& begin_object() { return open('{'); }
  JsonWriter& end_object() { return close('}'); }
  JsonWriter& begin_array() { return open('['); }
  JsonWriter& end_array() { return close(']'); }

  JsonWriter& key(std::string_view name);
  JsonWriter& null();
  JsonWriter& value(std::string_view text);
  JsonWriter& value(const char* text) { return value(std::string_view(text)); }
  JsonWriter& value(const std::string& text) { return value(std::string_view(text)); }
  JsonWriter& value(bool flag);
  JsonWriter& value(float number);
  JsonWriter& value(double number);
  template <std::integral T>
  JsonWriter& value(T number) {
    if constexpr (std::is_signed_v<T>) return integer(static_cast<std::int64_t>(number));
    return unsigned_integer(static_cast<std::uint64_t>(number));
  }
  template <class T>
  JsonWriter& array(std::span<const T> values) {
    begin_array();
    for (const T& item : values) value(item);
    return end_array();
  }

 private:
  JsonWriter& open(char bracket);
  JsonWriter& close(char bracket);
  JsonWriter& not_finite(double number);
  JsonWriter& integer(std::int64_t number);
  JsonWriter& unsigned_integer(std::uint64_t number);
  void separate();

  std::string& out_;
  bool comma_ = false;
};

}  // namespace bertrt::cli
