// Folders whose small files say something that is easily lost. The expected ids are those of transformers 5.24.0.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <bit>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "bertrt/error.h"
#include "bertrt/tokenizer.h"
#include "tokenizer/files/tokenizer_files.h"
#include "tokenizer/tokenizer_impl.h"

namespace bertrt {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using Ids = std::vector<std::int32_t>;

constexpr std::string_view kVocab = "[PAD]\n[UNK]\n[CLS]\n[SEP]\n[MASK]\na\nb\nA\n<\n>\nx\n";

Tokenizer load(std::vector<Tokenizer::File> files) { return Tokenizer::from_files(files); }

Tokenizer bert(std::string_view settings, std::string_view map = "{}", std::string_view vocab = kVocab) {
  const std::string config = R"({"tokenizer_class": "BertTokenizer")" + std::string(settings) + "}";
  return load({{"vocab.txt", vocab}, {"tokenizer_config.json", config}, {"special_tokens_map.json", map}});
}

Ids ids_of(const Tokenizer& tokenizer, std::string_view text) {
  const auto& ids = tokenizer.encode(text).input_ids;
  return {ids.begin(), ids.end()};
}

template <typename Make>
std::string error_of(Make make) {
  try {
    (void)make();
    return "no error";
  } catch (const Error& error) {
    return error.what();
  }
}

TEST(Folder, DprIsLowercaseWhateverItsSettingsSay) {
  const auto load_as = [](std::string_view name) {
    const std::string config = R"({"tokenizer_class": ")" + std::string(name) + R"(", "do_lower_case": false})";
    return load({{"vocab.txt", kVocab}, {"tokenizer_config.json", config}});
  };
  for (const char* name : {"DPRQuestionEncoderTokenizer", "DPRContextEncoderTokenizer", "DPRReaderTokenizer"}) {
    EXPECT_THAT(ids_of(load_as(name), "A b"), ElementsAre(2, 5, 6, 3)) << name;
  }
  EXPECT_THAT(ids_of(load_as("BertTokenizer"), "A b"), ElementsAre(2, 7, 6, 3));
  EXPECT_TRUE(load_as("DPRQuestionEncoderTokenizer").types_are_input());
  EXPECT_FALSE(load_as("DPRReaderTokenizer").types_are_input());
}

// tokenizer.json of a few words, with one added token.
std::string words_json(std::string_view content, int id, bool special, bool single_word = false) {
  const auto flag = [](bool is_set) { return is_set ? "true" : "false"; };
  return R"({"version": "1.0", "added_tokens": [{"id": )" + std::to_string(id) + R"(, "content": ")" +
         std::string(content) + R"(", "single_word": )" + flag(single_word) +
         R"(, "lstrip": false, "rstrip": false, "normalized": false, "special": )" + flag(special) +
         R"(}], "normalizer": null, "pre_tokenizer": {"type": "Whitespace"}, "post_processor": null, "decoder": null,
         "model": {"type": "WordLevel", "vocab": {"a": 0, "<unk>": 1, "b": 2}, "unk_token": "<unk>"}})";
}

constexpr std::string_view kFast = R"({"tokenizer_class": "PreTrainedTokenizerFast", "unk_token": "<unk>"})";

TEST(Folder, ANamedTokenIsSpecialWhateverTheFileSaysOfIt) {
  const std::string json = words_json("[PAD]", 3, false);
  const auto load_with = [&](std::string_view settings) {
    const std::string config =
        R"({"tokenizer_class": "PreTrainedTokenizerFast", "unk_token": "<unk>")" + std::string(settings) + "}";
    return load({{"tokenizer.json", json}, {"tokenizer_config.json", config}});
  };
  const std::vector<std::int32_t> ids = {0, 3, 2};
  EXPECT_EQ(load_with("").decode(ids, true), "a [PAD] b");
  EXPECT_EQ(load_with(R"(, "pad_token": "[PAD]")").decode(ids, true), "a b");
  EXPECT_EQ(load_with(R"(, "image_token": "[PAD]")").decode(ids, true), "a b");
  EXPECT_EQ(load_with(R"(, "extra_special_tokens": ["[PAD]"])").decode(ids, true), "a [PAD] b");
  EXPECT_THAT(ids_of(load_with(R"(, "split_special_tokens": true)"), "a[PAD]b"), ElementsAre(0, 3, 2));
  EXPECT_THAT(ids_of(load_with(R"(, "split_special_tokens": true, "pad_token": "[PAD]")"), "a[PAD]b"),
              ElementsAre(0, 1, 1, 1, 2));
}

TEST(Folder, OfATokenUnderTwoIdsTheFlagsOfTheHigherCount) {
  const auto ids = [](int of_json, int of_list) {
    const std::string json = words_json("foo", of_json, true, true);
    const std::string list = R"({"foo": )" + std::to_string(of_list) + "}";
    return ids_of(load({{"tokenizer.json", json}, {"tokenizer_config.json", kFast}, {"added_tokens.json", list}}),
                  "a foobar");
  };
  EXPECT_THAT(ids(4, 3), ElementsAre(0, 1));
  EXPECT_THAT(ids(3, 4), ElementsAre(0, 3, 1));
  EXPECT_THAT(ids(3, 3), ElementsAre(0, 1));
}

