#pragma once

#include <string>
#include <string_view>

#include "tokenizer/files/json_number.h"
#include "tokenizer/unigram/unigram_words.h"

namespace bertrt::tokenizer {

/// tokenizer.json's "model" of type Unigram. @param reader  of the scores
/// @throws Error invalid_format, unsupported (a key that is not known)
void read_unigram_json(std::string_view model, const std::string& where, JsonReader reader, UnigramPieces& pieces);

}  // namespace bertrt::tokenizer
