#include "tokenizer/files/tokenizer_json.h"

#include "bertrt/error.h"

namespace bertrt::tokenizer {
namespace {

using nlohmann::json;
using Kind = TemplatePiece::Kind;

AddedToken added_token(const json& value) {
  AddedToken token;
  token.content = value.at("content").get<std::string>();
  token.id = value.value("id", -1);
  token.single_word = value.value("single_word", false);
  token.lstrip = value.value("lstrip", false);
  token.rstrip = value.value("rstrip", false);
  token.special = value.value("special", false);
  token.normalized = value.value("normalized", !token.special);
  return token;
}

std::vector<TemplatePiece> template_pieces(const json& steps, const json& special_tokens) {
  std::vector<TemplatePiece> pieces;
  for (const json& step : steps) {
    if (step.contains("Sequence")) {
      const json& sequence = step["Sequence"];
      const bool is_first = sequence.at("id").get<std::string>() == "A";
      pieces.push_back({is_first ? Kind::first : Kind::second, -1, sequence.value("type_id", 0)});
      continue;
    }
    const json& special = step.at("SpecialToken");
    for (const json& id : special_tokens.at(special.at("id").get<std::string>()).at("ids")) {
      pieces.push_back({Kind::special, id.get<std::int32_t>(), special.value("type_id", 0)});
    }
  }
  return pieces;
}

void read_post_processor(const json& processor, const std::string& where, TokenizerConfig& config) {
  if (processor.is_null()) return;
  const auto type = processor.at("type").get<std::string>();
  const auto read_trim = [&] {
    config.trim_offsets = processor.value("trim_offsets", true);
    config.trim_keeps_prefix_space = processor.value("add_prefix_space", true);
  };
  if (type == "Sequence") {
    for (const json& one : processor.at("processors")) read_post_processor(one, where, config);
  } else if (type == "TemplateProcessing") {
    const json none = json::object();
    const json& special_tokens = processor.contains("special_tokens") ? processor["special_tokens"] : none;
    config.tmpl.single = template_pieces(processor.at("single"), special_tokens);
    config.tmpl.pair = template_pieces(processor.at("pair"), special_tokens);
    config.overflow_keeps_types = true;
  } else if (type == "BertProcessing") {
    config.tmpl =
        bert_template(processor.at("cls").at(1).get<std::int32_t>(), processor.at("sep").at(1).get<std::int32_t>());
  } else if (type == "RobertaProcessing") {
    config.tmpl =
        roberta_template(processor.at("cls").at(1).get<std::int32_t>(), processor.at("sep").at(1).get<std::int32_t>());
    read_trim();
  } else if (type == "ByteLevel") {
    read_trim();
  } else {
    throw Error(
        ErrorCode::unsupported, where,
        "a post_processor TemplateProcessing, BertProcessing, RobertaProcessing, ByteLevel or a Sequence of them",
        type);
  }
}

/// A special token as configurations write it: a string, or an object like those of "added_tokens".
std::optional<AddedToken> special_token(const json& value) {
  if (value.is_string()) {
    AddedToken token;
    token.content = value.get<std::string>();
    return token;
  }
  if (!value.is_object() || !value.contains("content")) return std::nullopt;
  AddedToken token = added_token(value);
  token.special = true;
  token.normalized = value.value("normalized", false);
  return token;
}

json object_file(const TokenizerFiles& files, std::string_view name) {
  const auto bytes = files.find(name);
  if (!bytes) return json::object();
  json value = parse_json(*bytes, files.where(name));
  if (!value.is_object()) {
    throw Error(ErrorCode::invalid_format, files.where(name), "a JSON object", value.type_name());
  }
  return value;
}

/// "cls_token" and the like, from tokenizer_config.json, else special_tokens_map.json.
struct SpecialTokenFiles {
  json config;
  json map;
  explicit SpecialTokenFiles(const TokenizerFiles& files)
      : config(tokenizer_config_json(files)), map(object_file(files, "special_tokens_map.json")) {}