TEST(Folder, OfTwoTokensUnderOneIdTheLaterInTheFileCounts) {
  const std::string json = words_json("<x>", 3, true);
  const Tokenizer tokenizer = load(
      {{"tokenizer.json", json}, {"tokenizer_config.json", kFast}, {"added_tokens.json", R"({"z": 4, "foo": 4})"}});
  EXPECT_THAT(ids_of(tokenizer, "z foo"), ElementsAre(1, 4));
}

TEST(Folder, WhichAddedTokensOfTheOldListAreSpecial) {
  // The others are looked for in normalized text.
  const auto ids = [](std::string_view settings, std::string_view map = "{}") {
    const std::string config = R"({"tokenizer_class": "BertTokenizer")" + std::string(settings) + "}";
    return ids_of(load({{"vocab.txt", kVocab},
                        {"tokenizer_config.json", config},
                        {"special_tokens_map.json", map},
                        {"added_tokens.json", R"({"A": 7})"}}),
                  "A a");
  };
  const auto special = ElementsAre(2, 7, 5, 3);
  const auto plain = ElementsAre(2, 7, 7, 3);
  EXPECT_THAT(ids(R"(, "mask_token": "A")"), special);
  EXPECT_THAT(ids(R"(, "mask_token": {"__type": "AddedToken", "content": "A"})"), plain);
  EXPECT_THAT(ids("", R"({"mask_token": {"content": "A"}})"), special);
  EXPECT_THAT(ids(R"(, "mask_token": "A")", R"({"mask_token": "[MASK]"})"), plain);
  EXPECT_THAT(ids(R"(, "extra_special_tokens": ["A"])"), special);
  EXPECT_THAT(ids(R"(, "extra_special_tokens": [{"__type": "AddedToken", "content": "A"}])"), plain);
  EXPECT_THAT(ids("", R"({"extra_special_tokens": [{"content": "A"}]})"), special);
}

TEST(Folder, ALlamaIsNoneWhereItsFileSaysByteLevelAnywhere) {
  const auto ids = [](std::string_view entry) {
    const std::string json = R"({"version": "1.0", "added_tokens": [], "normalizer": null,
      "pre_tokenizer": {"type": "Whitespace"}, "post_processor": null, "decoder": null,
      "model": {"type": "BPE", "vocab": {"<unk>": 0, "<s>": 1, "</s>": 2, )" +
                             std::string(entry) + R"("a": 3, "\u2581": 4, "\u2581a": 5},
      "merges": [["\u2581", "a"]], "unk_token": "<unk>", "fuse_unk": true}})";
    return ids_of(load({{"tokenizer.json", json},
                        {"tokenizer_config.json", R"({"tokenizer_class": "LlamaTokenizer", "legacy": false})"}}),
                  "a a");
  };
  EXPECT_THAT(ids(""), ElementsAre(5, 5));
  EXPECT_THAT(ids(R"("ByteLevel": 6, )"), ElementsAre(3, 3));
  EXPECT_THAT(ids(R"("ByteL\u0065vel": 6, )"), ElementsAre(5, 5));
}

std::string unigram_json(int unk_id, std::string_view vocab) {
  return R"({"version": "1.0", "added_tokens": [], "normalizer": null, "pre_tokenizer": null, "post_processor": null,
    "decoder": null, "model": {"type": "Unigram", "unk_id": )" +
         std::to_string(unk_id) + R"(, "vocab": [)" + std::string(vocab) + R"(], "byte_fallback": false}})";
}

TEST(Folder, T5PutsItsSentinelsBehindAListWithout) {
  const std::string json = unigram_json(
      2, R"(["<pad>", 0], ["</s>", 0], ["<unk>", 0], ["\u2581", -2], ["a", -1], ["\u2581a", -1], ["<", -3])");
  const auto load_with = [&](std::string_view settings, std::string_view map) {
    const std::string config = R"({"tokenizer_class": "T5Tokenizer")" + std::string(settings) + "}";
    return load({{"tokenizer.json", json}, {"tokenizer_config.json", config}, {"special_tokens_map.json", map}});
  };
  constexpr std::string_view kText = "a <usr><extra_id_0><extra_id_1><extra_id_7>";
  constexpr std::string_view kTwo = R"(, "extra_ids": 2)";
  EXPECT_THAT(ids_of(load_with(kTwo, R"({"additional_special_tokens": ["<usr>"]})"), kText),
              ElementsAre(5, 7, 8, 9, 3, 6, 2, 4, 2, 1));
  EXPECT_THAT(ids_of(load_with(kTwo, R"({"additional_special_tokens": null})"), kText),
              ElementsAre(5, 3, 6, 2, 7, 8, 3, 6, 2, 4, 2, 1));
  EXPECT_THAT(ids_of(load_with("", R"({"additional_special_tokens": ["<usr>"]})"), kText),
              ElementsAre(5, 7, 8, 9, 15, 1));
  EXPECT_THAT(
      ids_of(load_with(kTwo, R"({"additional_special_tokens": ["<usr>", "<extra_id_7>", "<extra_id_8>"]})"), kText),
      ElementsAre(5, 7, 3, 6, 2, 4, 2, 6, 2, 4, 2, 8, 1));
  EXPECT_THAT(ids_of(load_with(R"(, "extra_ids": 2, "extra_special_tokens": ["<usr>"])", "{}"), kText),
              ElementsAre(5, 7, 3, 6, 2, 4, 2, 6, 2, 4, 2, 6, 2, 4, 2, 1));
  EXPECT_THAT(error_of([&] { return load_with(kTwo, R"({"additional_special_tokens": ["<extra_id_7>"]})"); }),
              HasSubstr("extra_ids"));
}

