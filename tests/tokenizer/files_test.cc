// What Hugging Face gives, for tokenizer files that scripts made: folders.json has a folder of every kind that
// AutoTokenizer tells apart (tests/data/tokenizer/make_folders.py), combinations.json stages put together at random
// (combinations.py).

#include <gtest/gtest.h>

#include <fstream>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "bertrt/error.h"
#include "bertrt/tokenizer.h"

namespace bertrt {
namespace {

using nlohmann::json;
using Pairs = std::vector<std::vector<std::uint32_t>>;

Tokenizer load(const json& entry) {
  std::vector<std::string> texts;
  std::vector<Tokenizer::File> files;
  for (const auto& [name, text] : entry["files"].items()) texts.push_back(text.get<std::string>());
  std::size_t at = 0;
  for (const auto& [name, text] : entry["files"].items()) files.push_back({name, texts[at++]});
  return Tokenizer::from_files(files);
}

EncodeOptions options_of(const json& request) {
  EncodeOptions options;
  options.max_length = request.value("max_length", std::size_t{0});
  options.stride = request.value("stride", std::size_t{0});
  options.pad_to = request.value("pad_to", std::size_t{0});
  options.add_special_tokens = request.value("add_special_tokens", true);
  options.parse_special_tokens = request.value("parse_special_tokens", true);
  options.with_word_ids = request.value("with_word_ids", false);
  const std::string truncation = request.value("truncation", "none");
  if (truncation == "longest_first") options.truncation = Truncation::longest_first;
  if (truncation == "only_first") options.truncation = Truncation::only_first;
  if (truncation == "only_second") options.truncation = Truncation::only_second;
  return options;
}

Encoding words_answer(const Tokenizer& tokenizer, const json& request) {
  std::vector<std::string> texts[2];
  std::vector<std::string_view> views[2];
  for (const int i : {0, 1}) {
    for (const json& word : request.value(i == 0 ? "words" : "pair_words", json::array()))
      texts[i].push_back(word.get<std::string>());
    views[i].assign(texts[i].begin(), texts[i].end());
  }
  const bool is_pair = request.contains("pair_words");
  return code_point_offsets(is_pair ? tokenizer.encode_words(views[0], views[1]) : tokenizer.encode_words(views[0]),
                            views[0], views[1]);
}

Encoding answer(const Tokenizer& tokenizer, const json& request) {
  if (request.contains("words")) return words_answer(tokenizer, request);
  const auto text = request["text"].get<std::string>();
  const EncodeOptions options = options_of(request);
  if (!request.contains("pair")) return code_point_offsets(tokenizer.encode(text, options), text);
  const auto pair = request["pair"].get<std::string>();
  return code_point_offsets(tokenizer.encode(text, pair, options), text, pair);
}

void expect_window(const Encoding& encoding, const json& expected) {
  EXPECT_EQ(encoding.input_ids, expected["ids"].get<std::vector<std::int32_t>>());
  EXPECT_EQ(encoding.token_type_ids, expected["type_ids"].get<std::vector<std::int32_t>>());
  EXPECT_EQ(encoding.attention_mask, expected["attention_mask"].get<std::vector<std::int32_t>>());
  EXPECT_EQ(encoding.special_tokens_mask, expected["special_tokens_mask"].get<std::vector<std::uint8_t>>());
  EXPECT_EQ(encoding.sequence_ids, expected["sequence_ids"].get<std::vector<std::int8_t>>());
  Pairs offsets;
  for (const Offset& offset : encoding.offsets) offsets.push_back({offset.begin, offset.end});
  EXPECT_EQ(offsets, expected["offsets"].get<Pairs>());
  if (expected.contains("word_ids")) {
    EXPECT_EQ(encoding.word_ids, expected["word_ids"].get<std::vector<std::int32_t>>());
  }
}

void expect_request(const Tokenizer& tokenizer, const json& request) {
  const json& expected = request["expected"];
  SCOPED_TRACE(request.dump().substr(0, 300));
  if (request.contains("decode")) {
    const auto ids = request["decode"].get<std::vector<std::int32_t>>();
    const bool skip = request["skip_special_tokens"].get<bool>();
    if (expected.is_null()) {
      EXPECT_THROW(tokenizer.decode(ids, skip), Error);
    } else {
      EXPECT_EQ(tokenizer.decode(ids, skip), expected.get<std::string>());
    }
    return;
  }
  if (expected.is_null()) {
    EXPECT_THROW(answer(tokenizer, request), Error);
    return;
  }
  const Encoding encoding = answer(tokenizer, request);
  expect_window(encoding, expected[0]);
  ASSERT_EQ(encoding.overflowing.size(), expected.size() - 1);
  for (std::size_t i = 1; i < expected.size(); ++i) expect_window(encoding.overflowing[i - 1], expected[i]);
}

void expect_entries(const std::string& file) {
  std::ifstream in(std::string(BERTRT_TEST_DATA) + "/tokenizer/" + file);
  ASSERT_TRUE(in);
  const json entries = json::parse(in);
  ASSERT_FALSE(entries.empty());
  for (const json& entry : entries) {
    SCOPED_TRACE(entry["name"].get<std::string>());
    if (entry.value("refused", false)) {
      EXPECT_THROW(load(entry), Error);
      continue;
    }
    try {
      const Tokenizer tokenizer = load(entry);
      for (const json& request : entry["requests"]) expect_request(tokenizer, request);
    } catch (const Error& error) {
      ADD_FAILURE() << error.what();
    }
  }
}

TEST(TokenizerFiles, FoldersAreTakenAsAutoTokenizerDoes) { expect_entries("folders.json"); }
TEST(TokenizerFiles, StagesInAnyCombination) { expect_entries("combinations.json"); }
TEST(TokenizerFiles, EquallyGoodWaysAreToldApartAsItDoes) { expect_entries("ties.json"); }

}  // namespace
}  // namespace bertrt
