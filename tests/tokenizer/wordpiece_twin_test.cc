// The fast way through WordPiece against a plain one, on random texts; fuzz/tokenizer_fuzz.cc does it without end.

#include "tokenizer/wordpiece_twin.h"

#include <gtest/gtest.h>

#include <random>

namespace bertrt {
namespace {

/// Mostly ASCII in runs of random length, so that blocks and stretches end everywhere; some of anything else.
std::string random_text(std::mt19937& random) {
  static const std::vector<std::string> kScraps = {
      " ",    " ",      "  ",     "\n",     ".",    "-",        "\u00e9", "e\u0301", "\u6f22", "\ud55c",
      "\x01", "\u200b", "\u302e", "\u0323", "\xff", "\xe6\xbc", "\u2019", "\u00a0",  "\u0130", "##"};
  std::string text;
  const std::size_t pieces = random() % 200;
  for (std::size_t i = 0; i < pieces; ++i) {
    if (random() % 3 == 0) {
      text += kScraps[random() % kScraps.size()];
    } else {
      const std::size_t length = random() % 50 == 0 ? random() % 5000 : random() % 20;
      for (std::size_t j = 0; j < length; ++j) text += "abcdeinorstABCDE019"[random() % 19];
    }
  }
  return text;
}

TEST(WordPieceTwin, AgreesOnRandomTexts) {
  std::mt19937 random(7);
  for (const char* name : testing::kTwins) {
    const Tokenizer tokenizer = testing::load_golden_tokenizer(name);
    const testing::WordPieceTwin twin = testing::load_twin(name);
    for (int i = 0; i < 300; ++i) {
      const std::string text = random_text(random);
      const tokenizer::Pieces expected = twin.encode(text);
      const Encoding encoding = tokenizer.encode(text, EncodeOptions{.add_special_tokens = false});
      ASSERT_EQ(encoding.input_ids, expected.ids) << name << ": " << text;
      ASSERT_EQ(encoding.offsets, expected.offsets) << name << ": " << text;
      std::vector<std::int32_t> ids;
      tokenizer.encode_ids(text, ids);
      ASSERT_EQ(ids, expected.ids) << name << ": " << text;
    }
  }
}

}  // namespace
}  // namespace bertrt
