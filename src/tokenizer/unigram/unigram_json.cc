#include "tokenizer/unigram/unigram_json.h"

#include <memory>
#include <utility>
#include <vector>

#include "bertrt/error.h"
#include "tokenizer/files/json_cursor.h"

namespace bertrt::tokenizer {
namespace {

using nlohmann::json;
using Steps = std::vector<UnigramNormalizer::Step>;

// Large vocabularies have about 30 bytes an entry in tokenizer.json, 8 of them the piece.
constexpr std::size_t kBytesAnEntry = 24;

[[noreturn]] void unsupported(const std::string& where, const std::string& expected, const std::string& found) {
  throw Error(ErrorCode::unsupported, where, expected, found);
}

std::string type_of(const json& part) {
  if (!part.is_object() || !part.contains("type") || !part["type"].is_string()) return part.is_null() ? "none" : "?";
  return part["type"].get<std::string>();
}

std::string decode_base64(const std::string& text, const std::string& where) {
  std::string bytes;
  bytes.reserve(text.size() / 4 * 3);
  std::uint32_t bits = 0;
  unsigned count = 0;
  for (const char c : text) {
    std::uint32_t value = 0;
    if (c >= 'A' && c <= 'Z') {
      value = static_cast<std::uint32_t>(c - 'A');
    } else if (c >= 'a' && c <= 'z') {
      value = static_cast<std::uint32_t>(c - 'a') + 26;
    } else if (c >= '0' && c <= '9') {
      value = static_cast<std::uint32_t>(c - '0') + 52;
    } else if (c == '+' || c == '/') {
      value = c == '+' ? 62 : 63;
    } else if (c == '=') {
      break;
    } else {
      throw Error(ErrorCode::invalid_format, where + ": precompiled_charsmap", "base64", "'" + std::string(1, c) + "'");
    }
    bits = bits << 6U | value;
    count += 6;
    if (count >= 8) {
      count -= 8;
      bytes.push_back(static_cast<char>((bits >> count) & 0xFFU));
    }
  }
  return bytes;
}

void read_replace(const json& part, const std::string& where, Steps& steps) {
  const json& pattern = part.at("pattern");
  auto content = part.at("content").get<std::string>();
  if (pattern.contains("String")) {
    steps.emplace_back(UnigramNormalizer::Replace{pattern["String"].get<std::string>(), std::move(content)});
    return;
  }
  const auto regex = pattern.value("Regex", std::string());
  if (regex != " {2,}") unsupported(where, "Replace of a plain text or of \" {2,}\"", "the pattern \"" + regex + "\"");
  steps.emplace_back(UnigramNormalizer::ReplaceSpaceRuns{std::move(content)});
}

void read_normalizer(const json& part, const std::string& where, Steps& steps) {
  const std::string type = type_of(part);
  if (type == "none") return;
  if (type == "Sequence") {
    for (const json& one : part.at("normalizers")) read_normalizer(one, where, steps);
  } else if (type == "Replace") {
    read_replace(part, where, steps);
  } else if (type == "NFKD") {
    steps.emplace_back(UnigramNormalizer::Nfkd{});
  } else if (type == "StripAccents") {
    steps.emplace_back(UnigramNormalizer::StripAccents{});
  } else if (type == "Lowercase") {
    steps.emplace_back(UnigramNormalizer::Lowercase{});
  } else if (type == "Strip") {
    steps.emplace_back(UnigramNormalizer::Strip{part.value("strip_left", true), part.value("strip_right", true)});
  } else if (type == "Precompiled") {
    const std::string map = decode_base64(part.value("precompiled_charsmap", std::string()), where);
    if (!map.empty()) steps.emplace_back(std::make_shared<const text::Precompiled>(map, where));
  } else {
    unsupported(where, "Precompiled, Replace, NFKD, StripAccents, Lowercase, Strip or a Sequence of them", type);
  }
}

PrependScheme scheme_of(const json& metaspace, const std::string& where) {
  if (!metaspace.contains("prepend_scheme")) {
    return metaspace.value("add_prefix_space", true) ? PrependScheme::always : PrependScheme::never;
  }
  const auto name = metaspace["prepend_scheme"].get<std::string>();
  if (name == "always") return PrependScheme::always;
  if (name == "first") return PrependScheme::first;
  if (name == "never") return PrependScheme::never;
  unsupported(where, "a prepend_scheme always, first or never", name);
}

void read_pre_tokenizer(const json& part, const std::string& where, UnigramSpec& spec) {
  std::vector<json> parts;
  if (type_of(part) == "Sequence") {
    for (const json& one : part.at("pretokenizers")) parts.push_back(one);
  } else {
    parts.push_back(part);
  }
  spec.split_white_space = parts.size() == 2 && type_of(parts[0]) == "WhitespaceSplit";
  if (parts.size() != (spec.split_white_space ? 2U : 1U) || type_of(parts.back()) != "Metaspace") {
    std::string found;
    for (const json& one : parts) found += (found.empty() ? "" : ", ") + type_of(one);
    unsupported(where, "Metaspace, or WhitespaceSplit and Metaspace", found);
  }
  const json& metaspace = parts.back();
  if (metaspace.value("replacement", std::string("\xE2\x96\x81")) != "\xE2\x96\x81") {
    unsupported(where, "the replacement U+2581", metaspace["replacement"].dump());
  }
  spec.prepend_scheme = scheme_of(metaspace, where);
  spec.split_at_mark = metaspace.value("split", true);
}

}  // namespace

void read_unigram_model(std::string_view model, const std::string& where, UnigramSpec& spec) {
  JsonCursor json(model, where);
  std::string key;
  std::string piece;
  std::int64_t unk_id = -1;
  spec.vocab.reserve(model.size() / kBytesAnEntry, model.size() / 3);
  json.enter_object();
  while (json.next_key(key)) {
    if (key == "unk_id" && json.peek() != 'n') {
      unk_id = json.read_integer();
    } else if (key == "byte_fallback") {
      spec.byte_fallback = json.skip_value() == "true";
    } else if (key == "vocab") {
      json.enter_array();
      while (json.next_element()) {
        json.enter_array();
        if (!json.next_element()) json.fail("a piece and its score");
        json.read_string(piece);
        if (!json.next_element()) json.fail("a piece and its score");
        spec.vocab.add(piece, json.read_number(), where);
        if (json.next_element()) json.fail("a piece and its score");
      }
    } else {
      json.skip_value();
    }
  }
  if (unk_id < 0 || static_cast<std::size_t>(unk_id) >= spec.vocab.size()) {
    throw Error(ErrorCode::invalid_format, where + ": model", "an unk_id in the vocabulary", std::to_string(unk_id));
  }
  spec.unk_id = static_cast<std::int32_t>(unk_id);
}

void read_unigram_pipeline(const json& tokenizer_json, const std::string& where, UnigramSpec& spec) {
  Steps steps;
  read_normalizer(tokenizer_json.value("normalizer", json()), where + ": normalizer", steps);
  spec.normalizer = UnigramNormalizer(std::move(steps));
  read_pre_tokenizer(tokenizer_json.value("pre_tokenizer", json()), where + ": pre_tokenizer", spec);
  const std::string decoder = type_of(tokenizer_json.value("decoder", json()));
  if (decoder != "Metaspace" && decoder != "none") unsupported(where + ": decoder", "Metaspace", decoder);
}

}  // namespace bertrt::tokenizer
