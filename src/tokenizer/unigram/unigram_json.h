#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

#include "tokenizer/unigram/unigram_model.h"

// tokenizer.json's parts of a unigram tokenizer. Internal to the layer, like tokenizer_json.h.
namespace bertrt::tokenizer {

/// The member "model": pieces with their scores, unk_id, byte_fallback. @throws Error invalid_format, unsupported
void read_unigram_model(std::string_view model, const std::string& where, UnigramSpec& spec);

/// "normalizer", "pre_tokenizer" and "decoder". What cannot be done exactly is an Error unsupported that names it.
void read_unigram_pipeline(const nlohmann::json& tokenizer_json, const std::string& where, UnigramSpec& spec);

}  // namespace bertrt::tokenizer
