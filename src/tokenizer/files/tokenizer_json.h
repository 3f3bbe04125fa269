#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "tokenizer/files/tokenizer_json_parts.h"
#include "tokenizer/tokenizer_config.h"

namespace bertrt::tokenizer {

class JsonPart;

/// The names of what the whole has, and its version. @throws Error invalid_format, unsupported
void check_members(const JsonPart& document);

// tokenizer.json's sections that its caller's options stand for: what is taken of them. nullopt where there is none.
// Both throw Error invalid_format or unsupported, as the stages' readers.
struct TruncationSection {
  Side side;
  std::size_t max_length;
};
std::optional<TruncationSection> read_truncation(const JsonPart& document);

struct PaddingSection {
  Side side;
  std::int32_t id;
  std::int32_t type_id;
  std::string token;
};
std::optional<PaddingSection> read_padding(const JsonPart& document);

/// tokenizer.json's "added_tokens"; their ids are not kept: Hugging Face gives them out anew.
std::vector<AddedToken> read_added_tokens(const JsonPart& document);

/// A tokenizer.json as it stands, as Hugging Face's Tokenizer.from_file takes it. Lengths of its truncation and padding
/// sections are the caller's to choose; sides, pad token and types are taken.
/// @throws Error invalid_format, unsupported
LoadedTokenizer read_tokenizer_json(const TokenizerJsonParts& file);

}  // namespace bertrt::tokenizer
