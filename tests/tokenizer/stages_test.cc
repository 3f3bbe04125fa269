// Stages of a tokenizer by themselves: what is written by hand against the library, bounds, and what only our interface
// has.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>
#include <string>
#include <vector>

#include "bertrt/error.h"
#include "bertrt/tokenizer.h"
#include "text/regex.h"
#include "text/utf8.h"
#include "tokenizer/bpe/word_cutter.h"
#include "tokenizer/bpe/word_scanner.h"

namespace bertrt::tokenizer {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

constexpr const char* kGpt2 = R"('s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+)";
constexpr const char* kLlama3 =
    R"((?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+)";
constexpr const char* kQwen2 =
    R"((?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+)";

std::string random_text(std::mt19937& random) {
  static constexpr std::string_view kParts[] = {"a",      "B",          "z9",     "1",  "22",     "'s",     "'LL",
                                                "'Re",    "'\u017f",    "'",      " ",  "  ",     "\n",     "\r\n",
                                                "\t",     "\u00a0",     "!",      "?!", "\u00e9", "\u6f22", "\u0660",
                                                "\u00bd", "\U0001f600", "\u0301", "_",  "\u3000"};
  std::string text;
  for (std::size_t i = 0; i < 1 + random() % 20; ++i) text += kParts[random() % std::size(kParts)];
  return text;
}

std::vector<std::string> cut(WordScanner scanner, std::string_view text) {
  std::vector<std::string> words;
  for (std::size_t begin = 0; begin < text.size();) {
    const std::size_t end = scanner(text, begin);
    words.emplace_back(text.substr(begin, end - begin));
    begin = end;
  }
  return words;
}

TEST(WordScanner, CutsAsTheLibraryDoes) {
  for (const char* pattern : {kGpt2, kLlama3, kQwen2}) {
    const WordScanner scanner = scanner_of(pattern);
    ASSERT_NE(scanner, nullptr) << pattern;
    const text::Regex regex(pattern, "test");
    std::mt19937 random(7);
    for (int i = 0; i < 3000; ++i) {
      const std::string text = random_text(random);
      std::vector<text::Match> matches;
      regex.find_all(text, matches);
      std::vector<std::string> expected;
      for (const text::Match& match : matches) expected.push_back(text.substr(match.begin, match.end - match.begin));
      ASSERT_EQ(cut(scanner, text), expected) << pattern << " of " << text;
    }
  }
  EXPECT_EQ(scanner_of(R"(\w+)"), nullptr);
}

TEST(WordCutter, CutsAsTheScannerDoes) {
  for (const char* pattern : {kGpt2, kLlama3, kQwen2}) {
    const WordScanner scanner = scanner_of(pattern);
    std::mt19937 random(17);
    TextWords words;
    for (int i = 0; i < 3000; ++i) {
      // Over the borders of blocks, and now and then of stretches; mostly ASCII.
      std::string text;
      const std::size_t size = i % 50 == 0 ? 9000 : 1 + random() % 300;
      while (text.size() < size) {
        if (random() % (1 + static_cast<unsigned>(i) % 20) == 0) {
          text += random_text(random);
        } else {
          static constexpr std::string_view kLetters = "abcXYZ  \t'!(.12345\n";
          text += kLetters[random() % kLetters.size()];
        }
        if (random() % 2000 == 0) text.append(random() % 9000, 'x');
      }
      std::vector<std::string> found;
      for (std::size_t begin = 0; begin < text.size();) {
        const std::size_t next = cut_words(scanner, text, begin, words);
        ASSERT_GT(words.size(), 0U);
        for (std::size_t w = 0; w < words.size(); ++w) {
          found.push_back(text.substr(begin + words[w].begin, words[w].size));
        }
        begin = next;
      }
      ASSERT_EQ(found, cut(scanner, text)) << pattern << " of " << text;
    }
  }
}

Tokenizer from_json(const std::string& json) {
  const Tokenizer::File file{"tokenizer.json", json};
  return Tokenizer::from_files({&file, 1});
}

const std::string kModel = R"("model":{"type":"WordLevel","unk_token":"?","vocab":{"?":0,"a":1,"b":2,"\u00e9":3}})";

std::string error_of(const std::string& json) {
  try {
    from_json(json);
  } catch (const Error& error) {
    return error.what();
  }
  return "no error";
}

TEST(Stages, WordIdsCountThePreTokenizersPieces) {
  const Tokenizer tokenizer = from_json(R"({"pre_tokenizer":{"type":"Whitespace"},)" + kModel + "}");
  const Encoding encoding = tokenizer.encode("a  b, a", EncodeOptions{.with_word_ids = true});
  EXPECT_THAT(encoding.word_ids, ElementsAre(0, 1, 2, 3));
  EXPECT_EQ(char_to_token(encoding, 3), 1u);
  EXPECT_EQ(char_to_token(encoding, 1), std::nullopt);
  EXPECT_EQ(word_to_tokens(encoding, 2), std::pair(std::size_t{2}, std::size_t{3}));
  EXPECT_TRUE(tokenizer.encode("a").word_ids.empty());
}

TEST(Stages, WordsGivenByTheCaller) {
  const Tokenizer tokenizer = from_json(R"({"pre_tokenizer":{"type":"Whitespace"},)" + kModel + "}");
  const std::vector<std::string_view> words = {"a b", "\u00e9"};
  const Encoding encoding = code_point_offsets(tokenizer.encode_words(words), words);
  EXPECT_THAT(encoding.input_ids, ElementsAre(1, 2, 3));
  EXPECT_THAT(encoding.word_ids, ElementsAre(0, 0, 1));
  EXPECT_THAT(encoding.offsets, ElementsAre(Offset{0, 1}, Offset{2, 3}, Offset{0, 1}));
}

TEST(Stages, NoOptionsInBraces) {
  const Tokenizer tokenizer = from_json("{" + kModel + "}");
  EXPECT_EQ(tokenizer.encode("a", {}).input_ids, tokenizer.encode("a").input_ids);
  EXPECT_EQ(tokenizer.encode("a", "b").input_ids, (std::vector<std::int32_t>{1, 2}));
}

TEST(Stages, AStreamHoldsBackWhatIsNotComplete) {
  const Tokenizer tokenizer = from_json(
      R"({"decoder":{"type":"Sequence","decoders":[{"type":"ByteFallback"},{"type":"Fuse"}]},
          "model":{"type":"WordLevel","unk_token":"?","vocab":{"?":0,"<0xC3>":1,"<0xA9>":2,"a":3}}})");
  DecodeStream stream(tokenizer);
  EXPECT_EQ(stream.step(3), "a");
  EXPECT_EQ(stream.step(1), "");
  EXPECT_EQ(stream.step(2), "\u00e9");
  EXPECT_EQ(stream.step(3), "a");
}

