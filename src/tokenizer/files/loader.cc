#include <nlohmann/json.hpp>

#include "bertrt/error.h"
#include "tokenizer/files/tokenizer_files.h"
#include "tokenizer/files/tokenizer_json.h"
#include "tokenizer/hub/folder_loader.h"

namespace bertrt::tokenizer {

LoadedTokenizer load_tokenizer(const TokenizerFiles& files) {
  try {
    if (files.is_lone_json())
      return read_tokenizer_json(split_tokenizer_json(*files.find("tokenizer.json"), files.where("tokenizer.json")));
    return load_folder(files);
  } catch (const nlohmann::json::exception& error) {
    throw Error(ErrorCode::invalid_format, files.names(), "a tokenizer's settings", error.what());
  }
}

}  // namespace bertrt::tokenizer
