#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <string>
#include <vector>

#include "bertrt/error.h"
#include "tokenizer/bpe/bpe_merges.h"
#include "tokenizer/bpe/bpe_vocab.h"
#include "tokenizer/bpe/byte_level.h"
#include "tokenizer/subword_golden.h"

namespace bertrt::tokenizer {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

std::string bpe(const std::string& name) { return std::string(BERTRT_TEST_DATA) + "/bpe/" + name; }

Tokenizer roberta(const std::string& config) {
  const std::string vocab = read_test_data("bpe/roberta/vocab.json");
  const std::string merges = read_test_data("bpe/roberta/merges.txt");
  const std::vector<Tokenizer::File> files = {
      {"vocab.json", vocab}, {"merges.txt", merges}, {"tokenizer_config.json", config}};
  return Tokenizer::from_files(files);
}

std::vector<std::string> words(std::string_view text) {
  std::vector<std::string> result;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = byte_level_word_end(text, at);
    result.emplace_back(text.substr(at, end - at));
    at = end;
  }
  return result;
}

TEST(ByteLevel, SplitsByGpt2Pattern) {
  EXPECT_THAT(words("Hello my friend, it's 42!"), ElementsAre("Hello", " my", " friend", ",", " it", "'s", " 42", "!"));
  EXPECT_THAT(words("we're'll'x'"), ElementsAre("we", "'re", "'ll", "'", "x", "'"));
  EXPECT_THAT(words("!'s"), ElementsAre("!'", "s"));
  EXPECT_THAT(words(" 's"), ElementsAre(" '", "s"));
}

TEST(ByteLevel, LeavesOneSpaceToTheNextWord) {
  EXPECT_THAT(words("a   b"), ElementsAre("a", "  ", " b"));
  EXPECT_THAT(words("a\n\nb"), ElementsAre("a", "\n", "\n", "b"));
  EXPECT_THAT(words("a \n"), ElementsAre("a", " \n"));
  EXPECT_THAT(words(" "), ElementsAre(" "));
}

TEST(ByteLevel, AlphabetGoesBothWays) {
  for (unsigned byte = 0; byte < 256; ++byte) {
    EXPECT_EQ(byte_level_byte(byte_level_char(static_cast<std::uint8_t>(byte))), static_cast<int>(byte));
  }
  EXPECT_EQ(byte_level_char(' '), 0x120U);
  EXPECT_EQ(byte_level_byte(U'▁'), -1);
}

// The scan for short words and the queue for long ones must give the same: a word of random symbols is merged as a
// whole by the queue, and compared with a plain loop that knows neither.
TEST(BpeMerges, QueueAndScanAgreeWithThePlainRule) {
  std::mt19937 random(11);
  BpeMerges merges;
  std::int32_t next = 4;
  for (std::uint32_t rank = 0; rank < 60; ++rank) {
    const auto left = static_cast<std::int32_t>(random() % static_cast<unsigned>(next));
    const auto right = static_cast<std::int32_t>(random() % static_cast<unsigned>(next));
    if (!merges.find(left, right).exists()) merges.add(left, right, {rank, next++});
  }
  for (std::size_t length : {1, 2, 3, 10, 63, 64, 65, 66, 200, 500}) {
    for (int round = 0; round < 20; ++round) {
      std::vector<BpeSymbol> symbols;
      for (std::size_t i = 0; i < length; ++i) symbols.push_back({static_cast<std::int32_t>(random() % 4), 1});
      std::vector<BpeSymbol> plain = symbols;
      merges.apply(symbols);
      while (true) {
        std::size_t best = plain.size();
        BpeMerge merge;
        for (std::size_t i = 0; i + 1 < plain.size(); ++i) {
          const BpeMerge found = merges.find(plain[i].id, plain[i + 1].id);
          if (found.rank < merge.rank) {
            merge = found;
            best = i;
          }
        }
        if (best == plain.size()) break;
        plain[best] = {merge.id, plain[best].length + plain[best + 1].length};
        plain.erase(plain.begin() + static_cast<std::ptrdiff_t>(best) + 1);
      }
      ASSERT_EQ(symbols.size(), plain.size());
      for (std::size_t i = 0; i < plain.size(); ++i) {
        EXPECT_EQ(symbols[i].id, plain[i].id);
        EXPECT_EQ(symbols[i].length, plain[i].length);
      }
    }
  }
}

