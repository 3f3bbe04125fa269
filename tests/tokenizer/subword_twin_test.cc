// The fast ways through byte-level BPE and unigram against plain ones, on random texts; fuzz/tokenizer_fuzz.cc does it
// without end.

#include <gtest/gtest.h>

#include <random>

#include "tokenizer/bpe_twin.h"
#include "tokenizer/files/tokenizer_files.h"
#include "tokenizer/unigram_twin.h"

namespace bertrt {
namespace {

std::string random_text(std::mt19937& random) {
  static const std::vector<std::string> kScraps = {
      " ",      " ",      "  ",     "\n",     "\t ",    ".",      "'s",     "'ll",        "\u00e9", "e\u0301",
      "\u6f22", "\ud55c", "\x01",   "\u200b", "\u0323", "\xff",   "\xe6",   "\u2019",     "\u00a0", "\u0130",
      "``",     "''",     "\u2581", "\u3000", "\ufb01", "\u00bd", "12",     "\U0001f600", "the",    "return",
      "self",   "_",      "\u0e01", "\u0644", "\u0e33", "\u200d", "\u00a0", "\u0600",     "[CLS]",  "(x)"};
  std::string text;
  const std::size_t pieces = random() % 60;
  for (std::size_t i = 0; i < pieces; ++i) {
    if (random() % 2 == 0) {
      text += kScraps[random() % kScraps.size()];
    } else {
      const std::size_t length = random() % 40 == 0 ? random() % 200 : random() % 9;
      for (std::size_t j = 0; j < length; ++j) text += "abcdeinorstABCDE019"[random() % 19];
    }
  }
  return text;
}

template <typename Twin>
void compare(const tokenizer::SubwordModel& model, const Twin& twin) {
  std::mt19937 random(11);
  for (int i = 0; i < 1500; ++i) {
    const std::string text = random_text(random);
    const tokenizer::Pieces expected = twin.encode(text);
    tokenizer::Pieces pieces;
    model.encode(text, {}, pieces);
    ASSERT_EQ(pieces.ids, expected.ids) << text;
    ASSERT_EQ(pieces.offsets, expected.offsets) << text;
    std::vector<std::int32_t> ids;
    model.encode_ids(text, {}, ids);
    ASSERT_EQ(ids, expected.ids) << text;
  }
}

TEST(SubwordTwin, BpeAgreesOnRandomTexts) {
  const std::string folder = testing::data_path("bpe/roberta");
  const auto loaded = tokenizer::load_tokenizer(tokenizer::TokenizerFiles::read(folder));
  compare(*loaded.model, testing::BpeTwin(folder));
}

TEST(SubwordTwin, UnigramAgreesOnRandomTexts) {
  const std::string path = testing::data_path("unigram/albert/spiece.model");
  const auto loaded = tokenizer::load_tokenizer(tokenizer::TokenizerFiles::read(path));
  compare(*loaded.model, testing::UnigramTwin(path, 1, *loaded.model));
}

}  // namespace
}  // namespace bertrt
