#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <variant>

#include "tokenizer/bpe/bpe_words.h"
#include "tokenizer/files/json_number.h"
#include "tokenizer/pipeline_model.h"
#include "tokenizer/subword_vocab.h"
#include "tokenizer/unigram/unigram_words.h"
#include "tokenizer/wordpiece/wordpiece_words.h"

namespace bertrt::tokenizer {

struct WordPieceFiles {
  WordPieceVocab vocab;
  WordPieceWords::Options options;
};

struct WordLevelFiles {
  SubwordVocab vocab;
  std::string unk_token = "<unk>";
};

/// A model as its files have it, before it is built.
using ModelSpec = std::variant<WordPieceFiles, BpeSpec, UnigramPieces, WordLevelFiles>;

/// tokenizer.json's "model". Old files do not say its type: then by its keys, as Hugging Face does it.
/// @param reader  of the scores of a unigram model
/// @throws Error invalid_format, unsupported (a type or a key that is not known, dropout)
ModelSpec read_model(std::string_view model, const std::string& where, JsonReader reader);

/// vocab.txt: a token a line, without white space at its end. @throws Error invalid_format
void read_vocab_txt(std::string_view bytes, const std::string& where, WordPieceVocab& vocab);

/// The model behind its stages: fused where they are those of a family, else one stage after the other.
/// @throws Error invalid_format
std::unique_ptr<SubwordModel> build_model(ModelSpec spec, const std::shared_ptr<const Stages>& stages,
                                          const std::string& where);

}  // namespace bertrt::tokenizer