TEST(Bpe, RobertaIsGolden) { expect_golden(Tokenizer::load(bpe("roberta")), "bpe/roberta/golden.json"); }

TEST(Bpe, PrefixSpaceIsGolden) {
  expect_golden(roberta(R"({"add_prefix_space": true})"), "bpe/roberta/golden_prefix_space.json");
}

TEST(Bpe, DebertaIsGolden) { expect_golden(Tokenizer::load(bpe("deberta")), "bpe/deberta/golden.json"); }

TEST(Bpe, JsonThatDropsUnknownBytesIsGolden) {
  expect_golden(Tokenizer::load(bpe("json_dropped")), "bpe/json_dropped/golden.json");
}

TEST(Bpe, JsonWithUnknownTokenIsGolden) {
  expect_golden(Tokenizer::load(bpe("json_unknown")), "bpe/json_unknown/golden.json");
}

TEST(Bpe, JsonThatFusesUnknownAndIgnoresMergesIsGolden) {
  expect_golden(Tokenizer::load(bpe("json_fused")), "bpe/json_fused/golden.json");
}

// "x" and the line feed are not in these vocabularies. Expected values by tokenizers 0.23.3.
TEST(Bpe, UnknownBytesOfOneWordAreFused) {
  using Ids = std::vector<std::int32_t>;
  const EncodeOptions plain{.add_special_tokens = false};
  const std::string text = "xxa xx\n\n";
  EXPECT_EQ(Tokenizer::load(bpe("json_dropped")).encode(text, plain).input_ids, (Ids{69, 225}));
  EXPECT_EQ(Tokenizer::load(bpe("json_unknown")).encode(text, plain).input_ids, (Ids{3, 3, 69, 225, 3, 3, 3, 3}));
  const Encoding fused = Tokenizer::load(bpe("json_fused")).encode(text, plain);
  EXPECT_EQ(fused.input_ids, (Ids{3, 69, 225, 3, 3}));
  EXPECT_EQ(fused.offsets, (std::vector<Offset>{{0, 2}, {2, 3}, {4, 4}, {4, 6}, {6, 8}}));
}

// One word of a megabyte: n log n takes a fraction of a second, n * n would take hours and run into the test's limit.
TEST(Bpe, OneLongWordIsNotQuadratic) {
  const Tokenizer tokenizer = Tokenizer::load(bpe("roberta"));
  std::string word;
  while (word.size() < 1'000'000) word += "thequickbrownfoxjumpsoverthelazydog";
  const Encoding encoding = tokenizer.encode(word, {.add_special_tokens = false});
  std::uint32_t at = 0;
  for (const Offset& offset : encoding.offsets) {
    ASSERT_EQ(offset.begin, at);
    at = offset.end;
  }
  EXPECT_EQ(at, word.size());
  EXPECT_EQ(tokenizer.decode(encoding.input_ids), word);
}

TEST(Bpe, RememberedWordsGiveTheSame) {
  const Tokenizer tokenizer = Tokenizer::load(bpe("roberta"));
  std::string text;
  for (int i = 0; i < 40'000; ++i) text += "word" + std::to_string(i % 20'000) + (i % 3 == 0 ? "é " : " ");
  const Encoding once = tokenizer.encode(text);
  const Encoding twice = tokenizer.encode(text);
  EXPECT_EQ(once.input_ids, twice.input_ids);
  EXPECT_EQ(once.offsets, twice.offsets);
  EXPECT_EQ(tokenizer.decode(once.input_ids), text);
}

