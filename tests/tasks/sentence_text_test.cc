// What a sentence model reads of a text. The expected numbers are those of sentence-transformers 6.2.
#include "tasks/sentence_text.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <random>
#include <string>
#include <vector>

namespace bertrt::tasks {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::json;
using ::testing::ElementsAre;

Json added_token(std::size_t id, const std::string& content, bool special, bool normalized) {
  return {{"id", id},        {"content", content}, {"single_word", false},    {"lstrip", false},
          {"rstrip", false}, {"special", special}, {"normalized", normalized}};
}

/// The golden sentence-max with a small tokenizer of words.
class Folder {
 public:
  Folder() : folder_(fs::path(testing::TempDir()) / ("bertrt_text_" + std::to_string(std::random_device()()))) {
    fs::copy(fs::path(BERTRT_TEST_DATA) / "tasks" / "sentence-max", folder_, fs::copy_options::recursive);
    fs::remove(folder_ / "vocab.txt");
  }
  ~Folder() { fs::remove_all(folder_); }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;

  void write(const std::string& file, const Json& json) const {
    fs::remove(folder_ / file);
    std::ofstream(folder_ / file) << json.dump();
  }
  void write_tokenizer(const std::vector<std::string>& vocabulary, const std::string& first, const std::string& last,
                       const Json& added, const Json& normalizer, Json settings) const {
    Json vocab;
    for (std::size_t id = 0; id < vocabulary.size(); ++id) vocab[vocabulary[id]] = id;
    const auto special = [](const std::string& token) {
      return Json{{"SpecialToken", {{"id", token}, {"type_id", 0}}}};
    };
    const auto text = [](const char* id) { return Json{{"Sequence", {{"id", id}, {"type_id", 0}}}}; };
    Json ids;
    for (const std::string& token : {first, last}) {
      ids[token] = {{"id", token}, {"ids", {vocab[token]}}, {"tokens", {token}}};
    }
    const Json around = {{"type", "TemplateProcessing"},
                         {"single", {special(first), text("A"), special(last)}},
                         {"pair", {special(first), text("A"), special(last), text("B")}},
                         {"special_tokens", ids}};
    write("tokenizer.json", {{"version", "1.0"},
                             {"added_tokens", added},
                             {"normalizer", normalizer},
                             {"pre_tokenizer", {{"type", "WhitespaceSplit"}}},
                             {"post_processor", around},
                             {"model", {{"type", "WordLevel"}, {"vocab", vocab}, {"unk_token", "[UNK]"}}}});
    settings.update({{"tokenizer_class", "PreTrainedTokenizerFast"}, {"unk_token", "[UNK]"}, {"pad_token", "[PAD]"}});
    write("tokenizer_config.json", settings);
  }
  SentenceText text() const { return SentenceText(BertSession::load(folder_), 0); }

