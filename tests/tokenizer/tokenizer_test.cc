#include "bertrt/tokenizer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <random>
#include <thread>

#include "bertrt/error.h"
#include "tokenizer/golden.h"

namespace bertrt {
namespace {

namespace fs = std::filesystem;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

const Tokenizer& bert() {
  static const Tokenizer tokenizer = testing::load_golden_tokenizer("main");
  return tokenizer;
}

Tokenizer from_memory(std::vector<Tokenizer::File> files) { return Tokenizer::from_files(files); }

template <typename Action>
Error error_of(Action action) {
  try {
    action();
  } catch (const Error& error) {
    return error;
  }
  return {ErrorCode::runtime, "nothing", "an error", "none"};
}

constexpr std::string_view kVocab = "[PAD]\n[UNK]\n[CLS]\n[SEP]\n[MASK]\nhello\nworld\n##s\nHello\n";

TEST(Tokenizer, ReadsWhatItNeedsFromVocabTxt) {
  const Tokenizer tokenizer = from_memory({{"vocab.txt", kVocab}});
  EXPECT_EQ(tokenizer.family(), "wordpiece");
  EXPECT_EQ(tokenizer.vocab_size(), 9u);
  EXPECT_EQ(tokenizer.special_tokens().mask, 4);
  EXPECT_THAT(tokenizer.encode("Hello worlds [MASK]").input_ids, ElementsAre(2, 5, 6, 7, 4, 3));
}

TEST(Tokenizer, HonoursTokenizerConfig) {
  const Tokenizer cased =
      from_memory({{"vocab.txt", kVocab}, {"tokenizer_config.json", R"({"do_lower_case": false})"}});
  EXPECT_THAT(cased.encode("Hello hello HELLO").input_ids, ElementsAre(2, 8, 5, 1, 3));
  const Tokenizer left = from_memory({{"vocab.txt", kVocab}, {"tokenizer_config.json", R"({"padding_side": "left"})"}});
  const Encoding padded = left.encode("hello", EncodeOptions{.pad_to = 5});
  EXPECT_THAT(padded.input_ids, ElementsAre(0, 0, 2, 5, 3));
  EXPECT_THAT(padded.attention_mask, ElementsAre(0, 0, 1, 1, 1));
}

TEST(Tokenizer, WindowsLineEndsAndNoLastLineEnd) {
  const Tokenizer tokenizer = from_memory({{"vocab.txt", "[PAD]\r\n[UNK]\r\n[CLS]\r\n[SEP]\r\nhello"}});
  EXPECT_THAT(tokenizer.encode("hello").input_ids, ElementsAre(2, 4, 3));
  EXPECT_EQ(tokenizer.special_tokens().mask, 5) << "the class's mask is not in the vocabulary: a new id behind it";
}

TEST(Tokenizer, MpnetHasItsOwnTemplate) {
  const Tokenizer tokenizer = from_memory({{"vocab.txt", "<s>\n<pad>\n</s>\n<unk>\nhello\n[UNK]\n<mask>\n"},
                                           {"tokenizer_config.json", R"({"tokenizer_class": "MPNetTokenizer"})"}});
  const Encoding pair = tokenizer.encode("hello <mask>", "hello");
  EXPECT_THAT(pair.input_ids, ElementsAre(0, 4, 6, 2, 2, 4, 2));
  EXPECT_EQ(pair.token_type_ids, std::vector<std::int32_t>(7, 0));
  EXPECT_EQ(pair.offsets[2], (Offset{6, 12})) << "the space that the mask takes is trimmed off";
  // The normalizer takes the U+FFFD out, but special tokens are looked for before it.
  EXPECT_THAT(tokenizer.encode("<pad\ufffd>").input_ids, ElementsAre(0, 5, 5, 5, 2));
}

TEST(Tokenizer, OverflowWithoutSpecialTokensKeepsItsTypes) {
  // As Hugging Face's RobertaProcessing leaves it: types 0 for the encoding, the raw ones behind it.
  const Tokenizer tokenizer = from_memory({{"vocab.txt", "<s>\n<pad>\n</s>\n<unk>\nhello\n[UNK]\n<mask>\n"},
                                           {"tokenizer_config.json", R"({"tokenizer_class": "MPNetTokenizer"})"}});
  EncodeOptions options{.max_length = 3, .truncation = Truncation::only_second, .add_special_tokens = false};
  const Encoding bare = tokenizer.encode("hello", "hello hello hello", options);
  EXPECT_EQ(bare.token_type_ids, (std::vector<std::int32_t>{0, 0, 0}));
  EXPECT_EQ(bare.overflowing.at(0).token_type_ids, (std::vector<std::int32_t>{0, 1}));
  options.add_special_tokens = true;
  options.max_length = 7;
  const Encoding whole = tokenizer.encode("hello", "hello hello hello", options);
  EXPECT_EQ(whole.overflowing.at(0).token_type_ids, std::vector<std::int32_t>(6, 0));
}

TEST(Tokenizer, OverflowCanBeLeftAway) {
  const Tokenizer tokenizer = from_memory({{"vocab.txt", "[PAD]\n[UNK]\n[CLS]\n[SEP]\na\nb\n"}});
  EncodeOptions options{.max_length = 5, .truncation = Truncation::longest_first};
  for (const bool words : {false, true}) {
    options.with_word_ids = words;
    options.with_overflow = true;
    const Encoding whole = tokenizer.encode("a b a b a b", "b a", options);
    EXPECT_FALSE(whole.overflowing.empty());
    options.with_overflow = false;
    const Encoding cut = tokenizer.encode("a b a b a b", "b a", options);
    EXPECT_TRUE(cut.overflowing.empty());
    EXPECT_EQ(cut.input_ids, whole.input_ids);
    EXPECT_EQ(cut.token_type_ids, whole.token_type_ids);
    EXPECT_EQ(cut.sequence_ids, whole.sequence_ids);
  }
}

TEST(Tokenizer, OfATokenThatComesTwiceTheLastIdCounts) {
  const Tokenizer tokenizer =
      from_memory({{"vocab.txt", "[PAD]\n[UNK]\n[CLS]\n[SEP]\n[MASK]\nhello\n##s\nhello\n##s\n"}});
  EXPECT_THAT(tokenizer.encode("hellos").input_ids, ElementsAre(2, 7, 8, 3));
  EXPECT_EQ(tokenizer.token_to_id("hello"), 7);
  EXPECT_EQ(tokenizer.id_to_token(5), std::nullopt);
  EXPECT_EQ(tokenizer.id_to_token(6), std::nullopt);
  EXPECT_EQ(tokenizer.id_to_token(7), "hello");
  EXPECT_EQ(tokenizer.vocab_size(), 9u);
}

// tokenizers 0.23.3: id_to_token(6) is "hello", token_to_id("Hello") 6, token_to_id("hello") None.
TEST(Tokenizer, AddedTokensThatAreNormalizedAreGivenSo) {
  const Tokenizer tokenizer = from_memory({{"tokenizer.json", R"({"version": "1.0",
    "added_tokens": [{"id": 6, "content": "Hello", "single_word": false, "lstrip": false, "rstrip": false,
                      "normalized": true, "special": false},
                     {"id": 7, "content": "World", "single_word": false, "lstrip": false, "rstrip": false,
                      "normalized": false, "special": false}],
    "normalizer": {"type": "Lowercase"}, "pre_tokenizer": {"type": "WhitespaceSplit"},
    "model": {"type": "WordLevel", "unk_token": "[UNK]",
              "vocab": {"[UNK]": 0, "[CLS]": 1, "[SEP]": 2, "[PAD]": 3, "a": 4, "b": 5}}})"}});
  EXPECT_EQ(tokenizer.encode("HELLO a World").input_ids, (std::vector<std::int32_t>{6, 4, 7}));
  EXPECT_EQ(tokenizer.id_to_token(6), "hello");
  EXPECT_EQ(tokenizer.id_to_token(7), "World");
  EXPECT_EQ(tokenizer.token_to_id("Hello"), 6);
  EXPECT_EQ(tokenizer.token_to_id("hello"), std::nullopt);
}

TEST(Tokenizer, TokensMayHoldAZero) {
  auto document = nlohmann::json::parse(testing::read_file(testing::data_path("wordpiece/small/no_clean.json")));
  document["model"]["vocab"] =
      nlohmann::json::parse(R"({"[PAD]": 0, "[UNK]": 1, "[CLS]": 2, "[SEP]": 3, "a": 4, "a\u0000b": 5, "##c": 6})");
  document["added_tokens"] = nlohmann::json::array();
  document["post_processor"] = nullptr;
  const std::string bytes = document.dump();
  const Tokenizer tokenizer = from_memory({{"tokenizer.json", bytes.c_str()}});
  using namespace std::string_literals;
  EXPECT_EQ(tokenizer.token_to_id("a"), 4);
  EXPECT_EQ(tokenizer.token_to_id("a\0b"s), 5);
  EXPECT_EQ(tokenizer.token_to_id("a\0"s), std::nullopt);
  EXPECT_THAT(tokenizer.encode("a\0bc a"s).input_ids, ElementsAre(5, 6, 4));
}

TEST(Tokenizer, AMegabyteOfOneWord) {
  const std::string word(1 << 20, 'a');
  const Encoding encoding = bert().encode(word);
  EXPECT_THAT(bert().tokens(encoding), ElementsAre("[CLS]", "[UNK]", "[SEP]"));
  EXPECT_EQ(encoding.offsets[1], (Offset{0, 1 << 20}));
  std::string accented;
  for (int i = 0; i < 1 << 19; ++i) accented += "\u00e9";
  EXPECT_EQ(bert().encode(accented).offsets[1], (Offset{0, 1 << 20}));
}

TEST(Tokenizer, StretchesJoinAtEveryPlace) {
  // Words across the ends of the 64-byte blocks and 4096-byte stretches that the fast path reads.
  const std::vector<std::int32_t> hello{*bert().token_to_id("hello"), *bert().token_to_id(",")};
  for (std::size_t shift = 4080; shift < 4110; ++shift) {
    const std::string text = std::string(shift, ' ') + "Hello, \u00e9hello" + std::string(60, '!') + "hello";
    const Encoding encoding = bert().encode(text, EncodeOptions{.add_special_tokens = false});
    ASSERT_EQ(encoding.input_ids[0], hello[0]);
    ASSERT_EQ(encoding.input_ids[1], hello[1]);
    ASSERT_EQ(encoding.input_ids.back(), hello[0]);
    ASSERT_EQ(encoding.offsets.back(),
              (Offset{static_cast<std::uint32_t>(text.size() - 5), static_cast<std::uint32_t>(text.size())}));
    ASSERT_EQ(encoding.offsets[0].begin, shift);
  }
}

TEST(Tokenizer, SpecialTokensInTextCanBeForbidden) {
  const auto id = bert().special_tokens().sep;
  const Encoding parsed = bert().encode("a [SEP] b");
  EXPECT_EQ(parsed.input_ids[2], id);
  EXPECT_EQ(parsed.special_tokens_mask[2], 0) << "written by the user, not put in by the template";
  const Encoding plain = bert().encode("a [SEP] b", EncodeOptions{.parse_special_tokens = false});
  EXPECT_EQ(std::count(plain.input_ids.begin(), plain.input_ids.end(), id), 1) << "the template's own";
}

TEST(Tokenizer, IdsAloneAreTheSame) {
  const EncodeOptions fast{.with_offsets = false};
  const Encoding encoding = bert().encode("It's caf\u00e9 [MASK]!", fast);
  EXPECT_EQ(encoding.input_ids, bert().encode("It's caf\u00e9 [MASK]!").input_ids);
  EXPECT_TRUE(encoding.offsets.empty());
  std::vector<std::int32_t> ids{7};
  bert().encode_ids("hello", ids);
  EXPECT_THAT(ids, ElementsAre(7, *bert().token_to_id("hello")));
}

TEST(Tokenizer, BatchKeepsOrderOnAnyNumberOfThreads) {
  std::vector<std::string> texts;
  for (int i = 0; i < 500; ++i) texts.push_back("text number " + std::to_string(i) + std::string(i % 7, '!'));
  for (const std::size_t threads : {0, 1, 2, 9}) {
    const auto encodings = bert().encode_batch(texts, {}, threads);
    ASSERT_EQ(encodings.size(), texts.size());
    for (std::size_t i = 0; i < texts.size(); ++i) ASSERT_EQ(encodings[i].input_ids, bert().encode(texts[i]).input_ids);
  }
  const auto error = error_of([&] { bert().encode_batch(texts, EncodeOptions{.max_length = 3}, 4); });
  EXPECT_EQ(error.code(), ErrorCode::input_too_long);
}

TEST(Tokenizer, CopiesAreSharedByThreads) {
  const Tokenizer copy = bert();
  std::vector<std::thread> threads;
  std::atomic<int> wrong{0};
  const auto expected = bert().encode("Caf\u00e9s unaffable 12").input_ids;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&] {
      for (int j = 0; j < 200; ++j) wrong += copy.encode("Caf\u00e9s unaffable 12").input_ids != expected;
    });
  }
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(wrong, 0);
}

TEST(Tokenizer, CodePointOffsets) {
  const std::string text = "caf\u00e9 \U0001f600 ok";
  const Encoding encoding = code_point_offsets(bert().encode(text), text);
  EXPECT_EQ(encoding.offsets[1], (Offset{0, 4}));
  EXPECT_EQ(encoding.offsets[encoding.size() - 2], (Offset{7, 9}));
  EXPECT_EQ(error_of([&] { code_point_offsets(bert().encode(text), "short"); }).code(), ErrorCode::invalid_argument);
}

TEST(Tokenizer, BadFilesAreClearErrors) {
  const fs::path folder =
      fs::temp_directory_path() / ("bertrt_tokenizer_test" + std::to_string(std::random_device()()));
  fs::create_directories(folder / "empty");
  const auto code_of = [](const fs::path& path) { return error_of([&] { Tokenizer::load(path); }).code(); };
  EXPECT_EQ(code_of(folder / "nothing.txt"), ErrorCode::file_not_found);
  EXPECT_EQ(code_of(folder / "empty"), ErrorCode::file_not_found);
  std::ofstream(folder / "vocab.txt").close();
  EXPECT_EQ(code_of(folder / "vocab.txt"), ErrorCode::invalid_format);
  std::ofstream(folder / "vocab.dat") << "x";
  EXPECT_EQ(code_of(folder / "vocab.dat"), ErrorCode::unsupported);
  fs::remove_all(folder);
}

TEST(Tokenizer, BadContentIsAClearError) {
  const auto load = [](std::string_view name, std::string_view bytes) {
    return error_of([&] { from_memory({{std::string(name), bytes}}); });
  };
  EXPECT_THAT(load("vocab.txt", "hello\nworld\n").what(), HasSubstr("[UNK]"));
  EXPECT_THAT(load("vocab.txt", "[UNK]\nworld\n").what(), HasSubstr("[CLS]"));
  EXPECT_EQ(load("vocab.txt", std::string_view("PK\x03\x04\0\0", 6)).code(), ErrorCode::invalid_format);
  EXPECT_EQ(load("tokenizer.json", "{").code(), ErrorCode::invalid_format);
  EXPECT_EQ(load("tokenizer.json", "[]").code(), ErrorCode::invalid_format);
  EXPECT_EQ(load("tokenizer.json", R"({"model": {"type": "WordLevel", "vocab": {}}})").code(),
            ErrorCode::invalid_format);
  EXPECT_EQ(
      load("tokenizer.json", R"({"model": {"type": "WordPiece", "vocab": {"[UNK]": 0}}, "normalizer": null})").code(),
      ErrorCode::invalid_format);
  EXPECT_EQ(load("tokenizer.json", R"({"model": {"type": "WordPiece", "vocab": {"a": "b"}},
      "normalizer": {"type": "BertNormalizer"}, "pre_tokenizer": {"type": "BertPreTokenizer"}})")
                .code(),
            ErrorCode::invalid_format);
  EXPECT_THAT(load("tokenizer.json", R"({"model": {"type": "WordPiece", "vocab": {"[UNK]": 0}, "unk_token": "[UNK]",
      "continuing_subword_prefix": "##", "max_input_chars_per_word": -1}})")
                  .what(),
              HasSubstr("max_input_chars_per_word: expected a number that is not negative, found -1"));
  EXPECT_EQ(load("readme.md", "hello").code(), ErrorCode::unsupported);
  EXPECT_EQ(error_of([] {
              from_memory({{"vocab.txt", kVocab}, {"tokenizer_config.json", "{]"}});
            }).code(),
            ErrorCode::invalid_format);
  EXPECT_EQ(error_of([] { from_memory({}); }).code(), ErrorCode::unsupported);
}

