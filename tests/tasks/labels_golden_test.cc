// Every answer that Python gave for the checkpoints of tests/data/tasks (make_golden.py), asked once more.
#include <gtest/gtest.h>

#include <algorithm>
#include <optional>
#include <string>
#include <vector>

#include "bertrt/classifier.h"
#include "bertrt/error.h"
#include "bertrt/fill_mask.h"
#include "bertrt/multiple_choice.h"
#include "bertrt/next_sentence.h"
#include "bertrt/question_answering.h"
#include "bertrt/reranker.h"
#include "bertrt/token_classifier.h"
#include "bertrt/zero_shot.h"
#include "golden_cases.h"

namespace bertrt {
namespace {

using tasks_test::check_cases;
using tasks_test::Json;
using tasks_test::number;

template <typename Enum>
Enum named(const Json& name) {
  return parse<Enum>(name.get<std::string>()).value();
}

// One text, or a pair, of a classification case.
TextPair pair_of(const Json& input) {
  if (input.is_string()) return {input.get_ref<const std::string&>()};
  return {input.at("text").get_ref<const std::string&>(), input.at("text_pair").get_ref<const std::string&>()};
}

Json labels_of(const std::vector<LabelScore>& labels) {
  Json list = Json::array();
  for (const LabelScore& label : labels) list.push_back({{"label", label.label}, {"score", number(label.score)}});
  return list;
}

TEST(LabelsGolden, TextClassification) {
  check_cases(
      "text-classification",
      [](const BertSession& session, const Json& the_case) {
        const Classifier classify(session);
        const Json& arguments = the_case.at("arguments");
        ClassifierOptions options;
        const bool has_top_k = arguments.contains("top_k");
        if (has_top_k) options.top_k.reset();
        if (has_top_k && !arguments["top_k"].is_null()) options.top_k = arguments["top_k"].get<std::size_t>();
        if (arguments.contains("function_to_apply")) {
          options.function = named<ScoreFunction>(arguments["function_to_apply"]);
        }
        if (arguments.value("truncation", false)) options.truncation = Truncation::longest_first;
        const Json& inputs = the_case.at("inputs");
        if (!inputs.is_array()) {
          const Json labels = labels_of(classify(pair_of(inputs), options));
          return has_top_k || inputs.is_string() ? labels : labels.at(0);  // Python's odd lists
        }
        std::vector<TextPair> batch;
        for (const Json& input : inputs) batch.push_back(pair_of(input));
        Json answers = Json::array();
        for (const auto& labels : classify(std::span<const TextPair>(batch), options)) {
          answers.push_back(has_top_k ? labels_of(labels) : labels_of(labels).at(0));
        }
        return answers;
      },
      190);
}

TEST(LabelsGolden, TokenClassification) {
  check_cases(
      "token-classification",
      [](const BertSession& session, const Json& the_case) {
        const TokenClassifier find(session);
        const Json& arguments = the_case.at("arguments");
        TokenClassifierOptions options{.offsets = OffsetUnit::code_points};
        options.aggregation = named<Aggregation>(arguments.value("aggregation_strategy", "none"));
        if (arguments.contains("ignore_labels")) arguments["ignore_labels"].get_to(options.ignore_labels);
        if (arguments.contains("stride")) options.stride = arguments["stride"].get<std::size_t>();
        std::vector<Entity> entities;
        const bool in_words = arguments.value("is_split_into_words", false);
        if (in_words) {
          const auto words = the_case.at("inputs").get<std::vector<std::string>>();
          const std::vector<std::string_view> views(words.begin(), words.end());
          entities = find.words(views, options, arguments.value("delimiter", " "));
        } else {
          entities = find(the_case.at("inputs").get<std::string>(), options);
        }
        Json list = Json::array();
        for (const Entity& entity : entities) {
          Json one = {
              {"score", number(entity.score)}, {"word", entity.word}, {"start", entity.start}, {"end", entity.end}};
          one[options.aggregation == Aggregation::none ? "entity" : "entity_group"] = entity.label;
          if (entity.index) one["index"] = *entity.index;
          list.push_back(std::move(one));
        }
        return in_words ? Json::array({list}) : list;
      },
      190);
}

// Answers of score 0 fill up Python's list in no order of their own.
Json without_zeros(const Json& answers) {
  Json some = Json::array();
  for (const Json& answer : answers.is_array() ? answers : Json::array({answers})) {
    if (answer.at("score").get<double>() > 0) some.push_back(answer);
  }
  return some;
}

TEST(LabelsGolden, QuestionAnswering) {
  std::size_t cases = 0;
  for (const auto& folder : tasks_test::golden_folders("question-answering")) {
    const QuestionAnswering ask(tasks_test::load(folder));
    const Json expected = tasks_test::expected_of(folder);
    for (const Json& the_case : expected.at("cases")) {
      ++cases;
      const Json& arguments = the_case.at("arguments");
      QuestionAnsweringOptions options{.offsets = OffsetUnit::code_points};
      options.top_k = arguments.value("top_k", std::size_t{1});
      options.max_answer_length = arguments.value("max_answer_len", std::size_t{15});
      options.max_length = arguments.value("max_seq_len", std::size_t{0});
      if (arguments.contains("doc_stride")) options.doc_stride = arguments["doc_stride"].get<std::size_t>();
      options.handle_impossible = arguments.value("handle_impossible_answer", false);
      options.align_to_words = arguments.value("align_to_words", true);
      const std::string where = folder.filename().string() + " " + arguments.dump() + " " +
                                the_case.at("question").dump() + " " + the_case.at("context").dump();
      Json found = Json::array();
      try {
        for (const Answer& answer :
             ask(the_case.at("question").get<std::string>(), the_case.at("context").get<std::string>(), options)) {
          found.push_back(
              {{"score", number(answer.score)}, {"start", answer.start}, {"end", answer.end}, {"answer", answer.text}});
        }
      } catch (const Error& error) {
        EXPECT_TRUE(the_case.contains("error")) << where << "\n  " << error.what();
        continue;
      }
      ASSERT_FALSE(the_case.contains("error")) << where;
      EXPECT_EQ(tasks_test::difference(without_zeros(found), without_zeros(the_case.at("result"))), "") << where;
    }
  }
  EXPECT_GE(cases, 24U);
}

TEST(LabelsGolden, ZeroShot) {
  check_cases(
      "zero-shot-classification",
      [](const BertSession& session, const Json& the_case) {
        const ZeroShot ask(session);
        const Json& arguments = the_case.at("arguments");
        const Json& given = arguments.at("candidate_labels");
        const auto labels = given.is_string() ? ZeroShot::split_labels(given.get<std::string>())
                                              : given.get<std::vector<std::string>>();
        ZeroShotOptions options;
        options.multi_label = arguments.value("multi_label", false);
        if (arguments.contains("hypothesis_template"))
          arguments["hypothesis_template"].get_to(options.hypothesis_template);
        const auto text = the_case.at("inputs").get<std::string>();
        Json answer = {{"sequence", text}, {"labels", Json::array()}, {"scores", Json::array()}};
        for (const LabelScore& label : ask(text, labels, options)) {
          EXPECT_EQ(labels.at(label.index), label.label);
          answer["labels"].push_back(label.label);
          answer["scores"].push_back(number(label.score));
        }
        return answer;
      },
      80);
}

TEST(LabelsGolden, FillMask) {
  check_cases(
      "fill-mask",
      [](const BertSession& session, const Json& the_case) {
        const FillMask fill(session);
        const Json& arguments = the_case.at("arguments");
        FillMaskOptions options;
        options.top_k = arguments.value("top_k", std::size_t{5});
        if (arguments.contains("targets")) {
          const Json& targets = arguments["targets"];
          options.targets =
              targets.is_string() ? std::vector{targets.get<std::string>()} : targets.get<std::vector<std::string>>();
        }
        Json answers = Json::array();
        for (const MaskAnswer& mask : fill(the_case.at("inputs").get<std::string>(), options)) {
          Json list = Json::array();
          for (const MaskPrediction& one : mask.predictions) {
            list.push_back({{"score", number(one.score)},
                            {"token", one.token_id},
                            {"token_str", one.token_text},
                            {"sequence", one.sequence}});
          }
          answers.push_back(std::move(list));
        }
        return answers.size() == 1 ? answers.at(0) : answers;
      },
      36);
}

TEST(LabelsGolden, NextSentence) {
  check_cases(
      "next-sentence",
      [](const BertSession& session, const Json& the_case) {
        NextSentenceOptions options;
        if (the_case.at("arguments").value("truncation", false)) options.truncation = Truncation::longest_first;
        const NextSentenceScore score = NextSentence(session)(the_case.at("text").get<std::string>(),
                                                              the_case.at("pair").get<std::string>(), options);
        return Json::array({number(score.is_next), number(score.not_next)});
      },
      80);
}

TEST(LabelsGolden, MultipleChoice) {
  check_cases(
      "multiple-choice",
      [](const BertSession& session, const Json& the_case) {
        MultipleChoiceOptions options;
        if (the_case.at("arguments").value("truncation", false)) options.truncation = Truncation::longest_first;
        Json scores = Json::array();
        const auto choices = the_case.at("choices").get<std::vector<std::string>>();
        for (const float score : MultipleChoice(session)(the_case.at("text").get<std::string>(), choices, options)) {
          scores.push_back(number(score));
        }
        return scores;
      },
      18);
}

Json rows_of(const Matrix& scores) {
  Json rows = Json::array();
  for (std::size_t i = 0; i < scores.rows; ++i) {
    Json row = Json::array();
    for (const float value : scores.row(i)) row.push_back(number(value));
    rows.push_back(scores.cols == 1 ? row.at(0) : row);
  }
  return rows;
}

TEST(LabelsGolden, CrossEncoder) {
  const auto folders = tasks_test::golden_folders("cross-encoder");
  EXPECT_GE(folders.size(), 3U);
  for (const auto& folder : folders) {
    const Json expected = tasks_test::expected_of(folder);
    const Reranker rerank(tasks_test::load(folder));
    std::vector<TextPair> pairs;
    for (const Json& pair : expected.at("predict").at("inputs")) {
      pairs.push_back({pair.at(0).get_ref<const std::string&>(), pair.at(1).get_ref<const std::string&>()});
    }
    EXPECT_EQ(tasks_test::difference(rows_of(rerank.predict(pairs)), expected.at("predict").at("result")), "")
        << folder;
    const Matrix softmax = rerank.predict(pairs, {.apply_softmax = true});
    EXPECT_EQ(tasks_test::difference(rows_of(softmax), expected.at("predict_softmax").at("result")), "") << folder;

    const auto query = expected.at("rank").at("query").get<std::string>();
    const auto documents = expected.at("rank").at("documents").get<std::vector<std::string>>();
    const auto ranked = [&](std::optional<std::size_t> top_k, bool with_texts) {
      Json list = Json::array();
      for (const RankedDocument& hit : rerank.rank(query, documents, top_k)) {
        list.push_back({{"corpus_id", hit.index}, {"score", number(hit.score)}});
        if (with_texts) list.back()["text"] = documents[hit.index];
      }
      return list;
    };
    if (expected.at("rank").contains("error")) {
      EXPECT_THROW(ranked(std::nullopt, false), Error);
      continue;
    }
    EXPECT_EQ(tasks_test::difference(ranked(std::nullopt, false), expected.at("rank").at("result")), "") << folder;
    EXPECT_EQ(tasks_test::difference(ranked(3, true), expected.at("rank_top_3").at("result")), "") << folder;
  }
}

}  // namespace
}  // namespace bertrt
