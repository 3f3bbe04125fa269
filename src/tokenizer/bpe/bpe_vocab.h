#pragma once

#include <string>
#include <string_view>

#include "tokenizer/bpe/bpe_merges.h"
#include "tokenizer/bpe/bpe_words.h"
#include "tokenizer/subword_vocab.h"

namespace bertrt::tokenizer {

// Readers of a BPE's files. All throw Error invalid_format that names `where`.

/// vocab.json: {"token": id, …}.
void read_vocab_json(std::string_view bytes, const std::string& where, SubwordVocab& vocab);

/// merges.txt: "left right" a line, by rank, after an optional "#version" line.
void read_merges_txt(std::string_view bytes, const std::string& where, const SubwordVocab& vocab, BpeMerges& merges);

/// tokenizer.json's "model" of type BPE: vocabulary, merges and its options. @throws also Error unsupported (dropout, a
/// key that is not known)
void read_bpe_json(std::string_view model, const std::string& where, BpeSpec& spec);

}  // namespace bertrt::tokenizer