 private:
  fs::path folder_;
};

TEST(SentenceText, APromptsClosingTokenIsNotCountedWhereItIsOneOfAllSpecialTokens) {
  const std::vector<std::string> vocabulary = {"[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "<s>",
                                               "<e>",   "[END]", "the",   "river", "was"};
  Json added = Json::array();
  for (std::size_t id = 0; id < 8; ++id) added.push_back(added_token(id, vocabulary[id], true, false));
  const auto lengths = [&](const std::string& first, const std::string& last, const Json& settings) {
    const Folder folder;
    folder.write_tokenizer(vocabulary, first, last, added, {{"type", "Lowercase"}}, settings);
    const SentenceText text = folder.text();
    return std::vector<std::size_t>{text.prompt_tokens("the river"), text.prompt_tokens(""),
                                    text.prompt_tokens("the [END]")};
  };
  EXPECT_THAT(lengths("<s>", "<e>", {{"bos_token", "<s>"}, {"eos_token", "<e>"}}), ElementsAre(3, 1, 3));
  EXPECT_THAT(lengths("<s>", "<e>", {{"bos_token", "<s>"}}), ElementsAre(4, 2, 4));
  EXPECT_THAT(lengths("[CLS]", "[END]", {{"cls_token", "[CLS]"}, {"extra_special_tokens", {"[END]"}}}),
              ElementsAre(3, 1, 3));
  EXPECT_THAT(lengths("[CLS]", "[END]", {{"cls_token", "[CLS]"}, {"end_token", "[END]"}}), ElementsAre(3, 1, 3));
  EXPECT_THAT(lengths("[CLS]", "[END]", {{"cls_token", "[CLS]"}}), ElementsAre(4, 2, 4));
  EXPECT_THAT(lengths("[CLS]", "[SEP]", {{"cls_token", "[CLS]"}, {"sep_token", "[SEP]"}}), ElementsAre(3, 1, 3));
  EXPECT_THAT(lengths("[CLS]", "[SEP]", {{"cls_token", "[CLS]"}}), ElementsAre(4, 2, 4));
}

// Vocabularies without single letters, added tokens of every kind, and what stands in front of the model.
TEST(SentenceText, LowerCaseStandsInFrontOfTheNormalizer) {
  const std::vector<std::string> vocabulary = {"[PAD]", "[UNK]", "[CLS]",    "[SEP]",  "[MASK]", "the", "The",
                                               "movie", "Movie", "i\u0307s", "foobar", "FooBar", "xx"};
  Json added = Json::array();
  for (std::size_t id = 0; id < 5; ++id) added.push_back(added_token(id, vocabulary[id], true, false));
  added.push_back(added_token(13, "[E1]", true, false));
  added.push_back(added_token(14, "[E2]", true, true));
  added.push_back(added_token(15, "New Tok", false, true));
  added.push_back(added_token(16, "Old Tok", false, false));
  const auto sequence = [](const Json& steps) { return Json{{"type", "Sequence"}, {"normalizers", steps}}; };
  const auto bert = [](bool lowercase) {
    return Json{{"type", "BertNormalizer"},
                {"clean_text", true},
                {"handle_chinese_chars", true},
                {"strip_accents", false},
                {"lowercase", lowercase}};
  };
  const Json lower = {{"type", "Lowercase"}};
  const Json replace = {{"type", "Replace"}, {"pattern", {{"String", "THE"}}}, {"content", "xx"}};
  const std::vector<std::string_view> texts = {"The Movie x", "[E1] The [E2] [e1] [e2]",
                                               "New Tok new tok Old Tok old tok", "[MASK] \u0130s THE [mask]",
                                               "FooBar THE"};
  const Json changed = sequence(Json::array({replace, lower}));
  for (const Json& normalizer : {Json(), bert(false), bert(true), lower, changed, sequence(Json::array({changed})),
                                 sequence(Json::array({replace, bert(true)}))}) {
    SCOPED_TRACE(normalizer.dump());
    const Folder folder;
    folder.write_tokenizer(vocabulary, "[CLS]", "[SEP]", added, normalizer,
                           {{"cls_token", "[CLS]"}, {"sep_token", "[SEP]"}, {"mask_token", "[MASK]"}});
    folder.write("sentence_bert_config.json", {{"max_seq_length", 24}, {"do_lower_case", true}});
    const SentenceText text = folder.text();
    const std::vector<Encoding> found = text.encode(texts, {});
    // Left as it is where the sequence has a Lowercase, wherever it stands.
    const std::int32_t the = normalizer == changed ? 12 : 5;
    EXPECT_THAT(found[0].input_ids, ElementsAre(2, 5, 7, 1, 3));
    EXPECT_THAT(found[1].input_ids, ElementsAre(2, 13, 5, 14, 1, 14, 3));
    EXPECT_THAT(found[2].input_ids, ElementsAre(2, 15, 15, 16, 1, 1, 3));
    EXPECT_THAT(found[3].input_ids, ElementsAre(2, 4, 9, the, 1, 3));
    EXPECT_THAT(found[4].input_ids, ElementsAre(2, 10, the, 3));
    // Offsets are those of the given text, behind a prompt, too.
    const std::vector<Encoding> windows = text.encode_windows(texts[3], "THE ", 0);
    ASSERT_EQ(windows.size(), 1U);
    EXPECT_THAT(windows[0].input_ids, ElementsAre(2, the, 4, 9, the, 1, 3));
    if (the != 5) continue;
    std::vector<std::string_view> pieces;
    for (const Offset& offset : windows[0].offsets) {
      pieces.push_back(texts[3].substr(offset.begin, offset.end - offset.begin));
    }
    EXPECT_THAT(pieces, ElementsAre("", "", "[MASK]", "\u0130s", "THE", "[mask]", ""));
  }
}

}  // namespace
}  // namespace bertrt::tasks