TEST(Bpe, VocabularyGoesBothWays) {
  const Tokenizer tokenizer = Tokenizer::load(bpe("roberta"));
  EXPECT_EQ(tokenizer.family(), "bpe");
  for (std::int32_t id = 0; id < static_cast<std::int32_t>(tokenizer.vocab_size()); ++id) {
    const auto token = tokenizer.id_to_token(id);
    ASSERT_TRUE(token.has_value());
    EXPECT_EQ(tokenizer.token_to_id(*token), id);
  }
  EXPECT_EQ(tokenizer.token_to_id("no such token"), std::nullopt);
}

TEST(Bpe, SpecialTokensAsPlainText) {
  const Tokenizer tokenizer = Tokenizer::load(bpe("roberta"));
  const Encoding encoding = tokenizer.encode("a <mask> b</s>", {.parse_special_tokens = false});
  EXPECT_EQ(std::count(encoding.input_ids.begin(), encoding.input_ids.end(), tokenizer.special_tokens().mask), 0);
  EXPECT_EQ(tokenizer.decode(encoding.input_ids), "a <mask> b</s>");
}

std::string error_of(const std::string& vocab, const std::string& merges) {
  try {
    const std::vector<Tokenizer::File> files = {{"vocab.json", vocab}, {"merges.txt", merges}};
    Tokenizer::from_files(files);
  } catch (const Error& error) {
    return std::string(to_string(error.code())) + ": " + error.what();
  }
  return "no error";
}

TEST(Bpe, BrokenFilesAreErrors) {
  EXPECT_THAT(error_of("", ""), HasSubstr("invalid_format: vocab.json, byte 0"));
  EXPECT_THAT(error_of(R"({"a": 0)", ""), HasSubstr("invalid_format: vocab.json, byte 7"));
  EXPECT_THAT(error_of(R"({"a": "b"})", ""), HasSubstr("an integer"));
  EXPECT_THAT(error_of(R"({"a": -1})", ""), HasSubstr("token ids between 0 and"));
  EXPECT_THAT(error_of(R"({"a": 99999999999})", ""), HasSubstr("token ids between 0 and"));
  EXPECT_THAT(error_of(R"({"a\ud800": 1})", ""), HasSubstr("the second half of a pair"));
  EXPECT_THAT(error_of(R"({"a": 0} x)", ""), HasSubstr("the end of the file"));
  EXPECT_THAT(error_of(R"({"a": 0, "b": 1})", "#version: 0.2\na b\n"), HasSubstr("merge 1"));
  EXPECT_THAT(error_of(R"({"a": 0})", "a\n"), HasSubstr("two tokens with a space between them"));
}

std::string json_error_of(const std::string& pre_tokenizer, const std::string& model) {
  try {
    const std::string json = R"({"added_tokens":[],"pre_tokenizer":)" + pre_tokenizer + R"(,"model":)" + model + "}";
    const std::vector<Tokenizer::File> files = {{"tokenizer.json", json}};
    Tokenizer::from_files(files);
  } catch (const Error& error) {
    return std::string(to_string(error.code())) + ": " + error.what();
  }
  return "no error";
}

TEST(Bpe, WhatCannotBeDoneExactlyIsAnError) {
  const std::string byte_level = R"({"type":"ByteLevel","add_prefix_space":false,"trim_offsets":true})";
  const std::string model = R"({"type":"BPE","vocab":{"a":0},"merges":[])";
  EXPECT_EQ(json_error_of(byte_level, model + "}"), "no error");
  EXPECT_EQ(json_error_of(R"({"type":"Whitespace"})", model + "}"), "no error");
  EXPECT_THAT(json_error_of(R"({"type":"Whitespace","lines":true})", model + "}"), HasSubstr("\"lines\""));
  EXPECT_THAT(json_error_of(R"({"type":"Spaces"})", model + "}"), HasSubstr("unsupported"));
  EXPECT_THAT(json_error_of(byte_level, model + R"(,"dropout":0.1})"), HasSubstr("no dropout"));
  EXPECT_EQ(json_error_of(byte_level, model + R"(,"end_of_word_suffix":"</w>"})"), "no error");
  EXPECT_THAT(json_error_of(byte_level, model + R"(,"end_of_word_suffix":"</w>","byte_fallback":true})"),
              HasSubstr("byte_fallback"));
  EXPECT_THAT(json_error_of(byte_level, model + R"(,"word_lists":[]})"), HasSubstr("\"word_lists\""));
}

