#include "text/bert_normalizer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace bertrt::text {
namespace {

using ::testing::ElementsAre;

NormalizedText normalize(std::string_view text, const BertNormalizerOptions& options = {}) {
  NormalizedText normalized;
  normalize_bert(text, options, normalized);
  return normalized;
}

TEST(BertNormalizer, CleansAndLowers) {
  EXPECT_EQ(normalize("A\tb\x01\xEF\xBF\xBD\u200b C").bytes, "a b c");
  EXPECT_EQ(normalize("\u00c9t\u00e9 \u6f22a").bytes, "ete  \u6f22 a");
}

TEST(BertNormalizer, FlagsAreIndependent) {
  EXPECT_EQ(normalize("\u00c9", {.strip_accents = false}).bytes, "\u00e9");
  EXPECT_EQ(normalize("\u00c9", {.lowercase = false}).bytes, "E");
  EXPECT_EQ(normalize("\u6f22", {.handle_chinese_chars = false}).bytes, "\u6f22");
  EXPECT_EQ(normalize("\x01", {.clean_text = false}).bytes, "\x01");
  EXPECT_EQ(normalize("\u0130", {.strip_accents = false}).bytes, "i\u0307");
}

TEST(BertNormalizer, PutsMarksInCanonicalOrder) {
  // U+302E (224) and U+302F are spacing marks, so they stay: the order shows. U+0301 (230) goes.
  EXPECT_EQ(normalize("a\u0301\u302e").bytes, "a\u302e");
  EXPECT_EQ(normalize("a\U0001d165\u302e\U0001d166").bytes, "a\U0001d165\U0001d166\u302e");
}

TEST(BertNormalizer, SourcesAreTheCallersBytes) {
  const NormalizedText text = normalize("\xff\u00e9\ud55c");
  ASSERT_EQ(text.bytes, "e\u1112\u1161\u11ab");
  EXPECT_EQ(text.source[0], (Offset{1, 3}));
  for (std::size_t i = 1; i < text.bytes.size(); ++i) EXPECT_EQ(text.source[i], (Offset{3, 6}));
  EXPECT_EQ(text.to_source({0, 4}), (Offset{1, 6}));
}

TEST(BertNormalizer, RemovedCharactersDoNotPartMarks) {
  // The control character between two marks is gone before they are ordered.
  EXPECT_EQ(normalize("a\u302e\x01\U0001d165").bytes, "a\U0001d165\u302e");
}

}  // namespace
}  // namespace bertrt::text
