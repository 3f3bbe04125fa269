// Encodes what the differential test (differential.py) asks for: one JSON request a line on standard input, one JSON
// answer a line on standard output. Texts come in hexadecimal, so that they may hold any bytes.

#include <iostream>
#include <nlohmann/json.hpp>
#include <string>

#include "bertrt/error.h"
#include "bertrt/tokenizer.h"

namespace {

using nlohmann::json;

std::string from_hex(const std::string& hex) {
  std::string bytes;
  for (std::size_t i = 0; i + 1 < hex.size(); i += 2)
    bytes += static_cast<char>(std::stoi(hex.substr(i, 2), nullptr, 16));
  return bytes;
}

json to_json(const bertrt::Encoding& encoding) {
  json offsets = json::array();
  for (const auto& offset : encoding.offsets) offsets.push_back({offset.begin, offset.end});
  json overflowing = json::array();
  for (const auto& window : encoding.overflowing) overflowing.push_back(to_json(window));
  return {{"ids", encoding.input_ids},
          {"type_ids", encoding.token_type_ids},
          {"attention_mask", encoding.attention_mask},
          {"special_tokens_mask", encoding.special_tokens_mask},
          {"sequence_ids", encoding.sequence_ids},
          {"offsets", offsets},
          {"word_ids", encoding.word_ids},
          {"overflowing", overflowing}};
}

json words_answer(const bertrt::Tokenizer& tokenizer, const json& request, const bertrt::EncodeOptions& options) {
  std::vector<std::string> texts[2];
  std::vector<std::string_view> views[2];
  for (const int i : {0, 1}) {
    for (const json& word : request.value(i == 0 ? "words" : "pair_words", json::array()))
      texts[i].push_back(from_hex(word));
    views[i].assign(texts[i].begin(), texts[i].end());
  }
  const auto encoding = request.contains("pair_words") ? tokenizer.encode_words(views[0], views[1], options)
                                                       : tokenizer.encode_words(views[0], options);
  return to_json(bertrt::code_point_offsets(encoding, views[0], views[1]));
}

json answer(const bertrt::Tokenizer& tokenizer, const json& request) {
  if (request.contains("decode")) {
    const auto ids = request["decode"].get<std::vector<std::int32_t>>();
    return {{"text", tokenizer.decode(ids, request.value("skip_special_tokens", true))}};
  }
  bertrt::EncodeOptions options;
  options.max_length = request.value("max_length", 0u);
  options.stride = request.value("stride", 0u);
  options.pad_to = request.value("pad_to", 0u);
  options.add_special_tokens = request.value("add_special_tokens", true);
  options.parse_special_tokens = request.value("parse_special_tokens", true);
  const auto truncation = request.value("truncation", "none");
  options.truncation = truncation == "longest_first" ? bertrt::Truncation::longest_first
                       : truncation == "only_first"  ? bertrt::Truncation::only_first
                       : truncation == "only_second" ? bertrt::Truncation::only_second
                                                     : bertrt::Truncation::none;
  options.with_word_ids = request.value("with_word_ids", false);
  if (request.contains("words")) return words_answer(tokenizer, request, options);
  const std::string text = from_hex(request.at("text"));
  const bool is_pair = request.contains("pair");
  const std::string pair = is_pair ? from_hex(request["pair"]) : "";
  bertrt::Encoding encoding = is_pair ? tokenizer.encode(text, pair, options) : tokenizer.encode(text, options);
  json result = to_json(bertrt::code_point_offsets(encoding, text, pair));
  result["byte_offsets"] = to_json(encoding)["offsets"];
  if (!is_pair) {
    std::vector<std::int32_t> ids;
    tokenizer.encode_ids(text, ids, options.parse_special_tokens);
    result["ids_only"] = ids;
  }
  return result;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) {
    std::cerr << "usage: tokenize_tool TOKENIZER_PATH\n";
    return 2;
  }
  std::ios::sync_with_stdio(false);
  try {
    const auto tokenizer = bertrt::Tokenizer::load(argv[1]);
    for (std::string line; std::getline(std::cin, line);) {
      json result;
      try {
        result = answer(tokenizer, json::parse(line));
      } catch (const bertrt::Error& error) {
        result = {{"error", std::string(bertrt::to_string(error.code()))}, {"message", error.what()}};
      }
      std::cout << result.dump(-1, ' ', true, json::error_handler_t::replace) << '\n';
    }
  } catch (const std::exception& error) {
    std::cerr << error.what() << '\n';
    return 1;
  }
}
