#include "tokenizer/files/tokenizer_json.h"

#include <utility>

#include "base/json.h"
#include "bertrt/error.h"
#include "tokenizer/files/json_part.h"
#include "tokenizer/files/model_spec.h"
#include "tokenizer/files/stages_json.h"

namespace bertrt::tokenizer {
namespace {

using nlohmann::json;

const json& member(const json& document, const char* key) {
  static const json kNull;
  return document.contains(key) ? document[key] : kNull;
}

Side read_side(const JsonPart& part) {
  const std::string side = part.text("direction");
  if (side != "Left" && side != "Right") part.refuse("direction", "Left or Right");
  return side == "Left" ? Side::left : Side::right;
}

/// "BatchLongest" or {"Fixed": 9}.
void check_padding_strategy(const JsonPart& padding) {
  if (!padding.at("strategy").is_object()) {
    if (padding.text("strategy") != "BatchLongest") padding.refuse("strategy", "BatchLongest or Fixed");
    return;
  }
  const JsonPart strategy = padding.part("strategy");
  strategy.allow({"Fixed"});
  strategy.count("Fixed");
}

void take_sections(const JsonPart& document, const WordModel& model, TokenizerConfig& config) {
  if (const auto truncation = read_truncation(document)) {
    config.truncation_side = truncation->side;
    config.model_max_length = truncation->max_length;
  }
  const auto padding = read_padding(document);
  if (!padding) return;
  config.padding_side = padding->side;
  config.special.pad = config.pad_id = padding->id;
  config.pad_type_id = padding->type_id;
  const std::string& token = padding->token;
  if (config.added.find(token).value_or(model.token_to_id(token).value_or(padding->id)) != padding->id) {
    throw Error(ErrorCode::unsupported, document.where() + ".padding", "a pad_id that is its pad_token's",
                std::to_string(padding->id) + " for \"" + token + "\"");
  }
}

}  // namespace

void check_members(const JsonPart& document) {
  document.allow({"version", "truncation", "padding", "added_tokens", "normalizer", "pre_tokenizer", "post_processor",
                  "decoder", "model"});
  if (document.has("type")) document.refuse("type", "no type");
  if (document.has("version") && document.text("version") != "1.0") document.refuse("version", "1.0");
}

std::optional<TruncationSection> read_truncation(const JsonPart& document) {
  if (!document.is_set("truncation")) return std::nullopt;
  const JsonPart part = document.part("truncation");
  part.allow({"direction", "max_length", "strategy", "stride"});
  const std::string strategy = part.text("strategy");
  if (strategy != "LongestFirst" && strategy != "OnlyFirst" && strategy != "OnlySecond") {
    part.refuse("strategy", "LongestFirst, OnlyFirst or OnlySecond");
  }
  part.count("stride");
  return TruncationSection{part.has("direction") ? read_side(part) : Side::right, part.count("max_length")};
}

std::optional<PaddingSection> read_padding(const JsonPart& document) {
  if (!document.is_set("padding")) return std::nullopt;
  const JsonPart part = document.part("padding");
  part.allow({"strategy", "direction", "pad_to_multiple_of", "pad_id", "pad_type_id", "pad_token"});
  check_padding_strategy(part);
  if (part.is_set("pad_to_multiple_of")) part.count("pad_to_multiple_of");
  return PaddingSection{read_side(part), part.id("pad_id"), part.id("pad_type_id"), part.text("pad_token")};
}

std::vector<AddedToken> read_added_tokens(const JsonPart& document) {
  std::vector<AddedToken> tokens;
  if (!document.has("added_tokens")) return tokens;
  document.each("added_tokens", [&](const json& value, const std::string& place) {
    const JsonPart token(value, place);
    token.allow({"id", "content", "single_word", "lstrip", "rstrip", "normalized", "special"});
    token.id("id");
    tokens.push_back({token.text("content"), token.flag("single_word"), token.flag("lstrip"), token.flag("rstrip"),
                      token.flag("normalized"), token.flag("special")});
  });
  return tokens;
}

LoadedTokenizer read_tokenizer_json(const TokenizerJsonParts& file) {
  const std::string& where = file.where;
  const json& rest = file.rest;
  const JsonPart document(rest, where);
  check_members(document);
  auto stages = std::make_shared<Stages>();
  stages->normalizer = read_normalizer(member(rest, "normalizer"), where + ": normalizer");
  stages->pre_tokenizer = read_pre_tokenizer(member(rest, "pre_tokenizer"), where + ": pre_tokenizer");
  LoadedTokenizer loaded;
  loaded.stages = stages;
  TokenizerConfig& config = loaded.config;
  config.decoder = read_decoder(member(rest, "decoder"), where + ": decoder");
  config.post_processors = read_post_processor(member(rest, "post_processor"), where + ": post_processor");
  loaded.model =
      build_model(read_model(file.model, where + ": model", JsonReader::tokenizers), loaded.stages, where + ": model");
  const WordModel& words = loaded.model->words();
  const std::vector<AddedToken> tokens = read_added_tokens(document);
  config.added.add(tokens, words, stages->normalizer);
  config.added.finish(where + ": added_tokens");
  for (const AddedToken& token : tokens) {
    if (token.special) loaded.model->mark_special(token.content);
  }
  const auto usual = [&](std::initializer_list<const char*> names) {
    for (const char* name : names) {
      if (const auto id = config.added.find(name)) return *id;
      if (const auto id = words.token_to_id(name)) return *id;
    }
    return -1;
  };
  config.special = {.unk = usual({"[UNK]", "<unk>"}),
                    .pad = usual({"[PAD]", "<pad>"}),
                    .cls = usual({"[CLS]", "<s>"}),
                    .sep = usual({"[SEP]", "</s>"}),
                    .mask = usual({"[MASK]", "<mask>"})};
  config.pad_id = config.special.pad;
  take_sections(document, words, config);
  // Such a file names no token: what goes by a usual name is taken for one.
  const SpecialTokenIds& special = config.special;
  config.all_special = {special.unk, special.pad, special.cls, special.sep, special.mask};
  std::erase(config.all_special, -1);
  return loaded;
}

}  // namespace bertrt::tokenizer
