#include <gtest/gtest.h>

#include <algorithm>
#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

#include "bertrt/tokenizer.h"

namespace bertrt::tokenizer {
namespace {

/// An added token of which these properties are true.
std::string added(int id, const std::string& content, std::initializer_list<std::string_view> properties = {}) {
  std::string token = R"({"special":false,"id":)" + std::to_string(id) + R"(,"content":")" + content + "\"";
  for (const std::string_view name : {"single_word", "lstrip", "rstrip", "normalized"}) {
    const bool is_set = std::ranges::find(properties, name) != properties.end();
    token += ",\"" + std::string(name) + "\":" + (is_set ? "true" : "false");
  }
  return token + "}";
}

/// "0-1 2-3": offsets that RobertaProcessing trimmed.
std::string offsets(const std::string& tokens, const std::string& normalizer, std::string_view text,
                    bool add_prefix_space = true) {
  const std::string json =
      R"({"added_tokens":[)" + tokens + R"(],"normalizer":)" + normalizer +
      R"(,"post_processor":{"type":"RobertaProcessing","sep":["?",2],"cls":["?",2],"trim_offsets":true,)"
      R"("add_prefix_space":)" +
      (add_prefix_space ? "true" : "false") +
      R"(},"model":{"type":"BPE","unk_token":"?","vocab":{"a":0,"b":1,"?":2," ":3,"m":4," m":5},"merges":[[" ","m"]]}})";
  const std::vector<Tokenizer::File> files = {{"tokenizer.json", json}};
  const Encoding encoding = Tokenizer::from_files(files).encode(text, {.add_special_tokens = false});
  std::string shown;
  for (const Offset& offset : encoding.offsets) {
    shown += (shown.empty() ? "" : " ") + std::to_string(offset.begin) + "-" + std::to_string(offset.end);
  }
  return shown;
}

std::string replace(const std::string& pattern, const std::string& content) {
  return R"({"type":"Replace","pattern":{"Regex":")" + pattern + R"("},"content":")" + content + R"("})";
}

// All as tokenizers 0.23.3 answers.
TEST(OffsetTrim, OfANormalizedTokenIsByItsNormalForm) {
  const std::string line_end = added(6, "\\n", {"normalized"});
  EXPECT_EQ(offsets(line_end, replace("\\\\s", " "), "a\nb"), "0-1 2-2 2-3");
  EXPECT_EQ(offsets(line_end, replace("\\\\s", " "), "\nb"), "0-0 1-2");
  EXPECT_EQ(offsets(added(6, " \u00c9 ", {"normalized"}), R"({"type":"Lowercase"})", "a \u00c9 b"), "0-1 2-4 5-6");
}

TEST(OffsetTrim, OfWhiteSpaceThatANormalizedTokenTakes) {
  const std::string takes = added(6, "M", {"normalized", "lstrip", "rstrip"});
  EXPECT_EQ(offsets(takes, replace("_", " "), "a _M_ b"), "0-1 3-4 6-7");
  EXPECT_EQ(offsets(takes, replace("_", " "), "_M"), "0-2");
  EXPECT_EQ(offsets(takes, replace("_", " "), "_M", false), "1-2");
}

TEST(OffsetTrim, OfATokenWhoseWhiteSpaceIsTaken) {
  const std::string before = added(6, "<m>", {"rstrip"});
  EXPECT_EQ(offsets(before + "," + added(7, " m ", {"lstrip"}), "null", "<m> m a"), "0-3 4-5 6-7");
  EXPECT_EQ(offsets(before + "," + added(7, " m "), "null", "<m> m a"), "0-3 4-5 6-7");
}

TEST(OffsetTrim, LeavesAnEndWithMoreWhiteSpaceThanText) {
  const std::string token = added(6, "M_", {"normalized"});
  EXPECT_EQ(offsets(token, replace("_", "   "), "M_"), "0-2");
  EXPECT_EQ(offsets(token, replace("_", "   "), "aM_a"), "0-1 1-1 3-4");
}

TEST(OffsetTrim, OfTheModelsTokenOfTheSameId) {
  const std::string token = added(5, " m", {"single_word"});
  EXPECT_EQ(offsets(token, "null", "a mb"), "0-1 2-3 3-4");
  EXPECT_EQ(offsets(token, "null", "a m b"), "0-1 2-3 4-4 4-5");
}

}  // namespace
}  // namespace bertrt::tokenizer
