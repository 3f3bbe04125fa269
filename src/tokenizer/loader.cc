#include <nlohmann/json.hpp>

#include "bertrt/error.h"
#include "tokenizer/tokenizer_files.h"
#include "tokenizer/tokenizer_json.h"

namespace bertrt::tokenizer {
namespace {

/// Which family a tokenizer.json's "model" is of. Files of old versions do not say: then by its keys.
std::string model_type(const nlohmann::json& model) {
  if (model.contains("type")) return model["type"].get<std::string>();
  if (model.contains("merges")) return "BPE";
  return model.contains("max_input_chars_per_word") ? "WordPiece" : "Unigram";
}

/// The family without building the whole document twice: everything but the model's small members is left out.
std::string family_of(const TokenizerFiles& files) {
  const std::string where = files.where("tokenizer.json");
  // "vocab" and "merges" are skipped while parsing (their keys stay), which makes this pass cheap.
  const auto skip_large = [](int depth, nlohmann::json::parse_event_t event, nlohmann::json& value) {
    using Event = nlohmann::json::parse_event_t;
    if (depth == 1 && event == Event::key) return value == "model";
    return depth < 3 || event == Event::key;
  };
  nlohmann::json document;
  try {
    document = nlohmann::json::parse(*files.find("tokenizer.json"), skip_large);
    return model_type(document.at("model"));
  } catch (const nlohmann::json::exception& error) {
    throw Error(ErrorCode::invalid_format, where, "JSON with a \"model\"", error.what());
  }
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
