#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "tokenizer/decoders/decoder.h"
#include "tokenizer/normalizers/normalizer.h"
#include "tokenizer/pre_tokenizers/pre_tokenizer.h"
#include "tokenizer/templates/post_processor.h"

// Readers of tokenizer.json's stages. null stands for none. All throw Error invalid_format or unsupported that names
// the place in the file: a type, a key or a value that is not known is never passed over. Internal to the layer.
namespace bertrt::tokenizer {

Normalizer read_normalizer(const nlohmann::json& part, const std::string& where);
PreTokenizer read_pre_tokenizer(const nlohmann::json& part, const std::string& where);
Decoder read_decoder(const nlohmann::json& part, const std::string& where);
PostProcessors read_post_processor(const nlohmann::json& part, const std::string& where);

}  // namespace bertrt::tokenizer
