#include <nlohmann/json.hpp>

#include "bertrt/error.h"
#include "tokenizer/files/json_cursor.h"
#include "tokenizer/files/model_member.h"
#include "tokenizer/files/tokenizer_files.h"
#include "tokenizer/files/tokenizer_json.h"

namespace bertrt::tokenizer {
namespace {

/// Which family a tokenizer.json's "model" is of. Files of old versions do not say: then by its keys.
std::string family_of(const TokenizerFiles& files) {
  const std::string where = files.where("tokenizer.json");
  JsonCursor model(split_tokenizer_json(*files.find("tokenizer.json"), where).model, where);
  std::string type = "Unigram";
  std::string key;
  model.enter_object();
  while (model.next_key(key)) {
    if (key == "type") {
      model.read_string(type);
      return type;
    }
    if (key == "merges") type = "BPE";
    if (key == "max_input_chars_per_word") type = "WordPiece";
    model.skip_value();
  }
  return type;
}

LoadedTokenizer load_family(const TokenizerFiles& files) {
  if (files.has("tokenizer.json")) {
    const std::string type = family_of(files);
    if (type == "WordPiece") return load_wordpiece(files);
    if (type == "BPE") return load_bpe(files);
    if (type == "Unigram") return load_unigram(files);
    throw Error(ErrorCode::unsupported, files.where("tokenizer.json"), "a model WordPiece, BPE or Unigram", type);
  }
  if (files.has("vocab.txt")) return load_wordpiece(files);
  if (files.has("spiece.model") || files.has("sentencepiece.bpe.model") || files.has("spm.model")) {
    return load_unigram(files);
  }
  if (files.has("vocab.json") && files.has("merges.txt")) return load_bpe(files);
  throw Error(ErrorCode::unsupported, "tokenizer",
              "tokenizer.json, vocab.txt, a sentencepiece model, or vocab.json and merges.txt", files.names());
}

}  // namespace

LoadedTokenizer load_tokenizer(const TokenizerFiles& files) {
  try {
    return load_family(files);
  } catch (const nlohmann::json::exception& error) {
    throw Error(ErrorCode::invalid_format, files.names(), "a tokenizer's settings", error.what());
  }
}

}  // namespace bertrt::tokenizer
