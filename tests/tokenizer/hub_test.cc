// Classes of transformers that folders name. The expected ids are those of transformers 5.24.0.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <random>
#include <string>
#include <vector>

#include "bertrt/error.h"
#include "bertrt/tokenizer.h"
#include "tokenizer/hub/class_choice.h"
#include "tokenizer/unigram/sentencepiece_bpe.h"
#include "tokenizer/whole_tokens.h"

namespace bertrt {
namespace {

using ::testing::ElementsAre;
namespace fs = std::filesystem;

constexpr std::string_view kProteins =
    "<cls>\n<pad>\n<eos>\n<unk>\nL\nA\nG\nV\nS\nE\nR\nT\nI\nD\nP\nK\nQ\nN\nF\nY\nM\nH\nW\nC\nX\nB\nU\nZ\nO\n.\n-\n<"
    "null_1>\n<mask>\n";

Tokenizer esm(std::string_view vocab, std::string_view config) {
  const Tokenizer::File files[] = {{"vocab.txt", vocab}, {"tokenizer_config.json", config}};
  return Tokenizer::from_files(files);
}

TEST(Esm, FindsItsVocabularyInTheText) {
  const Tokenizer tokenizer = esm(kProteins, R"({"tokenizer_class": "EsmTokenizer"})");
  EXPECT_THAT(tokenizer.encode("MK T<mask>").input_ids, ElementsAre(0, 20, 15, 11, 32, 2));
  // What stands between two tokens is unknown, piece by piece.
  EXPECT_THAT(tokenizer.encode("mk t\x1cM").input_ids, ElementsAre(0, 3, 3, 20, 2));
  EXPECT_THAT(tokenizer.encode("MK", std::string_view("T")).input_ids, ElementsAre(0, 20, 15, 2, 11, 2));
  EXPECT_EQ(tokenizer.decode(std::vector<std::int32_t>{0, 20, 15, 2}), "M K");
}

TEST(Esm, RefusesWhatPythonWouldDoOtherwise) {
  EXPECT_THROW(esm("<cls>\n<eos>\nL\n", R"({"tokenizer_class": "EsmTokenizer"})"), Error);
  EXPECT_THROW(esm("<cls>\n<eos>\n<unk>\nL\nL\n", R"({"tokenizer_class": "EsmTokenizer"})"), Error);
  const Tokenizer tokenizer = esm(kProteins, R"({"tokenizer_class": "EsmTokenizer"})");
  EXPECT_THROW(tokenizer.encode("MKTVRQ", "MKTVRQ", {.max_length = 7, .truncation = Truncation::longest_first}), Error);
}

TEST(ModelMaxLength, IsTheLimitWhereTextsAreCut) {
  const auto limit = [](std::string_view value) {
    return esm(kProteins, R"({"tokenizer_class": "EsmTokenizer", "model_max_length": )" + std::string(value) + "}")
        .model_max_length();
  };
  EXPECT_EQ(limit("512"), 512u);
  EXPECT_EQ(limit("null"), 0u);
  EXPECT_EQ(limit("1000000000000000019884624838656"), 0u);
  EXPECT_EQ(limit("1e30"), 0u);
  EXPECT_EQ(limit("512.0"), 512u);
  EXPECT_THROW(limit("0.5"), Error);
  EXPECT_THROW(limit("-1"), Error);
  EXPECT_THROW(limit("\"512\""), Error);
  const Tokenizer tokenizer = esm(kProteins, R"({"tokenizer_class": "EsmTokenizer", "model_max_length": 4})");
  EXPECT_THAT(tokenizer.encode("MKTV", {.truncation = Truncation::only_first}).input_ids, ElementsAre(0, 20, 15, 2));
  EXPECT_EQ(tokenizer.encode("MKTV").size(), 6u);
}

TEST(ClassChoice, CodeOfTheRepositoryKeepsTheClassThatIsNamed) {
  EXPECT_EQ(tokenizer::choose_class({.tokenizer_class = "BertTokenizer", .model_type = "modernbert"}).name,
            "TokenizersBackend");
  EXPECT_EQ(
      tokenizer::choose_class({.tokenizer_class = "BertTokenizer", .model_type = "modernbert", .has_own_code = true})
          .name,
      "BertTokenizer");
}

TEST(ClassChoice, SomeModelsAreKnownByTheirName) {
  EXPECT_EQ(tokenizer::choose_class({.tokenizer_class = "BertTokenizerFast", .model_type = "roberta"}).name,
            "BertTokenizer");
  EXPECT_EQ(tokenizer::choose_class(
                {.tokenizer_class = "BertTokenizerFast", .model_type = "roberta", .model_name = "camembertv2-base"})
                .name,
            "RobertaTokenizer");
}

TEST(ClassChoice, FromATypeWithoutAConfigurationNoClassFollows) {
  EXPECT_EQ(tokenizer::choose_class({.model_type = "nezha"}).name, "TokenizersBackend");
  EXPECT_EQ(tokenizer::choose_class({.model_type = "bert"}).name, "BertTokenizer");
}

TEST(ExtraTokens, AnEmptyListIsSaidToo) {
  constexpr std::string_view vocab = "[PAD]\n[UNK]\n[CLS]\n[SEP]\n[MASK]\na\n[\nent\n]\n[ENT]\n";
  const auto ids = [&](std::string_view config) {
    const Tokenizer::File files[] = {{"vocab.txt", vocab},
                                     {"tokenizer_config.json", config},
                                     {"special_tokens_map.json", R"({"additional_special_tokens": ["[ENT]"]})"}};
    return Tokenizer::from_files(files).encode("a [ENT]").input_ids;
  };
  EXPECT_THAT(ids(R"({"tokenizer_class": "BertTokenizer"})"), ElementsAre(2, 5, 9, 3));
  for (const char* said : {"additional_special_tokens", "extra_special_tokens"}) {
    EXPECT_THAT(ids(R"({"tokenizer_class": "BertTokenizer", ")" + std::string(said) + R"(": []})"),
                ElementsAre(2, 5, 6, 7, 8, 3))
        << said;
  }
}

TEST(ExtraTokens, QwenTakesItsNamedTokensPlainly) {
  constexpr std::string_view config =
      R"({"tokenizer_class": "Qwen2Tokenizer", "eos_token": "<e>", "added_tokens_decoder": {"4": {"content": "<e>",
      "lstrip": true, "rstrip": true, "single_word": false, "normalized": false, "special": true}}})";
  const Tokenizer::File files[] = {{"vocab.json", R"({"a": 0, "\u0120": 1, "\u0120a": 2, "<|endoftext|>": 3})"},
                                   {"merges.txt", "#version: 0.2\n\xC4\xA0 a\n"},
                                   {"tokenizer_config.json", config}};
  EXPECT_THAT(Tokenizer::from_files(files).encode("a <e> a").input_ids, ElementsAre(0, 1, 4, 2));
}

