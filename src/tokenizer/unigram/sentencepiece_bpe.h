#pragma once

#include <span>
#include <string>

#include "tokenizer/bpe/bpe_words.h"
#include "tokenizer/unigram/sentencepiece_model.h"

namespace bertrt::tokenizer {

/// A sentencepiece model as a byte-pair encoding: the file has no merges, so each two pieces that make a third are one,
/// in the order of the third's id and then of the first's length. What is left to the class: unknown token, fallback to
/// bytes.
/// @param names  of the pieces, by id: the model's, some perhaps renamed
/// @throws Error invalid_format with `where`: a renamed piece that a merge needs, or pieces of extreme length
BpeSpec sentencepiece_bpe(std::span<const std::string> names, const SentencePieceModel& model,
                          const std::string& where);

}  // namespace bertrt::tokenizer
