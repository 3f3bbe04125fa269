#include "tokenizer/added_tokens.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace bertrt::tokenizer {
namespace {

/// The segments of a text: an added token as its id, plain text between quotes.
std::string show(const AddedTokenMatcher& matcher, std::string_view text, bool parse_special = true) {
  std::vector<Segment> segments;
  matcher.split(text, parse_special, segments);
  std::string shown;
  for (const Segment& segment : segments) {
    const auto part = std::string(text.substr(segment.range.begin, segment.range.end - segment.range.begin));
    shown += segment.id < 0 ? "'" + part + "'" : std::to_string(segment.id) + "(" + part + ")";
  }
  return shown;
}

struct Listed {
  std::string content = {};
  std::int32_t id = -1;
  bool single_word = false;
  bool lstrip = false;
  bool rstrip = false;
  bool normalized = false;
  bool special = true;
};

AddedTokenMatcher matcher(std::vector<Listed> tokens) {
  std::vector<AddedTokenMatcher::Pattern> patterns;
  for (const Listed& t : tokens) {
    patterns.push_back({t.content, {t.content, t.single_word, t.lstrip, t.rstrip, t.normalized, t.special}, t.id});
  }
  return AddedTokenMatcher(std::move(patterns));
}

TEST(AddedTokens, LeftmostLongest) {
  const auto m = matcher({{.content = "[A]", .id = 1}, {.content = "[A][A]", .id = 2}});
  EXPECT_EQ(show(m, "x[A][A][A]y"), "'x'2([A][A])1([A])'y'");
  EXPECT_EQ(show(m, ""), "");
  EXPECT_EQ(show(m, "[["), "'[['");
}

TEST(AddedTokens, TakeWhiteSpaceWhereAsked) {
  const auto m = matcher({{.content = "<l>", .id = 1, .lstrip = true}, {.content = "<r>", .id = 2, .rstrip = true}});
  EXPECT_EQ(show(m, "a <l> b"), "'a'1( <l>)' b'");
  EXPECT_EQ(show(m, "a <r>  <l> b"), "'a '2(<r>  )1(<l>)' b'");
  EXPECT_EQ(show(m, "a\u3000<l>"), "'a'1(\u3000<l>)");
}

TEST(AddedTokens, WhiteSpaceIsTakenOnce) {
  const auto m = matcher({{.content = "<r>", .id = 1, .rstrip = true}, {.content = " ", .id = 2, .lstrip = true}});
  EXPECT_EQ(show(m, "a<r> b"), "'a'1(<r> )'b'");
  EXPECT_EQ(show(m, "a<r>   b c"), "'a'1(<r>   )'b'2( )'c'");  // where Hugging Face panics
}

// Hugging Face's segments overlap here.
TEST(AddedTokens, WhiteSpaceThatIsTakenIsLookedThroughAgain) {
  const auto m = matcher({{.content = "\n", .id = 1, .rstrip = true}});
  EXPECT_EQ(show(m, "a\n\n \nb"), "'a'1(\n\n \n)1(\n \n)1(\n)'b'");
  EXPECT_EQ(show(m, "\n\n\u3000b\n "), "1(\n\n\u3000)1(\n\u3000)'b'1(\n )");
  const auto both = matcher({{.content = "\n", .id = 1, .rstrip = true}, {.content = " x", .id = 2, .rstrip = true}});
  EXPECT_EQ(show(both, "\n\n x \n"), "1(\n\n )1(\n )2( x \n)1(\n)");
}

TEST(AddedTokens, SingleWords) {
  const auto m = matcher({{.content = "one", .id = 1, .single_word = true}});
  EXPECT_EQ(show(m, "one ones \u00e9one (one)"), "1(one)' ones \u00e9one ('1(one)')'");
}

TEST(AddedTokens, SpecialOnesCanBePlainText) {
  const auto m = matcher({{.content = "[A]", .id = 1}, {.content = "[B]", .id = 2, .special = false}});
  EXPECT_EQ(show(m, "[A][B]", false), "'[A]'2([B])");
}

TEST(AddedTokens, ManyFirstBytes) {
  const auto m = matcher({{.content = "<s>", .id = 1}, {.content = "[S]", .id = 2}, {.content = "\u00e9", .id = 3}});
  EXPECT_EQ(show(m, "<s>a[S]b\u00e9"), "1(<s>)'a'2([S])'b'3(\u00e9)");
}

TEST(AddedTokens, InvalidBytesAreNoWord) {
  const auto m = matcher({{.content = "one", .id = 1, .single_word = true}});
  EXPECT_EQ(show(m, "s\xB6one"), "'s\xB6'1(one)");
  EXPECT_EQ(show(m, "sone"), "'sone'");
}

}  // namespace
}  // namespace bertrt::tokenizer
