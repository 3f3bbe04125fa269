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

}  // namespace
}  // namespace bertrt::tasks
