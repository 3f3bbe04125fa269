// What the tasks that read labels promise beside Python's answers: errors, batches, offsets in bytes.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "bertrt/classifier.h"
#include "bertrt/fill_mask.h"
#include "bertrt/multiple_choice.h"
#include "bertrt/next_sentence.h"
#include "bertrt/question_answering.h"
#include "bertrt/reranker.h"
#include "bertrt/runtime.h"
#include "bertrt/token_classifier.h"
#include "bertrt/zero_shot.h"
#include "changed_folder.h"
#include "error_matchers.h"
#include "golden_cases.h"

namespace bertrt {
namespace {

using tasks_test::Changed;
using testing::HasSubstr;
namespace fs = std::filesystem;

BertSession load(const std::string& name) { return tasks_test::load(fs::path(BERTRT_TEST_DATA) / "tasks" / name); }

TEST(Labels, NamesOfAnotherNumberOfClassesAreDropped) {
  const Changed folder("text-classification",
                       {{"num_labels", 3}, {"id2label", {{"2", nullptr}, {"0", "a"}, {"1", "b"}}}});
  const Classifier classify(folder.session());
  EXPECT_THAT(classify.labels(), testing::ElementsAre("LABEL_0", "LABEL_1", "LABEL_2"));
}

TEST(Labels, ValuesThatNoEnumNamesAreRefused) {
  const auto refused = [](const auto& run, const char* option) {
    const Error error = thrown_by(run);
    EXPECT_EQ(error.code(), ErrorCode::invalid_argument) << option;
    EXPECT_EQ(error.where(), option);
    EXPECT_EQ(error.found(), "the value 9");
  };
  const auto function = static_cast<ScoreFunction>(9);
  const auto offsets = static_cast<OffsetUnit>(9);
  const Classifier classify(load("text-classification"));
  refused([&] { classify("one", {.function = function}); }, "ClassifierOptions::function");
  refused([&] { classify("one", {.truncation = static_cast<Truncation>(9)}); }, "EncodeOptions::truncation");
  const Reranker rerank(load("cross-encoder"));
  refused([&] { rerank("one", "two", {.activation = function}); }, "RerankerOptions::activation");
  const TokenClassifier find(load("token-classification"));
  refused([&] { find("one", {.aggregation = static_cast<Aggregation>(9)}); }, "TokenClassifierOptions::aggregation");
  refused([&] { find("one", {.offsets = offsets}); }, "TokenClassifierOptions::offsets");
  const QuestionAnswering answer(load("question-answering"));
  refused([&] { answer("one", "two", {.offsets = offsets}); }, "QuestionAnsweringOptions::offsets");
}

TEST(Labels, OfTwoHeadsOfAKindNoneIsTaken) {
  const fs::path folder = fs::path(BERTRT_TEST_DATA) / "tasks";
  const BertSession session =
      BertSession::load(folder / "two-heads.pt", {.tokenizer = folder / "text-classification", .threads = 1});
  const Error error = thrown_by([&] { Classifier classify(session); });
  EXPECT_EQ(error.code(), ErrorCode::unsupported);
  EXPECT_THAT(error.found(), HasSubstr("outputs mood and topic"));
}

TEST(Labels, ATaskWithoutItsHeadNamesThoseThatAreThere) {
  const auto expect_refused = [](const auto& make, const std::string& head) {
    const Error error = thrown_by(make);
    EXPECT_EQ(error.code(), ErrorCode::unsupported);
    EXPECT_THAT(error.what(), HasSubstr(head));
  };
  const BertSession tokens = load("token-classification");
  expect_refused([&] { Classifier{tokens}; }, "token-classification");
  expect_refused([&] { ZeroShot{tokens}; }, "token-classification");
  expect_refused([&] { Reranker{tokens}; }, "token-classification");
  expect_refused([&] { QuestionAnswering{tokens}; }, "token-classification");
  expect_refused([&] { NextSentence{tokens}; }, "token-classification");
  expect_refused([&] { MultipleChoice{tokens}; }, "token-classification");
  expect_refused([&] { FillMask{tokens}; }, "token-classification");
  expect_refused([] { TokenClassifier{load("fill-mask")}; }, "masked-lm");
  expect_refused([] { MultipleChoice{load("text-classification")}; }, "1 numbers a text");
  expect_refused([] { Classifier{load("next-sentence-pretraining")}; }, "masked-lm and next-sentence");
}

TEST(Labels, WithoutNamesTheyAreNumbered) {
  const Changed changed("text-classification", {{"id2label", nullptr}, {"label2id", nullptr}, {"num_labels", 3}});
  const auto labels = Classifier(changed.session())("good", {.top_k = std::nullopt});
  ASSERT_EQ(labels.size(), 3U);
  for (const LabelScore& label : labels) EXPECT_EQ(label.label, "LABEL_" + std::to_string(label.index));
}

TEST(Classifier, AnEmptySecondTextIsNoneAndAnEmptyFirstIsOne) {
  const Classifier classify(load("text-classification"));
  const ClassifierOptions all{.top_k = std::nullopt};
  EXPECT_EQ(classify(TextPair{"good", ""}, all)[0].score, classify("good", all)[0].score);
  EXPECT_NE(classify(TextPair{"", "good"}, all)[0].score, classify("good", all)[0].score);
}

TEST(Classifier, ABatchAnswersAsEachTextAlone) {
  const Classifier classify(load("text-classification"));
  std::vector<std::string> texts;
  for (int i = 0; i < 700; ++i) texts.push_back(std::string(static_cast<std::size_t>(i % 29) * 2, 'a') + " good movie");
  const auto together = classify(texts, {.top_k = std::nullopt});
  ASSERT_EQ(together.size(), texts.size());
  for (std::size_t i = 0; i < texts.size(); i += 53) {
    const auto alone = classify(texts[i], {.top_k = std::nullopt});
    ASSERT_EQ(together[i].size(), alone.size());
    for (std::size_t k = 0; k < alone.size(); ++k) EXPECT_NEAR(together[i][k].score, alone[k].score, 1e-6);
  }
}

TEST(Classifier, AnErrorNamesTheText) {
  const Classifier classify(load("text-classification"));
  const std::vector<std::string> texts = {"good", "bad", std::string(200, '!')};
  const Error error = thrown_by([&] { classify(texts); });
  EXPECT_EQ(error.code(), ErrorCode::input_too_long);
  EXPECT_THAT(error.what(), HasSubstr("text 2"));
  EXPECT_EQ(classify(texts, {.truncation = Truncation::longest_first}).size(), 3U);
  EXPECT_EQ(thrown_by([&] { classify("one two three", {.max_length = 4}); }).code(), ErrorCode::input_too_long);
}

TEST(Classifier, TopK) {
  const Classifier classify(load("text-classification"));
  EXPECT_EQ(classify("good").size(), 1U);
  EXPECT_EQ(classify("good", {.top_k = 0}).size(), 0U);
  EXPECT_EQ(classify("good", {.top_k = 99}).size(), 3U);
}

TEST(Classifier, InvalidBytesAreReplacementCharacters) {
  const Classifier classify(load("text-classification"));
  EXPECT_EQ(classify("go\xFFod").front().score, classify("go\uFFFDod").front().score);
}

TEST(Classifier, ManyThreads) {
  const Classifier classify(load("text-classification"));
  const float expected = classify("good movie").front().score;
  std::vector<std::thread> threads;
  std::vector<float> found(4);
  for (float& score : found) threads.emplace_back([&] { score = classify("good movie").front().score; });
  for (std::thread& thread : threads) thread.join();
  for (const float score : found) EXPECT_EQ(score, expected);
}

TEST(Classifier, BracesAroundTextsMeanABatchAndAPairIsSaid) {
  const Classifier classify(load("text-classification"));
  const std::string one = "good movie";
  const std::string two = "the king";
  const std::vector<std::string> texts = {one, two};
  const auto wanted = classify(texts);
  const auto expect_same = [&](const std::vector<std::vector<LabelScore>>& found) {
    ASSERT_EQ(found.size(), 2U);
    for (std::size_t i = 0; i < 2; ++i) EXPECT_FLOAT_EQ(found[i][0].score, wanted[i][0].score);
  };
  expect_same(classify({one, two}));
  expect_same(classify({"good movie", "the king"}));
  EXPECT_EQ(classify({one, two}, {.top_k = 2})[1].size(), 2U);
  const auto pairs = classify({TextPair{one, two}, TextPair{two}});
  ASSERT_EQ(pairs.size(), 2U);
  EXPECT_FLOAT_EQ(pairs[0][0].score, classify(TextPair{one, two})[0].score);
  EXPECT_FLOAT_EQ(pairs[1][0].score, wanted[1][0].score);
}

// {"one", "two"} is no text between two pointers.
TEST(ZeroShot, BracesAroundTextsMeanABatch) {
  const ZeroShot classify(load("zero-shot"));
  const std::vector<std::string> labels = {"sport", "city"};
  const auto both = classify({"a cat", "the king"}, labels);
  ASSERT_EQ(both.size(), 2U);
  EXPECT_FLOAT_EQ(both[1][0].score, classify("the king", labels)[0].score);
  const TokenClassifier find(load("token-classification"));
  EXPECT_EQ(find({"a cat", "the king", ""}).size(), 3U);
  const Reranker rerank(load("cross-encoder"));
  EXPECT_EQ(rerank.rank("a cat", {"the cat", "a king"}).size(), 2U);
}

TEST(ZeroShot, TemplatesAreThoseOfPython) {
  const ZeroShot ask(load("zero-shot"));
  const auto first = [&](const std::string& form) {
    return ask("good", {"sport", "science"}, {.hypothesis_template = form})[0].score;
  };
  EXPECT_EQ(first("is {0}{{"), first("is {0}{{"));
  EXPECT_EQ(first("is {}"), first("is {0}"));
  for (const char* bad : {"", "none", "{} and {}", "{} and {0}", "{1}", "{name}", "{", "}"}) {
    EXPECT_EQ(thrown_by([&] { first(bad); }).code(), ErrorCode::invalid_argument) << bad;
  }
  EXPECT_EQ(ZeroShot::split_labels(" sport, a b\u00A0,, ,x"), (std::vector<std::string>{"sport", "a b", "x"}));
}

TEST(ZeroShot, FieldsThatGiveTheLabelAsItIsAreOneAndTheSame) {
  const ZeroShot ask(load("zero-shot"));
  const auto first = [&](const std::string& form, const std::string& label = "sport") {
    return ask("good", {label, "science"}, {.hypothesis_template = form})[0].score;
  };
  for (const char* form : {"is {:}", "is {!s}", "is {0!s}", "is {0:}", "is {!s:}"})
    EXPECT_EQ(first(form), first("is {}"));
  for (const char* bad : {"{!r}", "{:>9}", "{0.x}", "{:} {}", "{0} {:}", "{:", "{!}", "{:!s}"}) {
    EXPECT_EQ(thrown_by([&] { first(bad); }).code(), ErrorCode::invalid_argument) << bad;
  }
  // Python's check is whether the first label changes the template.
  EXPECT_NO_THROW(first("{{}}"));
  EXPECT_EQ(thrown_by([&] { first("{}", "{}"); }).code(), ErrorCode::invalid_argument);
}

TEST(ZeroShot, EqualLabelsComeInReverse) {
  const auto answer = ZeroShot(load("zero-shot"))("good", {"sport", "sport"});
  EXPECT_EQ(answer[0].index, 1U);
  EXPECT_EQ(answer[1].index, 0U);
}

TEST(ZeroShot, WithoutEntailmentTheLastColumnIsTakenWithAWarning) {
  std::string warning;
  set_warning_handler([&](std::string_view text) { warning = text; });
  ZeroShot{load("zero-shot-unnamed")};
  set_warning_handler(nullptr);
  EXPECT_THAT(warning, HasSubstr("entail"));
  const Changed wrong("zero-shot", {{"label2id", {{"entailment", 7}}}});
  EXPECT_EQ(thrown_by([&] { ZeroShot{wrong.session()}; }).code(), ErrorCode::model_mismatch);
}

TEST(TokenClassifier, OffsetsAreBytesOfTheCallersText) {
  const TokenClassifier find(load("token-classification"));
  const std::string text = "Café 東京 users\xFF of \u0130stanbul";
  for (const Aggregation aggregation :
       {Aggregation::none, Aggregation::simple, Aggregation::first, Aggregation::average, Aggregation::max}) {
    const TokenClassifierOptions bytes{.aggregation = aggregation, .ignore_labels = {}};
    TokenClassifierOptions points = bytes;
    points.offsets = OffsetUnit::code_points;
    const auto entities = find(text, bytes);
    const auto counted = find(text, points);
    ASSERT_FALSE(entities.empty());
    ASSERT_EQ(entities.size(), counted.size());
    for (std::size_t i = 0; i < entities.size(); ++i) {
      const Entity& entity = entities[i];
      EXPECT_EQ(entity.text, text.substr(entity.start, entity.end - entity.start));
      EXPECT_EQ(counted[i].text, entity.text);
      EXPECT_LE(counted[i].end, entity.end);
    }
  }
}

TEST(TokenClassifier, StridesThatMakeNoSense) {
  const TokenClassifier find(load("token-classification"));
  EXPECT_EQ(thrown_by([&] { find("a", {.stride = 4}); }).code(), ErrorCode::invalid_argument);
  EXPECT_EQ(thrown_by([&] { find("a", {.aggregation = Aggregation::simple, .stride = 64}); }).code(),
            ErrorCode::invalid_argument);
}

TEST(TokenClassifier, WindowsCoverALongTextAndTruncationDropsItsEnd) {
  const TokenClassifier find(load("token-classification"));
  std::string text;
  for (int i = 0; i < 1500; ++i) text += "angela merkel lives near berlin . ";
  const auto cut = find(text, {.aggregation = Aggregation::simple, .ignore_labels = {}});
  EXPECT_LT(cut.back().end, 64U * 7);
  const auto whole = find(text, {.aggregation = Aggregation::simple, .ignore_labels = {}, .stride = 10});
  EXPECT_GE(whole.back().end + 2, text.size());
  EXPECT_TRUE(
      std::is_sorted(whole.begin(), whole.end(), [](const Entity& a, const Entity& b) { return a.start < b.start; }));
}

TEST(TokenClassifier, NothingIsFoundInNothing) {
  const TokenClassifier find(load("token-classification"));
  EXPECT_TRUE(find("").empty());
  EXPECT_TRUE(find(" \t").empty());
  EXPECT_TRUE(find.words({}).empty());
  EXPECT_TRUE(find(std::vector<std::string>{}).empty());
}

TEST(QuestionAnswering, WhatCannotBeAsked) {
  const QuestionAnswering ask(load("question-answering"));
  const auto code = [&](std::string_view question, std::string_view context,
                        const QuestionAnsweringOptions& options = {}) {
    return thrown_by([&] { ask(question, context, options); }).code();
  };
  EXPECT_EQ(code("", "a"), ErrorCode::invalid_argument);
  EXPECT_EQ(code("a", ""), ErrorCode::invalid_argument);
  EXPECT_EQ(code("a", "b", {.top_k = 0}), ErrorCode::invalid_argument);
  EXPECT_EQ(code("a", "b", {.max_answer_length = 0}), ErrorCode::invalid_argument);
  EXPECT_EQ(code("a", "b", {.max_length = 20, .doc_stride = 21}), ErrorCode::invalid_argument);
  const std::string long_text(300, '?');
  EXPECT_EQ(code(long_text, "b"), ErrorCode::input_too_long);
}

// The caller never set the tokenizer's stride.
TEST(QuestionAnswering, AWindowThatIsTooSmallIsSaidByTheCallersNames) {
  const QuestionAnswering ask(load("question-answering"));
  const auto why = [&](const QuestionAnsweringOptions& options) {
    const Error error = thrown_by([&] { ask("who", "Jim Henson was a puppeteer near Berlin", options); });
    EXPECT_EQ(error.code(), ErrorCode::invalid_argument);
    return std::string(error.what());
  };
  EXPECT_THAT(why({.max_length = 5}), HasSubstr("QuestionAnsweringOptions::max_length: expected windows in which"));
  EXPECT_THAT(why({.max_length = 5}), HasSubstr("doc_stride"));
  EXPECT_THAT(why({.max_length = 5, .doc_stride = 2}), HasSubstr("QuestionAnsweringOptions::doc_stride"));
  EXPECT_THAT(why({.max_length = 2}), HasSubstr("QuestionAnsweringOptions::max_length"));
}

// Cut to what the model takes, a mistake would pass unseen.
TEST(Tasks, ALengthThatTheModelDoesNotTakeIsRefused) {
  const auto expect_refused = [](const char* option, const auto& call) {
    const Error error = thrown_by(call);
    EXPECT_EQ(error.code(), ErrorCode::invalid_argument) << option;
    EXPECT_THAT(error.what(), HasSubstr(std::string(option) + "::max_length: expected at most 64 tokens"));
  };
  constexpr Truncation kCut = Truncation::longest_first;
  expect_refused("ClassifierOptions",
                 [] { Classifier(load("text-classification"))("a", {.truncation = kCut, .max_length = 65}); });
  expect_refused("ClassifierOptions", [] { Classifier(load("text-classification"))("a", {.max_length = 65}); });
  expect_refused("RerankerOptions", [] { Reranker(load("cross-encoder"))("a", "b", {.max_length = 65}); });
  expect_refused("TokenClassifierOptions",
                 [] { TokenClassifier(load("token-classification"))("a", {.max_length = 65}); });
  expect_refused("QuestionAnsweringOptions",
                 [] { QuestionAnswering(load("question-answering"))("a", "b", {.max_length = 65}); });
  EXPECT_NO_THROW(Classifier(load("text-classification"))("a", {.max_length = 64}));
}

TEST(QuestionAnswering, ABatchAnswersAsEachAlone) {
  const QuestionAnswering ask(load("question-answering"));
  std::string long_text;
  for (int i = 0; i < 400; ++i) long_text += "Jim Henson was a puppeteer near Berlin. ";
  const std::vector<QuestionContext> asked = {{"who", "Paris paris"}, {"where", long_text}, {"who", "é zzz"}};
  const auto together = ask(asked, {.top_k = 3});
  ASSERT_EQ(together.size(), 3U);
  for (std::size_t i = 0; i < asked.size(); ++i) {
    const auto alone = ask(asked[i].question, asked[i].context, {.top_k = 3});
    ASSERT_EQ(together[i].size(), alone.size());
    for (std::size_t k = 0; k < alone.size(); ++k) {
      EXPECT_EQ(together[i][k].text, alone[k].text);
      EXPECT_EQ(asked[i].context.substr(alone[k].start, alone[k].end - alone[k].start), alone[k].text);
      EXPECT_NEAR(together[i][k].score, alone[k].score, 1e-4);  // sums over hundreds of windows
    }
  }
}

TEST(NextSentence, WantsTwoTexts) {
  const NextSentence follows(load("next-sentence"));
  const TextPair one{"a", std::nullopt};
  EXPECT_EQ(thrown_by([&] { follows(std::span(&one, 1)); }).code(), ErrorCode::invalid_argument);
}

TEST(MultipleChoice, WantsAChoice) {
  const MultipleChoice choose(load("multiple-choice"));
  EXPECT_EQ(thrown_by([&] { choose("a", {}); }).code(), ErrorCode::invalid_argument);
  EXPECT_EQ(choose("a", {"b"}).front(), 1.0F);
}

TEST(FillMask, NoTextsHaveNoAnswers) { EXPECT_TRUE(FillMask(load("fill-mask"))(std::vector<Encoding>{}).empty()); }

TEST(FillMask, TargetsThatAreNoTokensAreCutOrLeftOut) {
  std::vector<std::string> warnings;
  set_warning_handler([&](std::string_view text) { warnings.emplace_back(text); });
  const FillMask fill(load("fill-mask"));
  const auto masks = fill("the [MASK]", {.targets = {"puppeteers", "", "paris"}});
  set_warning_handler(nullptr);
  ASSERT_EQ(masks.front().predictions.size(), 2U);
  EXPECT_EQ(warnings.size(), 2U);
  EXPECT_EQ(thrown_by([&] { fill("the [MASK]", {.targets = {""}}); }).code(), ErrorCode::invalid_argument);
}

}  // namespace
}  // namespace bertrt