TEST(Bpe, AnUnknownTokenThatIsNoneIsMissedWhenItIsNeeded) {
  const std::string json =
      R"({"pre_tokenizer":{"type":"Whitespace"},"model":{"type":"BPE","vocab":{"a":0},"merges":[],"unk_token":"?"}})";
  const std::vector<Tokenizer::File> files = {{"tokenizer.json", json}};
  const Tokenizer tokenizer = Tokenizer::from_files(files);
  EXPECT_EQ(tokenizer.encode("a aa").input_ids, (std::vector<std::int32_t>{0, 0, 0}));
  try {
    tokenizer.encode("a b");
    FAIL() << "an error expected";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::invalid_argument);
    EXPECT_THAT(error.what(), HasSubstr("unk_token \"?\""));
  }
}

TEST(Bpe, VersionLinesAmongMergesAreNone) {
  const std::string json = R"({"model":{"type":"BPE","vocab":{"a":0,"b":1,"ab":2,"#version":3},)"
                           R"("merges":["#version: 0.2","a b","#version b"]}})";
  const std::vector<Tokenizer::File> files = {{"tokenizer.json", json}};
  EXPECT_EQ(Tokenizer::from_files(files).encode("ab").input_ids, (std::vector<std::int32_t>{2}));
  // In a pair it is a token like any other.
  EXPECT_THAT(json_error_of("null", R"({"type":"BPE","vocab":{"a":0},"merges":[["#version:","0.2"]]})"),
              HasSubstr("#version:"));
}

TEST(Bpe, AnEarlierIdOfATokenHasNone) {
  const std::string json = R"({"model":{"type":"BPE","vocab":{"":4,"a":0,"c":2,"a":1,"b":3,"c":3,"c":2},"merges":[]}})";
  const std::vector<Tokenizer::File> files = {{"tokenizer.json", json}};
  const Tokenizer tokenizer = Tokenizer::from_files(files);
  EXPECT_EQ(tokenizer.encode("a").input_ids, (std::vector<std::int32_t>{1}));
  EXPECT_EQ(tokenizer.decode(std::vector<std::int32_t>{0, 1, 2}), "a c");
  EXPECT_EQ(tokenizer.id_to_token(0), std::nullopt);
}

TEST(Bpe, IdsThatJsonDoesNotHaveAreErrors) {
  const std::string null = "null";
  for (const char* id : {"00", "-0", "01", "-1", "+1", "1.0", "1e0", "0x1", "\"0\"", "null", ".0"}) {
    EXPECT_NE(json_error_of(null, R"({"type":"BPE","vocab":{"a":)" + std::string(id) + R"(},"merges":[]})"), "no error")
        << id;
  }
  EXPECT_EQ(json_error_of(null, R"({"type":"BPE","vocab":{"a":10},"merges":[]})"), "no error");
  for (const char* score : {"00", ".5", "5.", "1.e1", "-.5", "+1", "inf", "nan", "01.5", "-"}) {
    EXPECT_NE(json_error_of(null, R"({"type":"Unigram","unk_id":0,"vocab":[["a",)" + std::string(score) + "]]}"),
              "no error")
        << score;
  }
  for (const char* score : {"0", "-0", "-0.0", "0.5", "-1e1", "1E+2", "10"}) {
    EXPECT_EQ(json_error_of(null, R"({"type":"Unigram","unk_id":0,"vocab":[["a",)" + std::string(score) + "]]}"),
              "no error")
        << score;
  }
}

TEST(Bpe, BrokenMergesAreErrors) {
  const std::string byte_level = R"({"type":"ByteLevel","add_prefix_space":false,"trim_offsets":true})";
  EXPECT_THAT(json_error_of(byte_level, R"({"type":"BPE","vocab":{"a":0},"merges":[["a"]]})"), HasSubstr("pair"));
}

}  // namespace
}  // namespace bertrt::tokenizer
