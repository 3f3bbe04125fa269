#include <algorithm>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

#include "bertrt/error.h"
#include "text/unicode.h"
#include "text/utf8.h"
#include "tokenizer/files/json_cursor.h"
#include "tokenizer/files/model_member.h"
#include "tokenizer/files/tokenizer_files.h"
#include "tokenizer/files/tokenizer_json.h"
#include "tokenizer/wordpiece/wordpiece_model.h"

namespace bertrt::tokenizer {
namespace {

using nlohmann::json;

constexpr std::string_view kTokenizerJson = "tokenizer.json";
constexpr std::string_view kVocab = "vocab.txt";

/// As Hugging Face reads a line: without white space at its end.
std::string_view trim_end(std::string_view line) {
  if (!line.empty() && line.back() > ' ') return line;  // ASCII, the most of them
  while (!line.empty()) {
    const std::size_t last = text::previous_utf8(line, line.size());
    if (!(text::unicode_flags(text::decode_utf8(line, last).code_point) & text::kSpace)) break;
    line = line.substr(0, last);
  }
  return line;
}

void read_vocab_txt(std::string_view bytes, const std::string& where, WordPieceVocab& vocab) {
  if (bytes.find('\0') != std::string_view::npos || !text::is_valid_utf8(bytes)) {
    throw Error(ErrorCode::invalid_format, where, "a vocabulary: UTF-8 text, one token a line", "other bytes");
  }
  vocab.take_text(bytes, where);
  vocab.reserve(static_cast<std::size_t>(std::count(bytes.begin(), bytes.end(), '\n')) + 1, 0);
  std::int64_t id = 0;
  for (std::size_t at = 0; at < bytes.size(); ++id) {
    const std::size_t end = std::min(bytes.find('\n', at), bytes.size());
    vocab.add_range(at, trim_end(bytes.substr(at, end - at)).size(), id, where);
    at = end + 1;
  }
  if (vocab.entries().empty()) throw Error(ErrorCode::invalid_format, where, "one token a line", "an empty file");
}

bool flag(const json& object, const char* key, bool fallback) {
  const auto found = object.find(key);
  return found != object.end() && found->is_boolean() ? found->get<bool>() : fallback;
}

std::string type_of(const json& part) {
  return part.is_object() ? part.value("type", "no type") : part.is_null() ? "none" : "something else";
}

void read_model(std::string_view bytes, const std::string& where, WordPieceSpec& spec) {
  JsonCursor cursor(bytes, where);
  std::string key;
  std::string token;
  cursor.enter_object();
  while (cursor.next_key(key)) {
    if (key == "vocab") {
      spec.vocab.reserve(bytes.size() / 20, bytes.size() / 3);
      cursor.enter_object();
      while (cursor.next_key(token)) spec.vocab.add(token, cursor.read_integer(), where);
    } else if (key == "unk_token") {
      cursor.read_string(spec.unk_token);
    } else if (key == "continuing_subword_prefix") {
      cursor.read_string(spec.prefix);
    } else if (key == "max_input_chars_per_word") {
      spec.max_word = static_cast<std::size_t>(std::max<std::int64_t>(cursor.read_integer(), 0));
    } else {
      cursor.skip_value();
    }
  }
}

LoadedTokenizer from_tokenizer_json(const TokenizerFiles& files) {
  const std::string where = files.where(kTokenizerJson);
  const TokenizerJsonParts parts = split_tokenizer_json(*files.find(kTokenizerJson), where);
  const json rest = parse_json(parts.rest, where);
  const json normalizer = rest.value("normalizer", json());
  if (type_of(normalizer) != "BertNormalizer") {
    throw Error(ErrorCode::unsupported, where + ": normalizer", "BertNormalizer before a WordPiece model",
                type_of(normalizer));
  }
  if (const json part = rest.value("pre_tokenizer", json()); type_of(part) != "BertPreTokenizer") {
    throw Error(ErrorCode::unsupported, where + ": pre_tokenizer", "BertPreTokenizer before a WordPiece model",
                type_of(part));
  }
  WordPieceSpec spec;
  spec.normalizer.clean_text = flag(normalizer, "clean_text", true);
  spec.normalizer.handle_chinese_chars = flag(normalizer, "handle_chinese_chars", true);
  spec.normalizer.lowercase = flag(normalizer, "lowercase", true);
  spec.normalizer.strip_accents = flag(normalizer, "strip_accents", spec.normalizer.lowercase);
  if (const json decoder = rest.value("decoder", json()); decoder.is_object()) {
    spec.decoder_cleanup = flag(decoder, "cleanup", true);
  }
  read_model(parts.model, where, spec);
  LoadedTokenizer loaded;
  loaded.model = std::make_unique<WordPieceModel>(std::move(spec), where);
  read_common_json(rest, files, *loaded.model, loaded.config);
  return loaded;
}

/// vocab.txt with the settings of the tokenizer's class in transformers 5.23.0.
LoadedTokenizer from_vocab_txt(const TokenizerFiles& files) {
  const std::string where = files.where(kVocab);
  const json config = tokenizer_config_json(files);
  WordPieceSpec spec;
  read_vocab_txt(*files.find(kVocab), where, spec.vocab);
  spec.normalizer.handle_chinese_chars = flag(config, "tokenize_chinese_chars", true);
  spec.normalizer.lowercase = flag(config, "do_lower_case", true);
  spec.normalizer.strip_accents = flag(config, "strip_accents", spec.normalizer.lowercase);
  if (const auto unk = config.find("unk_token"); unk != config.end()) {
    const json& content = unk->is_object() ? unk->value("content", json()) : *unk;
    if (content.is_string()) spec.unk_token = content.get<std::string>();
  }
  const std::string name = config.value("tokenizer_class", "");
  LoadedTokenizer loaded;
  const std::string unk = spec.unk_token;
  loaded.model = std::make_unique<WordPieceModel>(std::move(spec), where);
  const bool is_mpnet = name.empty() ? !loaded.model->token_to_id("[CLS]") && loaded.model->token_to_id("<s>")
                                     : name.starts_with("MPNet");
  SpecialTokenNames names{.unk = unk, .pad = "[PAD]", .cls = "[CLS]", .sep = "[SEP]", .mask = "[MASK]"};
  if (is_mpnet) {
    names = {.unk = unk,
             .pad = "<pad>",
             .cls = "<s>",
             .sep = "</s>",
             .mask = "<mask>",
             .bos = "<s>",
             .eos = "</s>",
             .mask_lstrip = true};
  }
  read_common_config(files, *loaded.model, names, loaded.config);
  const SpecialTokenIds& special = loaded.config.special;
  if (special.cls < 0 || special.sep < 0) {
    throw Error(ErrorCode::invalid_format, where, names.cls + " and " + names.sep + " in the vocabulary",
                special.cls < 0 ? "no " + names.cls : "no " + names.sep);
  }
  loaded.config.trim_offsets = is_mpnet;
  loaded.config.tmpl = is_mpnet ? roberta_template(special.cls, special.sep) : bert_template(special.cls, special.sep);
  return loaded;
}

}  // namespace

LoadedTokenizer load_wordpiece(const TokenizerFiles& files) {
  return files.has(kTokenizerJson) ? from_tokenizer_json(files) : from_vocab_txt(files);
}

}  // namespace bertrt::tokenizer
