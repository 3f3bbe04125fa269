#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "tokenizer/files/tokenizer_json_parts.h"
#include "tokenizer/tokenizer_config.h"

namespace bertrt::tokenizer {

class JsonPart;

/// tokenizer.json's "added_tokens"; their ids are not kept: Hugging Face gives them out anew.
std::vector<AddedToken> read_added_tokens(const JsonPart& document);

/// A tokenizer.json as it stands, as Hugging Face's Tokenizer.from_file takes it. Lengths of its truncation and padding
/// sections are the caller's to choose; sides, pad token and types are taken.
/// @throws Error invalid_format, unsupported
LoadedTokenizer read_tokenizer_json(const TokenizerJsonParts& file);

}  // namespace bertrt::tokenizer
