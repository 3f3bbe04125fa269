#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

namespace bertrt::tokenizer {

/// tokenizer.json in two parts, so that no tree of 50,000 entries is built when it is loaded: what is large and read by
/// a family's own reader, and the small rest.
struct TokenizerJsonParts {
  std::string where;       ///< the file's name for messages
  std::string_view model;  ///< the member "model" as it stands in the file, whose bytes must outlive this
  nlohmann::json rest;     ///< the file with {} in its place
};

/// @throws Error invalid_format
TokenizerJsonParts split_tokenizer_json(std::string_view bytes, const std::string& where);

}  // namespace bertrt::tokenizer
