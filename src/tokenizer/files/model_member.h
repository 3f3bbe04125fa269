#pragma once

#include <string>
#include <string_view>

namespace bertrt::tokenizer {

/// tokenizer.json in two parts: what is large and read by a family's own reader, and the small rest.
struct TokenizerJsonParts {
  std::string_view model;  ///< the member "model" as it stands in the file
  std::string rest;        ///< the file with {} in its place
};

/// Cuts tokenizer.json, so that no tree of 50,000 entries is built when it is loaded. @throws Error invalid_format
TokenizerJsonParts split_tokenizer_json(std::string_view bytes, const std::string& where);

}  // namespace bertrt::tokenizer
