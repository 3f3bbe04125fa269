#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "bertrt/tokenizer.h"
#include "tokenizer/added_vocabulary.h"
#include "tokenizer/decoders/decoder.h"
#include "tokenizer/pipeline_model.h"
#include "tokenizer/subword_model.h"
#include "tokenizer/templates/post_processor.h"

namespace bertrt::tokenizer {

enum class Side { right, left };

/// Everything about a tokenizer that is not its SubwordModel.
struct TokenizerConfig {
  AddedVocabulary added;
  PostProcessors post_processors;
  Decoder decoder;
  SpecialTokenIds special;
  /// What transformers calls all_special_ids: of all named and all further special tokens. Not the same as the added
  /// tokens that are special: a file may add "[END]" as one and name it nowhere.
  std::vector<std::int32_t> all_special;
  Side padding_side = Side::right;
  Side truncation_side = Side::right;
  std::int32_t pad_id = -1;  ///< what encode() pads with; -1: the files name no pad token, whatever the vocabulary has
  std::int32_t pad_type_id = 0;
  bool clean_up_spaces = false;      ///< decode() cleans the text up, as transformers' clean_up_tokenization
  std::string word_end;              ///< CLIP: a mark that decode() makes a space of, and takes spaces off the ends
  std::size_t model_max_length = 0;  ///< tokenizer_config.json's, or a lone tokenizer.json's truncation; 0: neither
  /// Written in Python: no normalizer can be put in front, and a pair of texts is not cut token by token from the
  /// longer one, since what Python tokenizers leave is not Hugging Face's own.
  bool is_python = false;
  /// Whether the types go to the model, too: what transformers calls model_input_names. Where not, a model counts all
  /// tokens as of type 0, whatever the tokenizer says of them.
  bool types_are_input = true;
  bool split_special_tokens = false;  ///< special tokens written in the text are plain text, whatever the caller says
};

/// What is loaded from files.
struct LoadedTokenizer {
  std::shared_ptr<SubwordModel> model;
  std::shared_ptr<const Stages> stages;  ///< the model's stages, one by one: what word ids are counted with
  TokenizerConfig config;
};

}  // namespace bertrt::tokenizer