  std::optional<AddedToken> find(const char* key) const {
    for (const json* file : {&config, &map}) {
      if (file->contains(key)) {
        if (auto token = special_token((*file)[key])) return token;
      }
    }
    return std::nullopt;
  }
};

std::int32_t id_of(const std::string& content, const SubwordModel& model, const TokenizerConfig& config) {
  for (const AddedToken& token : config.added_tokens) {
    if (token.content == content) return token.id;
  }
  return model.token_to_id(content).value_or(-1);
}

void read_side(const json& owner, const char* key, Side& side) {
  if (owner.contains(key) && owner[key].is_string()) {
    const auto value = owner[key].get<std::string>();
    side = value == "left" || value == "Left" ? Side::left : Side::right;
  }
}

}  // namespace

json parse_json(std::string_view bytes, const std::string& where) {
  try {
    return json::parse(bytes);
  } catch (const json::exception& error) {
    throw Error(ErrorCode::invalid_format, where, "JSON", error.what());
  }
}

json tokenizer_config_json(const TokenizerFiles& files) { return object_file(files, "tokenizer_config.json"); }

void read_common_json(const json& tokenizer_json, const TokenizerFiles& files, const SubwordModel& model,
                      TokenizerConfig& config) {
  const std::string where = files.where("tokenizer.json");
  if (tokenizer_json.contains("added_tokens")) {
    for (const json& value : tokenizer_json["added_tokens"]) {
      AddedToken token = added_token(value);
      // The vocabulary's own id wins, as when Hugging Face adds a token that the model has.
      if (const auto id = model.token_to_id(token.content)) token.id = *id;
      config.added_tokens.push_back(std::move(token));
    }
  }
  if (tokenizer_json.contains("post_processor")) read_post_processor(tokenizer_json["post_processor"], where, config);

  const SpecialTokenFiles names(files);
  const auto find = [&](const char* key, std::initializer_list<const char*> usual) {
    if (const auto token = names.find(key)) return id_of(token->content, model, config);
    for (const char* content : usual) {
      if (const std::int32_t id = id_of(content, model, config); id >= 0) return id;
    }
    return -1;
  };
  config.special = {.unk = find("unk_token", {"[UNK]", "<unk>"}),
                    .pad = find("pad_token", {"[PAD]", "<pad>"}),
                    .cls = find("cls_token", {"[CLS]", "<s>"}),
                    .sep = find("sep_token", {"[SEP]", "</s>"}),
                    .mask = find("mask_token", {"[MASK]", "<mask>"})};
  read_side(names.config, "padding_side", config.padding_side);
  read_side(names.config, "truncation_side", config.truncation_side);
  if (tokenizer_json.contains("padding") && tokenizer_json["padding"].is_object()) {
    const json& padding = tokenizer_json["padding"];
    read_side(padding, "direction", config.padding_side);
    config.pad_type_id = padding.value("pad_type_id", 0);
    if (config.special.pad < 0) config.special.pad = padding.value("pad_id", -1);
  }
  if (tokenizer_json.contains("truncation") && tokenizer_json["truncation"].is_object()) {
    read_side(tokenizer_json["truncation"], "direction", config.truncation_side);
  }
}

void read_common_config(const TokenizerFiles& files, const SubwordModel& model, const SpecialTokenNames& defaults,
                        TokenizerConfig& config) {
  const SpecialTokenFiles names(files);
  const auto add = [&](AddedToken token) -> std::int32_t {
    for (const AddedToken& known : config.added_tokens) {
      if (known.content == token.content) return known.id;
    }
    if (const auto id = model.token_to_id(token.content)) token.id = *id;
    if (token.id < 0 || token.content.empty()) return -1;  // named, but not in this vocabulary
    config.added_tokens.push_back(std::move(token));
    return config.added_tokens.back().id;
  };
  if (names.config.contains("added_tokens_decoder")) {
    for (const auto& [id, value] : names.config["added_tokens_decoder"].items()) {
      AddedToken token = added_token(value);
      token.id = static_cast<std::int32_t>(std::strtol(id.c_str(), nullptr, 10));
      add(std::move(token));
    }
  }
  const json added = object_file(files, "added_tokens.json");
  for (const auto& [content, id] : added.items()) {
    add({.content = content, .id = id.get<std::int32_t>(), .normalized = true, .special = false});
  }
  const auto named = [&](const char* key, const std::string& usual, bool lstrip) {
    AddedToken token{.content = usual, .lstrip = lstrip};
    if (const auto written = names.find(key)) {
      const json& source = names.config.contains(key) ? names.config[key] : names.map[key];
      if (source.is_object()) {
        token = *written;
      } else {
        token.content = written->content;
      }
    }
    // added_tokens.json lists ids of special tokens, too: what names it here makes it special.
    for (AddedToken& known : config.added_tokens) {
      if (known.content == token.content && !known.special) {
        token.id = known.id;
        known = token;
        return known.id;
      }
    }
    return add(std::move(token));
  };
  config.special = {.unk = named("unk_token", defaults.unk, false),
                    .pad = named("pad_token", defaults.pad, false),
                    .cls = named("cls_token", defaults.cls, false),
                    .sep = named("sep_token", defaults.sep, false),
                    .mask = named("mask_token", defaults.mask, defaults.mask_lstrip)};
  named("bos_token", defaults.bos, false);
  named("eos_token", defaults.eos, false);
  for (const json* file : {&names.config, &names.map}) {
    for (const char* key : {"additional_special_tokens", "extra_special_tokens"}) {
      if (!file->contains(key) || !(*file)[key].is_array()) continue;
      for (const json& value : (*file)[key]) {
        if (auto token = special_token(value)) add(std::move(*token));
      }
    }
  }
  read_side(names.config, "padding_side", config.padding_side);
  read_side(names.config, "truncation_side", config.truncation_side);
}

}  // namespace bertrt::tokenizer