TEST(Folder, MbartPutsItsLanguagesBeforeAList) {
  const std::string json = unigram_json(3, R"(["<s>", 0], ["<pad>", 0], ["</s>", 0], ["<unk>", 0], ["\u2581", -2],
    ["a", -1], ["\u2581a", -1], ["en_XX", 0])");
  const Tokenizer tokenizer = load({{"tokenizer.json", json},
                                    {"tokenizer_config.json", R"({"tokenizer_class": "MBartTokenizer"})"},
                                    {"special_tokens_map.json", R"({"additional_special_tokens": ["<usr>"]})"}});
  EXPECT_THAT(ids_of(tokenizer, "a <usr> de_DE<x> ro_RO"), ElementsAre(6, 33, 11, 4, 3, 27, 2, 7));
}

TEST(Folder, BertsTemplateWithoutBothItsTokensHasOneId) {
  EXPECT_THAT(ids_of(bert(R"(, "cls_token": null)"), "a"), ElementsAre(2, 5, 3));
  EXPECT_THAT(ids_of(bert(R"(, "cls_token": null, "sep_token": null)"), "a"), ElementsAre(3, 5, 3));
  const std::string vocab = std::string(kVocab) + "None\n";
  EXPECT_THAT(ids_of(bert(R"(, "cls_token": null, "sep_token": "None")", "{}", vocab), "a"), ElementsAre(11, 5, 11));
}

TEST(Folder, NewTokensAreNumberedInTheOrderOfTheFile) {
  const auto ids = [](std::string_view settings, std::string_view text, std::string_view map = "{}") {
    return ids_of(bert(settings, map), text);
  };
  EXPECT_THAT(ids(R"(, "z_token": "<z>", "b_token": "<b>")", "<z><b>"), ElementsAre(2, 11, 12, 3));
  EXPECT_THAT(ids(R"(, "extra_special_tokens": {"z": "<z>", "b": "<b>"})", "<z><b>"), ElementsAre(2, 11, 12, 3));
  EXPECT_THAT(ids(R"(, "additional_special_tokens": {"z": "<z>", "b": "<b>"})", "<z><b>"), ElementsAre(2, 11, 12, 3));
  EXPECT_THAT(ids(R"(, "model_specific_special_tokens": {"z": "<z>", "b": "<b>"})", "<z><b>"),
              ElementsAre(2, 11, 12, 3));
  EXPECT_THAT(ids(R"(, "a_token": "<a>")", "<z><b><a>", R"({"z_token": "<z>", "b_token": "<b>"})"),
              ElementsAre(2, 11, 12, 13, 3));
  // A token with flags goes first; a name that comes again keeps its place.
  EXPECT_THAT(ids(R"(, "z_token": "<z>", "m_token": {"__type": "AddedToken", "content": "<m>"},
                  "extra_special_tokens": {"q": "<q>", "b": "<b>", "z_token": "<y>"})",
                  "<b><m><q><y>"),
              ElementsAre(2, 14, 11, 13, 12, 3));
  EXPECT_THAT(ids(R"(, "model_specific_special_tokens": {"z": "<z>"}, "b_token": "<b>")", "<b>"),
              ElementsAre(2, 11, 3));
}

