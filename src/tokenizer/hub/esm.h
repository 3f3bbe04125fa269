#pragma once

#include <string>
#include <string_view>

#include "tokenizer/hub/named_tokens.h"
#include "tokenizer/hub/settings.h"
#include "tokenizer/tokenizer_config.h"

namespace bertrt::tokenizer {

/// transformers' EsmTokenizer, which is written in Python: every entry of vocab.txt is found in the text wherever it
/// stands, the longest at a place; what lies between is cut at white space, and each piece is unknown.
/// @param tokens  the named special tokens, which it fills
/// @throws Error invalid_format, unsupported
LoadedTokenizer load_esm(std::string_view vocab, const std::string& where, const Settings& settings,
                         NamedTokens& tokens);

}  // namespace bertrt::tokenizer
