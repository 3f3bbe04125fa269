#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "bertrt/error.h"
#include "text/precompiled.h"
#include "text/rewrite.h"
#include "tokenizer/subword_golden.h"
#include "tokenizer/unigram/sentencepiece_model.h"
#include "tokenizer/unigram/unigram_lattice.h"
#include "tokenizer/unigram/unigram_vocab.h"

namespace bertrt::tokenizer {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

constexpr const char* kAlbert = "unigram/albert/spiece.model";
constexpr const char* kXlmRoberta = "unigram/xlm_roberta/sentencepiece.bpe.model";

Tokenizer load(const std::string& name, const std::string& path, const std::string& config) {
  const std::string model = read_test_data(path);
  const std::vector<Tokenizer::File> files = {{name, model}, {"tokenizer_config.json", config}};
  return Tokenizer::from_files(files);
}

Tokenizer xlm_roberta() {
  return load("sentencepiece.bpe.model", kXlmRoberta, R"({"tokenizer_class": "XLMRobertaTokenizer"})");
}

std::string unigram(const std::string& name) { return std::string(BERTRT_TEST_DATA) + "/unigram/" + name; }

std::vector<std::string> cut(const UnigramVocab& vocab, const std::string& word, UnigramLattice::Options options = {}) {
  UnigramLattice lattice;
  std::vector<std::int32_t> ids;
  std::vector<Offset> offsets;
  lattice.encode(vocab, word, options, ids, offsets);
  std::vector<std::string> pieces;
  for (std::size_t i = 0; i < ids.size(); ++i) {
    pieces.push_back(std::to_string(ids[i]) + ":" + word.substr(offsets[i].begin, offsets[i].end - offsets[i].begin));
  }
  return pieces;
}

UnigramVocab small_vocab() {
  UnigramVocab vocab;
  const std::vector<std::pair<std::string, double>> pieces = {
      {"<unk>", 0}, {"a", 0}, {"b", 0}, {"c", 0}, {"d", 0}, {"cd", 1}, {"ab", 2}, {"abc", 5}, {"abcd", 10}};
  for (const auto& [piece, score] : pieces) vocab.add(piece, score, "test");
  return vocab;
}

TEST(UnigramLattice, TakesTheBestWay) {
  EXPECT_THAT(cut(small_vocab(), "abcdacdxx"), ElementsAre("8:abcd", "1:a", "5:cd", "0:xx"));
}

TEST(UnigramLattice, KeepsTheFirstOfEqualWays) {
  UnigramVocab vocab;
  vocab.add("<unk>", 0, "test");
  for (const char* piece : {"a", "aa"}) vocab.add(piece, piece[1] == 0 ? -1 : -2, "test");
  EXPECT_THAT(cut(vocab, "aaa"), ElementsAre("1:a", "2:aa"));
}

// In single precision these two ways are equal and the other one would be kept.
TEST(UnigramLattice, AddsInDoublePrecision) {
  UnigramVocab vocab;
  vocab.add("<unk>", 0, "test");
  vocab.add("ab", -20, "test");
  vocab.add("a", -10, "test");
  vocab.add("b", -9.9999999, "test");
  EXPECT_THAT(cut(vocab, "ab"), ElementsAre("2:a", "3:b"));
}

TEST(UnigramLattice, LeavesSpecialPiecesOut) {
  UnigramVocab vocab = small_vocab();
  vocab.add("<s>", 0, "test");
  vocab.mark_special("<s>");
  EXPECT_THAT(cut(vocab, "a<s>b"), ElementsAre("1:a", "9:<s>", "2:b"));
  EXPECT_THAT(cut(vocab, "a<s>b", {.special_pieces = false}), ElementsAre("1:a", "0:<s>", "2:b"));
}

TEST(UnigramLattice, FallsBackToBytes) {
  UnigramVocab vocab = small_vocab();
  for (const char* piece : {"<0xC3>", "<0xA9>"}) vocab.add(piece, -5, "test");
  EXPECT_THAT(cut(vocab, "aéb", {.byte_fallback = true}), ElementsAre("1:a", "9:é", "10:é", "2:b"));
  EXPECT_THAT(cut(vocab, "aèb", {.byte_fallback = true}), ElementsAre("1:a", "0:è", "2:b"));
}

TEST(Unigram, AlbertIsGolden) { expect_golden(load("spiece.model", kAlbert, "{}"), "unigram/albert/golden.json"); }

TEST(Unigram, CasedAlbertIsGolden) {
  expect_golden(load("spiece.model", kAlbert, R"({"do_lower_case": false, "keep_accents": true})"),
                "unigram/albert/golden_cased.json");
}

TEST(Unigram, XlmRobertaIsGolden) { expect_golden(xlm_roberta(), "unigram/xlm_roberta/golden.json"); }

TEST(Unigram, CamembertIsGolden) {
  expect_golden(load("sentencepiece.bpe.model", kXlmRoberta, R"({"tokenizer_class": "CamembertTokenizer"})"),
                "unigram/xlm_roberta/golden_camembert.json");
}

TEST(Unigram, JsonWithMarkAtTheTextsBeginIsGolden) {
  expect_golden(Tokenizer::load(unigram("json_first")), "unigram/json_first/golden.json");
}

TEST(Unigram, JsonWithoutMarkIsGolden) {
  expect_golden(Tokenizer::load(unigram("json_never")), "unigram/json_never/golden.json");
}

TEST(Unigram, OneLongWordIsNotQuadratic) {
  std::string word;
  while (word.size() < 1'000'000) word += "thequickbrownfoxjumpsoverthelazydog";
  const Encoding encoding = xlm_roberta().encode(word, {.add_special_tokens = false});
  EXPECT_EQ(encoding.offsets.back().end, word.size());
}

// The same text with its words already known, and cut at other places, must give the same.
TEST(Unigram, RememberedWordsGiveTheSame) {
  const Tokenizer tokenizer = xlm_roberta();
  std::string text;
  for (int i = 0; i < 20'000; ++i) text += "word" + std::to_string(i % 9'000) + (i % 3 == 0 ? "é " : "  ");
  const Encoding once = tokenizer.encode(text);
  const Encoding twice = tokenizer.encode(text);
  EXPECT_EQ(once.input_ids, twice.input_ids);
  EXPECT_EQ(once.offsets, twice.offsets);
}

// Full-width letters become "</s>" when they are normalized, after special tokens were looked for in the text.
TEST(Unigram, SpecialTokensCannotBeInjected) {
  const Tokenizer tokenizer = xlm_roberta();
  const EncodeOptions plain{.add_special_tokens = false, .parse_special_tokens = false};
  for (const std::string text : {"a </s> b<mask>", "a ＜/s＞ b＜mask＞"}) {
    const Encoding encoding = tokenizer.encode(text, plain);
    for (const std::int32_t id : {tokenizer.special_tokens().sep, tokenizer.special_tokens().mask}) {
      EXPECT_EQ(std::count(encoding.input_ids.begin(), encoding.input_ids.end(), id), 0) << text;
    }
  }
}

TEST(Unigram, VocabularyGoesBothWays) {
  const Tokenizer tokenizer = xlm_roberta();
  EXPECT_EQ(tokenizer.family(), "unigram");
  EXPECT_EQ(tokenizer.token_to_id("<s>"), 0);
  EXPECT_EQ(tokenizer.token_to_id("<pad>"), 1);
  for (std::int32_t id = 0; id < static_cast<std::int32_t>(tokenizer.vocab_size()); ++id) {
    const auto token = tokenizer.id_to_token(id);
    ASSERT_TRUE(token.has_value());
    EXPECT_EQ(tokenizer.token_to_id(*token), id);
  }
}

std::string error_of(const std::string& name, const std::string& bytes) {
  try {
    const std::vector<Tokenizer::File> files = {{name, bytes}};
    Tokenizer::from_files(files);
  } catch (const Error& error) {
    return std::string(to_string(error.code())) + ": " + error.what();
  }
  return "no error";
}

TEST(Unigram, BrokenModelsAreErrors) {
  const std::string model = read_test_data(kXlmRoberta);
  EXPECT_THAT(error_of("spiece.model", ""), HasSubstr("invalid_format"));
  EXPECT_THAT(error_of("spiece.model", "not a model"), HasSubstr("invalid_format"));
  EXPECT_EQ(error_of("sentencepiece.bpe.model", model), "no error");
  for (std::size_t size = 1; size < model.size(); size += model.size() / 97) {
    const std::string error = error_of("sentencepiece.bpe.model", model.substr(0, size));
    EXPECT_TRUE(error == "no error" || error.starts_with("invalid_format")) << error;
  }
}

TEST(Unigram, WhatCannotBeDoneExactlyIsAnError) {
  const std::string model = R"("model":{"type":"Unigram","unk_id":0,"vocab":[["a",0.5]]},"pre_tokenizer":)";
  const std::string metaspace = R"({"type":"Metaspace","replacement":"▁","prepend_scheme":"always"})";
  EXPECT_EQ(error_of("tokenizer.json", "{" + model + metaspace + "}"), "no error");
  EXPECT_EQ(error_of("tokenizer.json", "{" + model + R"({"type":"Whitespace"}})"), "no error");
  EXPECT_THAT(error_of("tokenizer.json", "{" + model + metaspace + R"(,"normalizer":{"type":"NFX"}})"),
              HasSubstr("NFX"));
  EXPECT_THAT(error_of("tokenizer.json", "{" + model + metaspace +
                                             R"(,"normalizer":{"type":"Precompiled","precompiled_charsmap":"AAAA"}})"),
              HasSubstr("precompiled_charsmap"));
  EXPECT_THAT(error_of("tokenizer.json", R"({"model":{"type":"Unigram","unk_id":7,"vocab":[["a",0.5]]}})"),
              HasSubstr("unk_id"));
  EXPECT_THAT(error_of("tokenizer.json", R"({"model":{"type":"Unigram","byte_fallback":null,"vocab":[["a",0.5]]}})"),
              HasSubstr("expected true or false, found 'n'"));
}

text::NormalizedText normalized(const std::string& bytes) {
  text::NormalizedText text;
  text.bytes = bytes;
  for (std::uint32_t i = 0; i < bytes.size(); ++i) text.source.push_back({i, i + 1});
  return text;
}

TEST(Rewrite, ReplacesRunsOfSpaces) {
  text::ChangeList list;
  text::NormalizedText text = normalized("a   b c  ");
  text::replace_space_runs(text, "_", list);
  EXPECT_EQ(text.bytes, "a_b c_");
  EXPECT_EQ(text.source[1], (Offset{3, 4}));
}

TEST(Rewrite, StripsBothEnds) {
  text::ChangeList list;
  text::NormalizedText text = normalized(" \ta b\n");
  text::strip(text, list, true, true);
  EXPECT_EQ(text.bytes, "a b");
  EXPECT_EQ(text.source[0], (Offset{2, 3}));
}

TEST(Precompiled, RefusesMapsThatAreNone) {
  for (const std::string& map : {std::string(), std::string("abc"), std::string("\x08\0\0\0abcd", 8)}) {
    EXPECT_THROW(text::Precompiled(map, "test"), Error);
  }
}

}  // namespace
}  // namespace bertrt::tokenizer