TEST(Folder, WhichListOfFurtherTokensCounts) {
  const auto ids = [](std::string_view settings, std::string_view text) { return ids_of(bert(settings), text); };
  for (const char* empty : {"[]", "{}", "null"}) {
    EXPECT_THAT(
        ids(R"(, "extra_special_tokens": )" + std::string(empty) + R"(, "additional_special_tokens": ["<x>"])", "<x>"),
        ElementsAre(2, 11, 3))
        << empty;
  }
  EXPECT_THAT(ids(R"(, "extra_special_tokens": {"b": "<b>"}, "additional_special_tokens": ["<x>"])", "<x><b>"),
              ElementsAre(2, 12, 11, 3));
  EXPECT_THAT(ids(R"(, "extra_special_tokens": ["<b>"], "additional_special_tokens": ["<x>"])", "<x><b>"),
              ElementsAre(2, 8, 10, 9, 11, 3));
  for (const char* key : {"extra_special_tokens", "additional_special_tokens"}) {
    EXPECT_THAT(error_of([&] { return bert(", \"" + std::string(key) + R"(": "<x>")"); }), HasSubstr(key));
  }
}

TEST(Folder, AllSpecialTokensAreTheNamedAndTheFurtherOnes) {
  const auto all = [](std::vector<Tokenizer::File> files) {
    return tokenizer::load_tokenizer(tokenizer::TokenizerFiles(files)).config.all_special;
  };
  const auto bert = [&](std::string_view settings, std::string_view map = "{}") {
    const std::string config = R"({"tokenizer_class": "BertTokenizer")" + std::string(settings) + "}";
    return all({{"vocab.txt", kVocab}, {"tokenizer_config.json", config}, {"special_tokens_map.json", map}});
  };
  EXPECT_THAT(bert(""), ElementsAre(1, 3, 0, 2, 4));
  EXPECT_THAT(bert(R"(, "bos_token": "a", "eos_token": "<eos>")"), ElementsAre(5, 11, 1, 3, 0, 2, 4));
  EXPECT_THAT(bert(R"(, "extra_special_tokens": ["<x>", "b"], "z_token": "<z>")"),
              ElementsAre(1, 3, 0, 2, 4, 11, 12, 6));
  EXPECT_THAT(bert(R"(, "additional_special_tokens": ["<x>"], "sep_token": null)"), ElementsAre(1, 0, 2, 4, 11));
  EXPECT_THAT(bert(R"(, "extra_special_tokens": ["[SEP]"], "z_token": "a")"), ElementsAre(1, 3, 0, 2, 4, 5));
  EXPECT_THAT(bert("", R"({"additional_special_tokens": ["<x>"], "eos_token": "b"})"),
              ElementsAre(6, 1, 3, 0, 2, 4, 11));
  // Special among the added tokens, and named nowhere.
  EXPECT_THAT(bert(R"(, "added_tokens_decoder": {"11": {"content": "<x>", "special": true}})"),
              ElementsAre(1, 3, 0, 2, 4));
  constexpr std::string_view kJson = R"({"version": "1.0", "added_tokens": [{"id": 1, "content": "[SEP]",
    "single_word": false, "lstrip": false, "rstrip": false, "normalized": false, "special": true}],
    "normalizer": null, "pre_tokenizer": null, "post_processor": null, "decoder": null,
    "model": {"type": "WordLevel", "vocab": {"[UNK]": 0, "[SEP]": 1, "a": 2, "b": 3}, "unk_token": "[UNK]"}})";
  const auto fast = [&](std::string_view settings) {
    const std::string config = R"({"tokenizer_class": "PreTrainedTokenizerFast")" + std::string(settings) + "}";
    return all({{"tokenizer.json", kJson}, {"tokenizer_config.json", config}});
  };
  EXPECT_THAT(fast(""), ElementsAre());
  EXPECT_THAT(fast(R"(, "eos_token": "b", "extra_special_tokens": ["a"])"), ElementsAre(3, 2));
  EXPECT_THAT(all({{"tokenizer.json", kJson}}), ElementsAre(0, 1));  // names nothing: taken by their usual names
}

// sentence-transformers sets do_lower_case of such a tokenizer, which does not look at it any more.
TEST(Folder, NothingStandsInFrontOfATokenizerWrittenInPython) {
  const auto in_lower_case = [](std::string_view config, std::string_view vocab) {
    const std::vector<Tokenizer::File> files = {{"vocab.txt", vocab}, {"tokenizer_config.json", config}};
    return tokenizer::TokenizerImpl(tokenizer::load_tokenizer(tokenizer::TokenizerFiles(files))).in_lower_case();
  };
  EXPECT_EQ(in_lower_case(R"({"tokenizer_class": "EsmTokenizer"})", "<cls>\n<pad>\n<eos>\n<unk>\nA\n<mask>\n"),
            nullptr);
  EXPECT_EQ(in_lower_case(R"({"tokenizer_class": "BertTokenizer"})", kVocab), nullptr);  // is lower case
  const auto cased = in_lower_case(R"({"tokenizer_class": "BertTokenizer", "do_lower_case": false})", kVocab);
  ASSERT_NE(cased, nullptr);
  Ids ids;
  cased->encode_ids("A[MASK]", ids, true);
  EXPECT_THAT(ids, ElementsAre(5, 4));
}

TEST(Folder, BlankLinesAreOneToken) {
  const auto ids = [](std::string_view vocab) {
    return ids_of(bert(R"(, "additional_special_tokens": ["<z>"])", "{}", vocab), "<z>a");
  };
  EXPECT_THAT(ids(std::string(kVocab) + "\n\n\n"), ElementsAre(2, 12, 5, 3));
  EXPECT_THAT(ids("[PAD]\n[UNK]\n[CLS]\n[SEP]\n[MASK]\n##\na\n"), ElementsAre(2, 7, 6, 3));
  EXPECT_THAT(ids("[PAD]\n[UNK]\n[CLS]\n[SEP]\n[MASK]\n##\na\n##\n\nb\n\n"), ElementsAre(2, 9, 6, 3));
}

// The few fields of a sentencepiece model that count.
class SentencePieceFile {
 public:
  enum Type : unsigned { normal = 1, unknown = 2, control = 3, user_defined = 4 };

