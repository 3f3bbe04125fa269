#include <nlohmann/json.hpp>

#include "bertrt/error.h"
#include "tokenizer/files/tokenizer_files.h"
#include "tokenizer/files/tokenizer_json.h"

namespace bertrt::tokenizer {

LoadedTokenizer load_tokenizer(const TokenizerFiles& files) {
  try {
    return read_tokenizer_json(*files.find("tokenizer.json"), files.where("tokenizer.json"));
  } catch (const nlohmann::json::exception& error) {
    throw Error(ErrorCode::invalid_format, files.names(), "a tokenizer's settings", error.what());
  }
}

}  // namespace bertrt::tokenizer
