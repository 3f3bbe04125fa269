#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

#include "tokenizer/tokenizer_config.h"
#include "tokenizer/files/tokenizer_files.h"

// What every family reads alike from JSON files. Internal to the layer: the JSON library must not reach a header that
// another layer includes.
namespace bertrt::tokenizer {

/// Parses; a syntax error becomes Error invalid_format that names the file.
nlohmann::json parse_json(std::string_view bytes, const std::string& where);

/// tokenizer.json's "added_tokens", "post_processor" and "padding"/"truncation" sides into `config`, and the special
/// ids by the names in tokenizer_config.json / special_tokens_map.json (else by the template and the usual spellings).
/// @throws Error invalid_format, unsupported (a post_processor that is none of TemplateProcessing, BertProcessing,
///         RobertaProcessing, ByteLevel, Sequence of those)
void read_common_json(const nlohmann::json& tokenizer_json, const TokenizerFiles& files, const SubwordModel& model,
                      TokenizerConfig& config);

/// Without a tokenizer.json: special and added tokens from tokenizer_config.json ("cls_token", "added_tokens_decoder",
/// …), special_tokens_map.json and added_tokens.json, whichever exist, ids by `model`. `defaults` are the family's own
/// spellings, used where no file names the token.
struct SpecialTokenNames {
  std::string unk, pad, cls, sep, mask;
  std::string bos = {}, eos = {};  ///< "" where the family has none of its own
  bool mask_lstrip = false;        ///< CamemBERT, MPNet: the mask takes the space before it
};
void read_common_config(const TokenizerFiles& files, const SubwordModel& model, const SpecialTokenNames& defaults,
                        TokenizerConfig& config);

/// tokenizer_config.json parsed; an empty object where there is none.
nlohmann::json tokenizer_config_json(const TokenizerFiles& files);

}  // namespace bertrt::tokenizer