  SentencePieceFile& piece(std::string_view text, float score, Type type = normal) {
    std::string one = field(1, text);
    one += static_cast<char>(2U << 3U | 5U);
    const auto bits = std::bit_cast<std::uint32_t>(score);
    for (unsigned i = 0; i < 4; ++i) one += static_cast<char>(bits >> 8U * i & 0xFFU);
    one += number(3, type);
    pieces_ += field(1, one);
    return *this;
  }
  SentencePieceFile& trainer(unsigned key, unsigned value) {
    trainer_ += number(key, value);
    return *this;
  }
  SentencePieceFile& normalizer(unsigned key, unsigned value) {
    normalizer_ += number(key, value);
    return *this;
  }
  std::string bytes() const { return pieces_ + field(2, trainer_) + field(3, normalizer_); }

 private:
  static std::string varint(std::uint64_t value) {
    std::string bytes;
    for (; value > 0x7F; value >>= 7U) bytes += static_cast<char>((value & 0x7FU) | 0x80U);
    return bytes + static_cast<char>(value);
  }
  static std::string field(unsigned key, std::string_view bytes) {
    return varint(key << 3U | 2U) + varint(bytes.size()) + std::string(bytes);
  }
  static std::string number(unsigned key, unsigned value) { return varint(key << 3U) + varint(value); }

  std::string pieces_;
  std::string trainer_;
  std::string normalizer_;
};

SentencePieceFile pieces() {
  SentencePieceFile file;
  file.piece("<unk>", 0, SentencePieceFile::unknown);
  file.piece("<s>", 0, SentencePieceFile::control).piece("</s>", 0, SentencePieceFile::control);
  file.piece("<u>", 0, SentencePieceFile::user_defined);
  file.piece("\u2581a", -1).piece("b", -2).piece("\u2581", -3).piece("a", -4).piece("c", -5);
  return file.piece("\u2581\u2581", -6).piece("c\u2581", -6);
}

SentencePieceFile bpe_pieces() {
  return pieces().trainer(3, 2).piece("ab", -7).piece("\u2581ab", -2.5).piece("bc", -6.5).piece("abc", -1);
}

Tokenizer as_it_stands(const SentencePieceFile& file, std::string_view settings = "") {
  const std::string config = R"({"tokenizer_class": "PreTrainedTokenizerFast")" + std::string(settings) + "}";
  const std::string model = file.bytes();
  return load({{"tokenizer.model", model}, {"tokenizer_config.json", config}});
}

TEST(SentencePieceAlone, UnigramFollowsTheModelsWhiteSpace) {
  const std::string fnet = pieces().bytes();
  for (const Tokenizer& tokenizer :
       {as_it_stands(pieces()), load({{"spiece.model", fnet}, {"config.json", R"({"model_type": "fnet"})"}})}) {
    EXPECT_THAT(ids_of(tokenizer, "ab  c"), ElementsAre(4, 5, 6, 8));
    EXPECT_THAT(ids_of(tokenizer, "<u>b a"), ElementsAre(6, 3, 5, 4));
    EXPECT_THAT(ids_of(tokenizer, " a "), ElementsAre(4));
    EXPECT_THAT(ids_of(tokenizer, "a<u>b"), ElementsAre(4, 3, 5));
    EXPECT_THAT(ids_of(tokenizer, "\u2581a"), ElementsAre(6, 4));
    EXPECT_THAT(ids_of(tokenizer, "</s>a c"), ElementsAre(2, 4, 6, 8));
    EXPECT_EQ(tokenizer.decode(Ids{4, 5, 3, 6, 8}, true), "ab<u> c");
  }
}

TEST(SentencePieceAlone, NotLegacyPutsThePrefixBeforeTheTextAlone) {
  for (const char* legacy : {"false", "null"}) {
    const Tokenizer tokenizer = as_it_stands(pieces(), R"(, "legacy": )" + std::string(legacy));
    EXPECT_THAT(ids_of(tokenizer, "ab  c"), ElementsAre(4, 5, 6, 8)) << legacy;
    EXPECT_THAT(ids_of(tokenizer, " a "), ElementsAre(7)) << legacy;
    EXPECT_THAT(ids_of(tokenizer, "\u2581a"), ElementsAre(4)) << legacy;
    EXPECT_THAT(ids_of(tokenizer, "</s>a c"), ElementsAre(2, 7, 6, 8)) << legacy;
  }
}

TEST(SentencePieceAlone, WithoutPrefixAndWithSpacesKept) {
  const Tokenizer tokenizer = as_it_stands(pieces().normalizer(3, 0).normalizer(4, 0));
  EXPECT_THAT(ids_of(tokenizer, "ab  c"), ElementsAre(7, 5, 9, 8));
  EXPECT_THAT(ids_of(tokenizer, " a "), ElementsAre(4, 6));
  EXPECT_EQ(tokenizer.decode(Ids{4, 5, 6, 8}), " ab c");
}

TEST(SentencePieceAlone, MergesGoByTheScoreOfWhatTheyMake) {
  const Tokenizer tokenizer = as_it_stands(bpe_pieces());
  EXPECT_THAT(ids_of(tokenizer, "ab  c"), ElementsAre(12, 6, 8));
  EXPECT_THAT(ids_of(tokenizer, "abc"), ElementsAre(12, 8));
  EXPECT_THAT(ids_of(tokenizer, "a<u>b"), ElementsAre(4, 3, 5));
  const Tokenizer kept = as_it_stands(bpe_pieces().normalizer(3, 0).normalizer(4, 0));
  EXPECT_THAT(ids_of(kept, "abc"), ElementsAre(14));
  EXPECT_THAT(ids_of(kept, "ab  c"), ElementsAre(11, 9, 8));
}