TEST(Tokenizer, BadArguments) {
  EXPECT_EQ(error_of([] { bert().encode("a b c", EncodeOptions{.max_length = 1}); }).code(),
            ErrorCode::invalid_argument);
  EXPECT_EQ(error_of([] { bert().encode("a b c d", EncodeOptions{.max_length = 4}); }).code(),
            ErrorCode::input_too_long);
  const std::int32_t outside[] = {101, 30522};
  EXPECT_EQ(error_of([&] { bert().decode(outside); }).code(), ErrorCode::invalid_argument);
  EXPECT_EQ(bert().id_to_token(30522), std::nullopt);
  EXPECT_EQ(bert().id_to_token(-1), std::nullopt);
  EXPECT_EQ(bert().token_to_id("no such token"), std::nullopt);
  const Tokenizer no_pad =
      from_memory({{"vocab.txt", "[UNK]\n[CLS]\n[SEP]\n"}, {"tokenizer_config.json", R"({"pad_token": null})"}});
  EXPECT_EQ(error_of([&] { no_pad.encode("a", EncodeOptions{.pad_to = 9}); }).code(), ErrorCode::invalid_argument);
}

TEST(Tokenizer, TokensHasAnEmptyOneForAnIdThatHasNone) {
  Encoding encoding = bert().encode("hello", EncodeOptions{.add_special_tokens = false});
  encoding.input_ids = {101, 30522, -1, 102};
  EXPECT_THAT(bert().tokens(encoding), ElementsAre("[CLS]", "", "", "[SEP]"));
  // A gap of the vocabulary, which decode() passes over.
  const Tokenizer gap = from_memory({{"tokenizer.json", R"({"post_processor": {"type": "BertProcessing",
      "cls": ["[CLS]", 2], "sep": ["[SEP]", 3]}, "model": {"type": "WordLevel", "unk_token": "a",
      "vocab": {"a": 0, "b": 4}}})"}});
  const Encoding own = gap.encode("b");
  EXPECT_THAT(own.input_ids, ElementsAre(2, 4, 3));
  EXPECT_THAT(gap.tokens(own), ElementsAre("", "b", ""));
  EXPECT_EQ(gap.id_to_token(2), std::nullopt);
  EXPECT_EQ(gap.decode(own.input_ids), "b");
}

