// What a Reranker promises beside Python's scores, and what the files of a saved cross-encoder say.
#include "bertrt/reranker.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "bertrt/classifier.h"
#include "changed_folder.h"
#include "error_matchers.h"
#include "golden_cases.h"

namespace bertrt {
namespace {

using tasks_test::Changed;
using testing::Contains;
using testing::HasSubstr;
using testing::Not;
namespace fs = std::filesystem;

BertSession load(const std::string& name) { return tasks_test::load(fs::path(BERTRT_TEST_DATA) / "tasks" / name); }

// As CrossEncoder.save() writes them (sentence-transformers 6.2).
class SavedCrossEncoder : public Changed {
 public:
  SavedCrossEncoder(const nlohmann::json& settings, const nlohmann::json& transformer)
      : Changed("cross-encoder", {{"num_labels", 1}}) {
    add("modules.json", R"([{"idx": 0, "name": "0", "path": "",
        "type": "sentence_transformers.base.modules.transformer.Transformer"}])");
    nlohmann::json own = {{"model_type", "CrossEncoder"}};
    own.update(settings);
    add("config_sentence_transformers.json", own.dump());
    nlohmann::json text = {{"transformer_task", "sequence-classification"},
                           {"modality_config", {{"text", {{"method", "forward"}, {"method_output_name", "logits"}}}}},
                           {"module_output_name", "scores"}};
    text.update(transformer);
    add("sentence_bert_config.json", text.dump());
  }
};
const nlohmann::json kNothing = nlohmann::json::object();

// sentence-transformers loads the class that the task asks for, with one label where config.json names no such class.
TEST(Reranker, ASavedCrossEncodersHeadIsReadWhateverArchitecturesSays) {
  const float wanted = Reranker(SavedCrossEncoder(kNothing, kNothing).session())("the capital", "of france");
  for (const nlohmann::json& classes : {nlohmann::json(), nlohmann::json::array(), nlohmann::json({"BertModel"}),
                                        nlohmann::json({"BertForMaskedLM"}), nlohmann::json({"Other"})}) {
    SCOPED_TRACE(classes.dump());
    const SavedCrossEncoder saved(kNothing, kNothing);
    nlohmann::json config = saved.config();
    config["architectures"] = classes;
    config["num_labels"] = 3;
    saved.add("config.json", config.dump());
    const BertSession session = saved.session();
    EXPECT_THAT(session.info().findings, Contains(HasSubstr("no class for sequence-classification")));
    EXPECT_FLOAT_EQ(Reranker(session)("the capital", "of france"), wanted);
    // Without a word on what it was saved as it is an encoder.
    saved.add("config_sentence_transformers.json", "{}");
    EXPECT_THAT(thrown_by([&] { Reranker{saved.session()}; }).what(), HasSubstr("one without a head"));
  }
}

TEST(Reranker, PutsThePromptInFrontOfTheQuery) {
  const Reranker plain(SavedCrossEncoder(kNothing, kNothing).session());
  const Reranker own(
      SavedCrossEncoder({{"prompts", {{"q", "paris is "}, {"other", "a "}}}, {"default_prompt_name", "q"}}, kNothing)
          .session());
  const float wanted = plain("paris is the capital", "of france");
  EXPECT_NE(plain("the capital", "of france"), wanted);
  EXPECT_FLOAT_EQ(own("the capital", "of france"), wanted);
  EXPECT_FLOAT_EQ(own("the capital", "of france", {.prompt = ""}), plain("the capital", "of france"));
  EXPECT_FLOAT_EQ(own("capital", "of france", {.prompt_name = "other"}), plain("a capital", "of france"));
  EXPECT_FLOAT_EQ(own("capital", "of france", {.prompt = "the "}), plain("the capital", "of france"));
  EXPECT_EQ(thrown_by([&] { own("capital", "of france", {.prompt_name = "none"}); }).code(),
            ErrorCode::invalid_argument);
}

TEST(Reranker, ADefaultPromptMayBeNamedByNothing) {
  const Reranker plain(SavedCrossEncoder(kNothing, kNothing).session());
  const Reranker own(
      SavedCrossEncoder({{"prompts", {{"", "paris is "}}}, {"default_prompt_name", ""}}, kNothing).session());
  EXPECT_FLOAT_EQ(own("the capital", "of france"), plain("paris is the capital", "of france"));
  EXPECT_FLOAT_EQ(own("the capital", "of france", {.prompt = ""}), plain("the capital", "of france"));
}

