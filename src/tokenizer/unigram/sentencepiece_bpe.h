#pragma once

#include <span>
#include <string>

#include "tokenizer/bpe/bpe_words.h"
#include "tokenizer/unigram/sentencepiece_model.h"

namespace bertrt::tokenizer {

/// How the merges that a sentencepiece model stands for are ranked.
enum class MergeOrder {
  by_id,     ///< of all pieces, by the id of what they make
  by_score,  ///< of normal pieces alone, by the score of what they make and then by its id, as sentencepiece does it
};

/// A sentencepiece model as a byte-pair encoding: the file has no merges, so each two pieces that make a third are one.
/// Of those that make the same one the one with the shortest first piece goes first. What is left to the class: unknown
/// token, fallback to bytes.
/// @param names  of the pieces, by id: the model's, some perhaps renamed
/// @throws Error invalid_format with `where`: pieces of extreme length
BpeSpec sentencepiece_bpe(std::span<const std::string> names, const SentencePieceModel& model, MergeOrder order,
                          const std::string& where);

}  // namespace bertrt::tokenizer
