#pragma once

#include <cstddef>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <vector>

namespace bertrt::base {

/// How much of a document is read before it is called too much.
struct JsonLimits {
  std::size_t depth = 64;                      ///< of objects and lists in each other
  std::size_t bytes = std::size_t{128} << 20;  ///< of the text
  std::size_t elements =
      std::size_t{6} << 20;  ///< values of all kinds; a tokenizer of a million words has some three million
};

/// A whole JSON document. Everything that comes from a file is read by this one function: without recursion, within
/// limits, and strictly: no key twice in an object (readers differ in which they take), no invalid UTF-8, no number
/// that a double cannot hold, nothing behind the document.
/// @param where  for messages: the file and entry. @throws Error invalid_format, unsupported (over a limit)
nlohmann::json parse_json(std::string_view text, const std::string& where, const JsonLimits& limits = {});

/// The keys of a document's object, or of the object that its `member` is, in the order of the text, which a
/// nlohmann::json does not keep. Empty where there is no such object, and for a text that parse_json() refuses.
std::vector<std::string> json_keys_in_order(std::string_view text, std::string_view member = {});

}  // namespace bertrt::base