class TokenizerFolder : public testing::Test {
 protected:
  void SetUp() override {
    folder_ = fs::path(testing::TempDir()) / ("tokenizer_folder" + std::to_string(std::random_device()()));
    fs::create_directories(folder_);
  }
  void TearDown() override { fs::remove_all(folder_); }
  void write(const char* name, const std::string& text) const {
    std::ofstream(folder_ / name, std::ios::binary) << text;
  }

  fs::path folder_;
};

// As a clone without git-lfs leaves them.
TEST_F(TokenizerFolder, APointerInAFilesPlaceIsNamed) {
  for (const char* name : {"tokenizer.json", "vocab.txt", "sentencepiece.bpe.model", "spm.model"}) {
    write(name, "version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 17082730\n");
    try {
      (void)Tokenizer::load(folder_);
      ADD_FAILURE() << name;
    } catch (const Error& error) {
      EXPECT_THAT(error.what(), ::testing::HasSubstr("git lfs pull"));
      EXPECT_THAT(error.where(), ::testing::HasSubstr(name));
    }
    fs::remove(folder_ / name);
  }
}

// What add_special_tokens(AddedToken(…, normalized=False)) gives in Python.
TEST_F(TokenizerFolder, WholeTokensAreFoundAnywhere) {
  write("vocab.txt", "[PAD]\n[unused0]\n[UNK]\n[CLS]\n[SEP]\n[MASK]\na\nb\n[\n]\nunused\n##0\n##used\n");
  write("tokenizer_config.json", R"({"tokenizer_class":"BertTokenizer"})");
  const std::vector<std::string> whole = {"[unused0]"};
  EXPECT_THAT(Tokenizer::load(folder_).encode("[unused0] A").input_ids, ElementsAre(3, 8, 10, 11, 9, 6, 4));
  const Tokenizer tokenizer = tokenizer::load_with_whole_tokens(folder_, whole);
  EXPECT_THAT(tokenizer.encode("[unused0] A").input_ids, ElementsAre(3, 1, 6, 4));
  EXPECT_THAT(tokenizer.encode("b[unused0]a [UNUSED0]").input_ids, ElementsAre(3, 7, 1, 6, 8, 10, 11, 9, 4));
  EXPECT_EQ(tokenizer.decode(std::vector<std::int32_t>{1, 6}, true), "a");
}

TEST(SentencepieceBpe, MergesAreItsPieces) {
  tokenizer::SentencePieceModel model;
  for (const char* piece : {"<unk>", "a", "b", "ab", "aa", "aab"}) model.pieces.push_back({piece, 0});
  const auto merges_of = [&](const std::vector<std::string>& names, tokenizer::MergeOrder order) {
    return tokenizer::sentencepiece_bpe(names, model, order, "test").merges;
  };
  std::vector<std::string> names;
  for (const auto& piece : model.pieces) names.emplace_back(piece.text);
  const auto merges = merges_of(names, tokenizer::MergeOrder::by_id);
  EXPECT_EQ(merges.find(1, 2).id, 3);
  EXPECT_EQ(merges.find(1, 1).id, 4);
  EXPECT_EQ(merges.find(1, 3).rank + 1, merges.find(4, 2).rank);  // a + ab before aa + b
  EXPECT_EQ(merges.find(1, 3).id, 5);
  model.pieces[5].score = 1;
  model.pieces[4].type = tokenizer::SentencePieceModel::PieceType::user_defined;
  const auto scored = merges_of(names, tokenizer::MergeOrder::by_score);
  EXPECT_EQ(scored.find(1, 3).rank, 0U);
  EXPECT_EQ(scored.find(1, 2).rank, 1U);
  EXPECT_LT(scored.find(1, 1).id, 0);  // a piece that is never made
  names[3] = "other";
  EXPECT_LT(merges_of(names, tokenizer::MergeOrder::by_id).find(1, 2).id, 0);
}

}  // namespace
}  // namespace bertrt