TEST(Stages, WhatIsNotKnownIsAnErrorThatNamesIt) {
  EXPECT_THAT(error_of(R"({"normalizer":{"type":"NFC","form":1},)" + kModel + "}"), HasSubstr("\"form\""));
  EXPECT_THAT(error_of(R"({"normalizer":{"type":"Sequence","normalizers":[{"type":"Odd"}]},)" + kModel + "}"),
              HasSubstr("normalizers[0]"));
  EXPECT_THAT(error_of(R"({"decoders":null,)" + kModel + "}"), HasSubstr("\"decoders\""));
  EXPECT_THAT(
      error_of(R"({"pre_tokenizer":{"type":"Split","pattern":{"Regex":"("},"behavior":"Removed","invert":false},)" +
               kModel + "}"),
      HasSubstr("regular expression"));
  EXPECT_THAT(error_of(R"({"pre_tokenizer":{"type":"FixedLength","length":0},)" + kModel + "}"), HasSubstr("length"));
  EXPECT_THAT(error_of(R"({"normalizer":{"type":"Prepend","prepend":""},)" + kModel + "}"),
              HasSubstr("a text to put in"));
}

// Each is refused by tokenizers 0.23.3, too; the members that matter to nobody here among them.
TEST(Stages, WhatHuggingFaceCannotReadIsAnError) {
  struct Case {
    const char* section;
    const char* error;
  };
  const Case kCases[] = {
      {R"("added_tokens":null)", ".added_tokens: expected an array, found null"},
      {R"("normalizer":{"type":"Precompiled"})", "normalizer.precompiled_charsmap: expected a value, found none"},
      {R"("normalizer":{"type":"Precompiled","precompiled_charsmap":null})", "expected a text, found null"},
      {R"("normalizer":{"type":"Precompiled","precompiled_charsmap":""})", "expected a trie and its texts"},
      {R"("normalizer":{"type":"Precompiled","precompiled_charsmap":"x"})", "expected base64, found 1 letters"},
      {R"("normalizer":{"type":"Precompiled","precompiled_charsmap":"===="})", "expected base64, found '='"},
      {R"("normalizer":{"type":"Precompiled","precompiled_charsmap":"AAAAAB=="})", "bits behind the last byte"},
      {R"("pre_tokenizer":{"type":"Metaspace","replacement":"_","str_rep":1})", "str_rep: expected a text, found 1"},
      {R"("post_processor":{"type":"ByteLevel","add_prefix_space":true,"trim_offsets":true,"use_regex":null})",
       "post_processor.use_regex: expected true or false, found null"},
      {R"("decoder":{"type":"ByteLevel","add_prefix_space":true,"trim_offsets":true,"use_regex":0})",
       "decoder.use_regex: expected true or false, found 0"},
      {R"("decoder":{"type":"Metaspace","replacement":"_","split":"no"})", "decoder.split: expected true or false"},
      {R"("truncation":{})", "truncation.strategy: expected a value, found none"},
      {R"("truncation":{"max_length":8,"stride":0})", "truncation.strategy: expected a value, found none"},
      {R"("truncation":{"max_length":8,"stride":0,"strategy":"Longest"})", "LongestFirst, OnlyFirst or OnlySecond"},
      {R"("truncation":{"max_length":8,"strategy":"OnlyFirst"})", "truncation.stride: expected a value, found none"},
      {R"("truncation":{"max_length":8,"strategy":"OnlyFirst","stride":-1})", "truncation.stride: expected a number"},
      {R"("truncation":{"strategy":"OnlyFirst","stride":0})", "truncation.max_length: expected a value, found none"},
      {R"("truncation":{"max_length":null,"strategy":"OnlyFirst","stride":0})", "truncation.max_length: expected"},
      {R"("padding":{"direction":"Left","pad_id":0,"pad_type_id":0,"pad_token":"?"})",
       "padding.strategy: expected a value, found none"},
      {R"("padding":{"strategy":"Longest","direction":"Left","pad_id":0,"pad_type_id":0,"pad_token":"?"})",
       "padding.strategy: expected BatchLongest or Fixed"},
      {R"("padding":{"strategy":{"Fixed":-1},"direction":"Left","pad_id":0,"pad_type_id":0,"pad_token":"?"})",
       "padding.strategy.Fixed: expected a number"},
      {R"("padding":{"strategy":"BatchLongest","pad_id":0,"pad_type_id":0,"pad_token":"?"})",
       "padding.direction: expected a value, found none"},
      {R"("padding":{"strategy":"BatchLongest","direction":"Left","pad_to_multiple_of":true,"pad_id":0,
                     "pad_type_id":0,"pad_token":"?"})",
       "padding.pad_to_multiple_of: expected a number"}};
  for (const Case& one : kCases) {
    EXPECT_THAT(error_of(std::string("{") + one.section + "," + kModel + "}"), HasSubstr(one.error)) << one.section;
  }
}