TEST(Tokenizer, BoundsWhatItIsPaddedTo) {
  const Error error = error_of([] { bert().encode("a", EncodeOptions{.pad_to = 100'000'001}); });
  EXPECT_EQ(error.code(), ErrorCode::invalid_argument);
  EXPECT_THAT(error.what(), HasSubstr("pad_to: expected at most 100000000, found 100000001"));
  EXPECT_EQ(error_of([] { bert().encode("a", EncodeOptions{.pad_to = SIZE_MAX}); }).code(),
            ErrorCode::invalid_argument);
}

TEST(Tokenizer, PaddingIsOfNoWord) {
  const Encoding padded =
      bert().encode("", EncodeOptions{.pad_to = 3, .add_special_tokens = false, .with_word_ids = true});
  EXPECT_THAT(padded.word_ids, ElementsAre(-1, -1, -1));
}

TEST(Tokenizer, OneThatWasMovedFromSaysSo) {
  Tokenizer from = bert();
  const Tokenizer to = std::move(from);
  const Tokenizer none(nullptr);
  for (const Tokenizer& gone : {from, none}) {
    const auto says_so = [](const auto& call) {
      const Error error = error_of(call);
      EXPECT_EQ(error.code(), ErrorCode::invalid_argument);
      EXPECT_THAT(error.what(), HasSubstr("moved from"));
    };
    const std::vector<std::string> texts;
    const std::vector<std::string_view> words = {"a"};
    const std::vector<std::int32_t> ids = {1};
    says_so([&] { gone.encode("a"); });
    says_so([&] { gone.encode("a", "b"); });
    says_so([&] { gone.encode_words(words); });
    says_so([&] { gone.encode_batch(texts); });
    says_so([&] {
      std::vector<std::int32_t> out;
      gone.encode_ids("a", out);
    });
    says_so([&] { gone.decode(ids); });
    says_so([&] { static_cast<void>(gone.id_to_token(1)); });
    says_so([&] { static_cast<void>(gone.token_to_id("a")); });
    says_so([&] { DecodeStream(gone).step(1); });
    EXPECT_EQ(gone.vocab_size(), 0U);
    EXPECT_EQ(gone.model_max_length(), 0U);
    EXPECT_EQ(gone.special_tokens().pad, -1);
    EXPECT_FALSE(gone.types_are_input());
    EXPECT_EQ(gone.family(), "");
  }
  DecodeStream stream(to);
  const DecodeStream other = std::move(stream);
  EXPECT_THAT(error_of([&] { stream.step(1); }).what(), HasSubstr("moved from"));
}

TEST(DecodeStream, GoesOnBehindAnIdThatIsRefused) {
  DecodeStream stream(bert());
  DecodeStream same = stream;
  EXPECT_EQ(error_of([&] { stream.step(-1); }).code(), ErrorCode::invalid_argument);
  for (const std::int32_t id : bert().encode("hello world").input_ids) EXPECT_EQ(stream.step(id), same.step(id));
}

TEST(Tokenizer, AnErrorOfABatchNamesTheText) {
  std::vector<std::string> texts(50, "a");
  texts[37] = "one two three four five";
  const Error error = error_of([&] { bert().encode_batch(texts, EncodeOptions{.max_length = 4}); });
  EXPECT_EQ(error.code(), ErrorCode::input_too_long);
  EXPECT_THAT(error.what(), HasSubstr("text 37, "));
}

}  // namespace
}  // namespace bertrt