TEST(Reranker, TextsAreCutAndLoweredAsTheSettingsBesideItSay) {
  const Reranker plain(SavedCrossEncoder(kNothing, kNothing).session());
  const Reranker cuts(SavedCrossEncoder(kNothing, {{"max_seq_length", 8}}).session());
  const std::string text = "the capital of france in a garden the capital of france";
  EXPECT_FLOAT_EQ(cuts(text, text), plain(text, text, {.max_length = 8}));
  EXPECT_NE(cuts(text, text), plain(text, text));
  EXPECT_FLOAT_EQ(cuts(text, text, {.max_length = 12}), plain(text, text, {.max_length = 12}));
}

TEST(Reranker, ALengthThatTheModelDoesNotRunIsAFinding) {
  const auto findings = [](std::size_t length) {
    return SavedCrossEncoder(kNothing, {{"max_seq_length", length}}).session().info().findings;
  };
  EXPECT_THAT(findings(512), Contains(HasSubstr("max_seq_length 512")));
  EXPECT_THAT(findings(8), Not(Contains(HasSubstr("max_seq_length"))));
}

TEST(Reranker, ANewerKeyOfItsActivationHidesTheOlderOneThoughItIsNull) {
  const auto score = [](const nlohmann::json& change) {
    return Reranker(Changed("cross-encoder", change).session())("the capital", "of france");
  };
  constexpr const char* kOlder = "sbert_ce_default_activation_function";
  constexpr const char* kIdentity = "torch.nn.modules.linear.Identity";
  const float logit = score({{kOlder, kIdentity}, {"sentence_transformers", nullptr}});
  const float usual = 1 / (1 + std::exp(-logit));
  Changed both("cross-encoder", kNothing);
  // A merge drops a null: the file is written whole.
  nlohmann::json config = both.config();
  config[kOlder] = kIdentity;
  config["sentence_transformers"] = {{"activation_fn", nullptr}};
  both.add("config.json", config.dump());
  EXPECT_NEAR(Reranker(both.session())("the capital", "of france"), usual, 1e-6);
}

TEST(Reranker, AnEmptyDocumentStillMakesAPair) {
  const Reranker rerank(load("cross-encoder"));
  const Classifier classify(load("cross-encoder"));
  EXPECT_GT(std::abs(rerank("who", "") - classify("who").front().score), 1e-4);
  const TextPair without{"who", std::nullopt};
  EXPECT_EQ(rerank.predict(std::span(&without, 1)).data.front(), rerank("who", ""));
}

TEST(Reranker, ActivationsByTheCallAndByTheFile) {
  const Reranker rerank(load("cross-encoder-identity"));
  const float raw = rerank("who", "a puppeteer");
  EXPECT_NEAR(rerank("who", "a puppeteer", {.activation = ScoreFunction::sigmoid}), 1 / (1 + std::exp(-raw)), 1e-6);
  const Changed old("cross-encoder", {{"sbert_ce_default_activation_function", "torch.nn.modules.activation.Tanh"}});
  const float none = Reranker(old.session())("who", "a puppeteer", {.activation = ScoreFunction::none});
  EXPECT_NEAR(Reranker(old.session())("who", "a puppeteer"), std::tanh(none), 1e-6);
  const Changed unknown("cross-encoder", {{"sentence_transformers", {{"activation_fn", "their.own.Thing"}}}});
  EXPECT_THAT(thrown_by([&] { Reranker{unknown.session()}; }).what(), HasSubstr("their.own.Thing"));
}

TEST(Reranker, ASavedCrossEncodersOwnFileComesFirst) {
  const Changed saved("cross-encoder", {{"sentence_transformers", {{"activation_fn", "torch.nn.Tanh"}}}});
  saved.add("modules.json",
            R"([{"idx": 0, "name": "0", "path": "", "type": "sentence_transformers.models.Transformer"}])");
  saved.add("config_sentence_transformers.json",
            R"({"model_type": "CrossEncoder", "activation_fn": "torch.nn.modules.linear.Identity"})");
  saved.add("sentence_bert_config.json", R"({"transformer_task": "sequence-classification"})");
  const Reranker rerank(saved.session());
  EXPECT_EQ(rerank("who", "a puppeteer"), rerank("who", "a puppeteer", {.activation = ScoreFunction::none}));
}

TEST(Reranker, EqualDocumentsKeepTheirOrder) {
  const Reranker rerank(load("cross-encoder"));
  const std::vector<std::string> documents = {"b", "a puppeteer", "b", "b"};
  std::vector<std::size_t> of_b;
  for (const RankedDocument& hit : rerank.rank("who", documents)) {
    if (documents[hit.index] == "b") of_b.push_back(hit.index);
  }
  EXPECT_EQ(of_b, (std::vector<std::size_t>{0, 2, 3}));
  EXPECT_TRUE(rerank.rank("who", std::vector<std::string>{}).empty());
  EXPECT_EQ(thrown_by([&] { Reranker(load("cross-encoder-3")).rank("who", documents); }).code(),
            ErrorCode::unsupported);
}

}  // namespace
}  // namespace bertrt