TEST(SentencePieceAlone, AddedTokensStandBesideAUnigramAndRenameABpesPieces) {
  constexpr std::string_view added = R"(, "added_tokens_decoder": {"8": {"content": "<c>"}, "20": {"content": "zz"}})";
  const Tokenizer unigram = as_it_stands(pieces(), added);
  EXPECT_THAT(ids_of(unigram, "a<c>b"), ElementsAre(4, 11, 6, 5));
  EXPECT_THAT(ids_of(unigram, "azz a"), ElementsAre(4, 12, 4));
  const Tokenizer bpe = as_it_stands(bpe_pieces(), added);
  EXPECT_THAT(ids_of(bpe, "a<c>b"), ElementsAre(4, 8, 6, 5));
  EXPECT_THAT(ids_of(bpe, "azz a"), ElementsAre(4, 15, 4));
}

SentencePieceFile albert_pieces() {
  SentencePieceFile file;
  file.piece("<pad>", 0, SentencePieceFile::control).piece("<unk>", 0, SentencePieceFile::unknown);
  file.piece("[CLS]", 0, SentencePieceFile::control).piece("[SEP]", 0, SentencePieceFile::control);
  file.piece("[MASK]", 0, SentencePieceFile::user_defined);
  file.piece("\u2581a", -1).piece("b", -2).piece("\u2581", -3).piece("<", -4).piece("q", -4).piece(">", -4);
  return file.piece("(", 0, SentencePieceFile::user_defined).trainer(40, 1);
}

/// A sentencepiece model beside a tokenizer_config.json, and perhaps a special_tokens_map.json.
Tokenizer with_model(const char* name, const SentencePieceFile& file, const std::string& config,
                     std::string_view map = "{}") {
  const std::string model = file.bytes();
  return load({{name, model}, {"tokenizer_config.json", config}, {"special_tokens_map.json", map}});
}

TEST(Folder, RemBertAndReformerNameTheirTokensPlainlyAgain) {
  const auto rembert = [](std::string_view settings) {
    return with_model("sentencepiece.model", albert_pieces(),
                      R"({"tokenizer_class": "RemBertTokenizer")" + std::string(settings) + "}");
  };
  constexpr std::string_view added = R"("added_tokens_decoder": {
    "4": {"content": "[MASK]", "lstrip": true, "normalized": false, "special": true},
    "12": {"content": "<q>", "lstrip": true, "rstrip": true, "normalized": false, "special": true}})";
  // A mask_token that the file names keeps what is said of it, one of the class's own does not.
  const Tokenizer named =
      rembert(R"(, "extra_special_tokens": ["<q>"], "mask_token": "[MASK]", )" + std::string(added));
  EXPECT_THAT(ids_of(named, "a <q> a"), ElementsAre(5, 7, 12, 5));
  EXPECT_THAT(ids_of(named, "a [MASK]"), ElementsAre(5, 4));
  EXPECT_THAT(ids_of(rembert(", " + std::string(added)), "a [MASK]"), ElementsAre(5, 7, 4));
  EXPECT_EQ(rembert("").decode(Ids{5, 11, 6}, true), "ab");

  SentencePieceFile bpe;
  bpe.piece("</s>", 0, SentencePieceFile::control).piece("<unk>", 0, SentencePieceFile::unknown);
  bpe.piece("\u2581a", -1).piece("\u2581", -2).piece("a", -3).piece("b", -3).trainer(3, 2);
  const Tokenizer reformer = with_model("spiece.model", bpe,
                                        R"({"tokenizer_class": "ReformerTokenizer", "extra_special_tokens": ["<q>"],
    "added_tokens_decoder": {"6": {"content": "<q>", "lstrip": true, "rstrip": true, "special": true}}})");
  EXPECT_THAT(ids_of(reformer, "a <q> a"), ElementsAre(2, 3, 6, 2));
}

TEST(Folder, FurtherTokensOfTheMapBesideASentencePieceModel) {
  const auto albert = [](std::string_view map) {
    return with_model("spiece.model", albert_pieces(), R"({"tokenizer_class": "AlbertTokenizer"})", map);
  };
  EXPECT_THAT(ids_of(albert("{}"), "a(b <e>"), ElementsAre(2, 5, 11, 7, 6, 7, 8, 1, 10, 3));
  // The new name stands in the place of the model's own pieces, empty, too; the old one gives way to them.
  EXPECT_THAT(ids_of(albert(R"({"extra_special_tokens": ["<e>"]})"), "a(b <e>"), ElementsAre(2, 5, 11, 6, 12, 3));
  EXPECT_THAT(ids_of(albert(R"({"extra_special_tokens": []})"), "a(b"), ElementsAre(2, 5, 11, 6, 3));
  constexpr std::string_view objects = R"({"additional_special_tokens": [{"content": "<e>", "lstrip": false}]})";
  EXPECT_THAT(ids_of(albert(objects), "a(b"), ElementsAre(2, 5, 11, 7, 6, 3));
  EXPECT_THAT(error_of([&] { return bert("", objects); }), HasSubstr("additional_special_tokens"));
}