// Members that it passes over where they are null or missing.
TEST(Stages, WhatHuggingFaceReadsWithoutIsNoError) {
  for (const char* section :
       {R"("pre_tokenizer":{"type":"Metaspace","replacement":"_","split":null,"str_rep":null})",
        R"("decoder":{"type":"Metaspace","replacement":"_","split":null,"str_rep":null})",
        R"("post_processor":{"type":"ByteLevel","add_prefix_space":true,"trim_offsets":true})",
        R"("truncation":{"max_length":8,"strategy":"OnlySecond","stride":0})", R"("truncation":null,"padding":null)",
        R"("padding":{"strategy":{"Fixed":0},"direction":"Left","pad_id":0,"pad_type_id":0,"pad_token":"?"})",
        R"("padding":{"strategy":"BatchLongest","direction":"Left","pad_to_multiple_of":null,"pad_id":0,
                      "pad_type_id":0,"pad_token":"?"})"}) {
    EXPECT_EQ(error_of(std::string("{") + section + "," + kModel + "}"), "no error") << section;
  }
}

TEST(Stages, NestingIsBounded) {
  std::string deep;
  for (int i = 0; i < 100000; ++i) deep += R"({"type":"Sequence","normalizers":[)";
  EXPECT_THAT(error_of(R"({"normalizer":)" + deep + "," + kModel + "}"), HasSubstr("tokenizer.json"));
  std::string closed = deep + R"({"type":"NFC"})";
  for (int i = 0; i < 100000; ++i) closed += "]}";
  EXPECT_THAT(error_of(R"({"normalizer":)" + closed + "," + kModel + "}"), HasSubstr("deep"));
}

TEST(Stages, AMegabyteOfAnything) {
  const char* const kStages[] = {
      R"("normalizer":{"type":"NFKC"},"pre_tokenizer":{"type":"Whitespace"},)",
      R"("pre_tokenizer":{"type":"Split","pattern":{"Regex":"\\s+(?!\\S)|\\s+|\\S+"},"behavior":"Isolated","invert":false},)",
      R"("pre_tokenizer":{"type":"Metaspace","replacement":"_","prepend_scheme":"always"},)",
      R"("pre_tokenizer":{"type":"Digits","individual_digits":true},)"};
  for (const char* stages : kStages) {
    const Tokenizer tokenizer = from_json(std::string("{") + stages + kModel + "}");
    for (const std::string unit : {"a", " ", "a ", "\u0301", "\U0001f468\u200d\U0001f469"}) {
      std::string text;
      while (text.size() < (std::size_t{1} << 20U)) text += unit;
      EXPECT_LE(tokenizer.encode(text).size(), text.size());
    }
  }
}

}  // namespace
}  // namespace bertrt::tokenizer
