#pragma once

#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>

#include "text/precompiled.h"
#include "tokenizer/templates/post_processor.h"
#include "tokenizer/tokenizer_config.h"

// Internal to the layer: the JSON library must not reach a header that another layer includes.
namespace bertrt::tokenizer {

/// tokenizer.json's stages that a class takes over: its post-processor, its sides, and a sentencepiece normalizer.
struct FileStages {
  PostProcessors post_processors;
  bool has_post_processor = false;
  std::shared_ptr<const text::Precompiled> charsmap;
  std::optional<Side> padding_side;
  std::optional<Side> truncation_side;
  std::string pad_token;
};

/// Of a tokenizer.json without its model. @throws Error invalid_format, unsupported
FileStages read_file_stages(const nlohmann::json& rest, const std::string& where);

}  // namespace bertrt::tokenizer