TEST(Folder, WhatAddedTokensJsonHasIsSpecialByTheNewListAlone) {
  SentencePieceFile t5;
  t5.piece("<pad>", 0, SentencePieceFile::control).piece("</s>", 0, SentencePieceFile::control);
  t5.piece("<unk>", 0, SentencePieceFile::unknown).piece("\u2581a", -1).piece("\u2581", -2).trainer(40, 2);
  const std::string model = t5.bytes();
  constexpr std::string_view map = R"({"additional_special_tokens": ["<extra_id_0>"]})";
  std::vector<Tokenizer::File> files = {
      {"spiece.model", model}, {"config.json", R"({"model_type": "t5"})"}, {"special_tokens_map.json", map}};
  EXPECT_EQ(load(files).decode(Ids{3, 104, 3}, true), "a a");
  files.push_back({"added_tokens.json", R"({"<extra_id_0>": 104})"});
  EXPECT_EQ(load(files).decode(Ids{3, 104, 3}, true), "a<extra_id_0> a");
}

TEST(Folder, TheUnknownPieceIsTheConstructorsNotTheFiles) {
  const auto unigram = [](std::string_view name, std::string_view vocab, std::string_view settings) {
    const std::string config = R"({"tokenizer_class": ")" + std::string(name) + "\"" + std::string(settings) + "}";
    const std::string file =
        R"({"model": {"type": "Unigram", "unk_id": 3, "byte_fallback": false, "vocab": )" + std::string(vocab) + "}}";
    return ids_of(load({{"tokenizer.json", file}, {"tokenizer_config.json", config}}), "a z");
  };
  constexpr std::string_view deberta = R"([["[PAD]", 0.0], ["[CLS]", 0.0], ["[SEP]", 0.0], ["[UNK]", -9.0],
    ["\u2581a", -1.0], ["\u2581", -2.0], ["[MASK]", 0.0]])";
  EXPECT_THAT(unigram("DebertaV2Tokenizer", deberta, ""), ElementsAre(1, 4, 5, 1, 2));
  EXPECT_THAT(unigram("DebertaV2Tokenizer", deberta, R"(, "unk_id": 3)"), ElementsAre(1, 4, 5, 3, 2));
  constexpr std::string_view xlnet = R"([["<unk>", 0.0], ["<s>", 0.0], ["</s>", 0.0], ["<sep>", 0.0], ["<cls>", 0.0],
    ["\u2581a", -1.0], ["\u2581", -2.0]])";
  EXPECT_THAT(unigram("XLNetTokenizer", xlnet, ""), ElementsAre(5, 6, 0, 3, 4));
  EXPECT_THAT(unigram("XLNetTokenizer", xlnet, R"(, "unk_id": 2)"), ElementsAre(5, 6, 2, 3, 4));
  SentencePieceFile model;
  model.piece("<unk>", 0, SentencePieceFile::unknown);
  for (const char* control : {"<s>", "</s>", "<sep>", "<cls>"}) model.piece(control, 0, SentencePieceFile::control);
  model.piece("\u2581a", -1).piece("\u2581", -2).trainer(40, 0);
  EXPECT_THAT(ids_of(with_model("spiece.model", model, R"({"tokenizer_class": "XLNetTokenizer", "unk_id": 2})"), "a z"),
              ElementsAre(5, 6, 0, 3, 4));
}

TEST(Folder, EsmKeepsTheIdsOfAddedTokens) {
  constexpr std::string_view vocab = "<cls>\n<pad>\n<eos>\n<unk>\nL\nA\n<mask>\n";
  const auto esm = [&](std::string_view settings, std::string_view added = "{}") {
    const std::string config = R"({"tokenizer_class": "EsmTokenizer")" + std::string(settings) + "}";
    return load({{"vocab.txt", vocab}, {"tokenizer_config.json", config}, {"added_tokens.json", added}});
  };
  const Tokenizer tokenizer = esm(R"(, "added_tokens_decoder": {"40": {"content": "<e1>", "special": true}})");
  EXPECT_THAT(ids_of(tokenizer, "L<e1>A"), ElementsAre(0, 4, 40, 5, 2));
  EXPECT_EQ(tokenizer.decode(Ids{0, 4, 40, 5}, true), "L <e1> A");  // special by no name
  EXPECT_THAT(ids_of(esm("", R"({"<e1>": 40})"), "L<e1>A"), ElementsAre(0, 4, 40, 5, 2));
  // Two tokens with one id are refused.
  for (const char* added : {R"("5": {"content": "<e1>"}})", R"("40": {"content": "L"}})",
                            R"("40": {"content": "<e1>"}}, "extra_special_tokens": ["<e2>"])"}) {
    EXPECT_THAT(error_of([&] { return esm(R"(, "added_tokens_decoder": {)" + std::string(added)); }),
                HasSubstr("EsmTokenizer"))
        << added;
  }
}

TEST(Folder, AnAddedTokenThatTheModelGivesIsTrimmed) {
  constexpr std::string_view vocab =
      R"({"<s>": 0, "<pad>": 1, "</s>": 2, "<unk>": 3, "<mask>": 4, "a": 5, "b": 6, "\u0120": 7, "\u0120a": 8})";
  constexpr std::string_view config = R"({"tokenizer_class": "RobertaTokenizer", "added_tokens_decoder":
    {"8": {"content": "\u0120a", "normalized": false, "special": true}}})";
  const Tokenizer tokenizer =
      load({{"vocab.json", vocab}, {"merges.txt", "#version: 0.2\n\u0120 a\n"}, {"tokenizer_config.json", config}});
  for (const auto& [text, begin] : {std::pair{"b a", 2U}, std::pair{"b\u0120a", 3U}}) {
    const Encoding encoding = tokenizer.encode(text);
    EXPECT_THAT(encoding.input_ids, ElementsAre(0, 6, 8, 2)) << text;
    EXPECT_EQ(encoding.offsets[2].begin, begin) << text;
    EXPECT_EQ(encoding.offsets[2].end, begin + 1) << text;
  }
}

// A class that builds its stages anew takes little of the file, which has to be one for all that.
TEST(Folder, ATokenizerJsonThatHuggingFaceCannotReadIsAnError) {
  const auto error = [](const std::string& section) {
    const std::string file = "{" + section + R"("model": {"type": "WordPiece", "unk_token": "[UNK]",
      "continuing_subword_prefix": "##", "max_input_chars_per_word": 100,
      "vocab": {"[PAD]": 0, "[UNK]": 1, "[CLS]": 2, "[SEP]": 3, "[MASK]": 4, "a": 5}}})";
    return error_of([&] {
      load({{"tokenizer.json", file}, {"tokenizer_config.json", R"({"tokenizer_class": "BertTokenizer"})"}});
    });
  };
  EXPECT_EQ(error(R"("version": "1.0", "padding": null, "truncation": null, "added_tokens": [], )"), "no error");
  EXPECT_THAT(error(R"("version": "2", )"), HasSubstr("version: expected 1.0"));
  EXPECT_THAT(error(R"("odd": 1, )"), HasSubstr("\"odd\""));
  EXPECT_THAT(error(R"("added_tokens": null, )"), HasSubstr("added_tokens: expected an array, found null"));
  EXPECT_THAT(error(R"("truncation": {}, )"), HasSubstr("truncation.strategy"));
  EXPECT_THAT(error(R"("padding": [], )"), HasSubstr("padding: expected an object"));
  EXPECT_THAT(error(R"("normalizer": {"type": "Precompiled"}, )"), HasSubstr("precompiled_charsmap"));
}

TEST(Folder, APadTokenOfNullIsSaid) {
  constexpr std::string_view file = R"({"padding": {"strategy": "BatchLongest", "direction": "Right",
    "pad_to_multiple_of": null, "pad_id": 0, "pad_type_id": 0, "pad_token": "p"},
    "model": {"type": "WordLevel", "vocab": {"p": 0, "u": 1}, "unk_token": "u"}})";
  const auto padded = [&](std::string_view settings) {
    const std::string config = R"({"tokenizer_class": "PreTrainedTokenizerFast")" + std::string(settings) + "}";
    const Tokenizer tokenizer = load({{"tokenizer.json", file}, {"tokenizer_config.json", config}});
    return tokenizer.encode("a", {.pad_to = 3}).input_ids;
  };
  EXPECT_THAT(padded(""), ElementsAre(1, 0, 0));
  EXPECT_THAT(error_of([&] { return padded(R"(, "pad_token": null)"); }), HasSubstr("pad"));
}

TEST(Folder, AnEncoderDecoderHasItsEncodersClass) {
  const auto ids = [](std::string_view model) {
    return ids_of(load({{"vocab.txt", kVocab}, {"config.json", model}}), "A b");
  };
  EXPECT_THAT(ids(R"({"model_type": "encoder-decoder", "encoder": {"model_type": "bert"}})"), ElementsAre(2, 5, 6, 3));
  EXPECT_THAT(error_of([&] { return ids(R"({"model_type": "vision-text-dual-encoder"})"); }),
              HasSubstr("vision-text-dual-encoder"));
}

TEST(Folder, ANormalizedAddedTokenThatTakesWhiteSpaceIsTrimmed) {
  constexpr std::string_view vocab = "<s>\n<pad>\n</s>\n[UNK]\n<mask>\na\n";
  constexpr std::string_view config = R"({"tokenizer_class": "MPNetTokenizer",
    "added_tokens_decoder": {"6": {"content": "<e>", "lstrip": true, "normalized": true}}})";
  const Encoding encoding =
      load({{"vocab.txt", vocab}, {"tokenizer_config.json", config}}).encode("a  <E> a");  // as transformers 5.24.0
  EXPECT_THAT(encoding.input_ids, ElementsAre(0, 5, 6, 5, 2));
  EXPECT_EQ(encoding.offsets[2].begin, 3U);
  EXPECT_EQ(encoding.offsets[2].end, 6U);
}

}  // namespace
}  // namespace bertrt
