// classify, zero-shot, rerank, ner, qa and next-sentence: what they print, and what they do with bad input. Their
// answers are held to Python's in tests/tasks.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "run_cli.h"

namespace bertrt::cli_test {
namespace {

using testing::HasSubstr;

std::string model(const std::string& name) { return BERTRT_TEST_DATA "/tasks/" + name; }

std::vector<std::string> keys(const nlohmann::json& object) {
  std::vector<std::string> names;
  for (const auto& [name, value] : object.items()) names.push_back(name);
  return names;
}

using Names = std::vector<std::string>;

TEST(Classify, GivesAllLabelsBestFirst) {
  const auto lines = run_json({"classify", "--model", model("text-classification"), "Who was Jim Henson ?"});
  ASSERT_EQ(lines.size(), 1U);
  EXPECT_EQ(keys(lines[0]), Names{"labels"});
  ASSERT_EQ(lines[0]["labels"].size(), 3U);
  EXPECT_EQ(keys(lines[0]["labels"][0]), (Names{"label", "score"}));
  EXPECT_EQ(lines[0]["labels"][0]["label"], "positive");
  EXPECT_NEAR(lines[0]["labels"][0]["score"].get<double>(), 0.80034548, 1e-5);
}

TEST(Classify, LinesPairsAndBlankLines) {
  const std::vector<std::string> command = {"classify",         "--model", model("text-classification"), "--top-k", "1",
                                            "--pair-separator", "|"};
  const auto lines = run_json(command, "Who was Jim ?|a puppeteer\n\nWho was Jim ?|\nWho was Jim ?\n");
  ASSERT_EQ(lines.size(), 4U);
  for (const auto& line : lines) EXPECT_EQ(line["labels"].size(), 1U);
  EXPECT_EQ(lines[2], lines[3]);  // an empty second text is none
  EXPECT_NE(lines[0], lines[3]);
}

TEST(Classify, FunctionsAndBadUsage) {
  const auto raw = run_json({"classify", "--model", model("text-classification"), "--function", "none", "good"});
  double sum = 0;
  for (const auto& label : raw[0]["labels"]) sum += label["score"].get<double>();
  EXPECT_GT(std::abs(sum - 1), 1e-3);
  expect_refused({"classify", "--model", model("text-classification"), "--function", "wild", "good"}, 2, "--function");
  expect_refused({"classify", "--model", model("token-classification"), "good"}, 2, "token-classification");
  expect_refused({"classify", "--model", model("text-classification"), std::string(300, '!')}, 2, "--truncation");
}

TEST(Classify, ABadLineHasItsErrorInItsPlace) {
  const std::string input =
      "{\"text\":\"good\"}\nno json\n{\"text\":\"" + std::string(300, '!') + "\"}\n{\"text\":\"good\"}\n";
  const std::vector<std::string> command = {"classify", "--model", model("text-classification"), "--input-format",
                                            "jsonl"};
  auto keeping = command;
  keeping.emplace_back("--keep-going");
  const auto lines = run_json(keeping, input);
  ASSERT_EQ(lines.size(), 4U);
  EXPECT_EQ(lines[0], lines[3]);
  EXPECT_THAT(lines[1]["error"].get<std::string>(), HasSubstr("line 2"));
  EXPECT_THAT(lines[2]["error"].get<std::string>(), HasSubstr("line 3"));
  const Outcome stopped = run(command, input);
  EXPECT_EQ(stopped.status, 2);
  EXPECT_THAT(stopped.err, HasSubstr("line 2"));
}

TEST(ZeroShot, GivesTheLabelsGiven) {
  const auto lines = run_json(
      {"zero-shot", "--model", model("zero-shot"), "--labels", "sport, politics ,,science", "the movie was very good"});
  ASSERT_EQ(lines[0]["labels"].size(), 3U);
  EXPECT_EQ(lines[0]["labels"][0]["label"], "politics");
  EXPECT_NEAR(lines[0]["labels"][0]["score"].get<double>(), 0.36322308, 1e-5);
  const auto apart = run_json({"zero-shot", "--model", model("zero-shot"), "--labels", "sport,politics",
                               "--multi-label", "the movie was very good"});
  EXPECT_NEAR(apart[0]["labels"][0]["score"].get<double>(), 0.82937300, 1e-5);
}

TEST(ZeroShot, WhatCannotBeAsked) {
  expect_refused({"zero-shot", "--model", model("zero-shot"), "good"}, 2, "--labels");
  expect_refused({"zero-shot", "--model", model("zero-shot"), "--labels", " ,", "good"}, 2, "--labels");
  expect_refused({"zero-shot", "--model", model("zero-shot"), "--labels", "a", ""}, 2, "empty");
  expect_refused({"zero-shot", "--model", model("zero-shot"), "--labels", "a", "--template", "none", "b"}, 2,
                 "template");
}

TEST(Rerank, OrdersTheDocuments) {
  const std::vector<std::string> command = {"rerank", "--model", model("cross-encoder"), "--query",
                                            "Who was Jim Henson ?"};
  const std::string input = "a puppeteer\nthe capital of Paris\n\nthe movie was very good\nthe movie was very good\n";
  const auto lines = run_json(command, input);
  ASSERT_EQ(lines.size(), 1U);
  EXPECT_EQ(keys(lines[0]), Names{"results"});
  const auto& results = lines[0]["results"];
  ASSERT_EQ(results.size(), 5U);
  EXPECT_EQ(keys(results[0]), (Names{"index", "score", "text"}));
  EXPECT_EQ(results[0]["index"], 3);
  EXPECT_EQ(results[1]["index"], 4);
  EXPECT_EQ(results[2]["index"], 2);
  EXPECT_EQ(results[2]["text"], "");
  EXPECT_NEAR(results[2]["score"].get<double>(), 0.6378247, 1e-5);
  auto best = command;
  best.insert(best.end(), {"--top-k", "2"});
  EXPECT_EQ(run_json(best, input)[0]["results"].size(), 2U);
  EXPECT_EQ(run_json(command, "")[0]["results"].size(), 0U);
}

TEST(Rerank, ManyDocumentsAndTheBestOfThem) {
  std::string input;
  for (int i = 0; i < 5000; ++i) input += "document " + std::to_string(i) + "\n";
  const auto all = run_json({"rerank", "--model", model("cross-encoder"), "--query", "who"}, input)[0]["results"];
  const auto best =
      run_json({"rerank", "--model", model("cross-encoder"), "--query", "who", "--top-k", "7"}, input)[0]["results"];
  ASSERT_EQ(all.size(), 5000U);
  ASSERT_EQ(best.size(), 7U);
  for (std::size_t i = 0; i < 7; ++i) EXPECT_EQ(best[i], all[i]);
}

TEST(Ner, GivesEntitiesWithBytes) {
  const auto tokens = run_json({"ner", "--model", model("token-classification"), "Angela Merkel lives near Berlin"});
  EXPECT_EQ(keys(tokens[0]), Names{"entities"});
  const auto& first = tokens[0]["entities"][0];
  EXPECT_EQ(keys(first), (Names{"end", "index", "label", "score", "start", "text", "word"}));
  EXPECT_EQ(first["label"], "B-PER");
  EXPECT_EQ(first["word"], "angela");
  EXPECT_EQ(first["text"], "Angela");
  EXPECT_EQ(first["index"], 1);
  const std::string text = "東京 Angela";
  const std::vector<std::string> command = {
      "ner", "--model", model("token-classification"), "--aggregation", "simple", "--ignore-labels", "", text};
  const auto groups = run_json(command)[0]["entities"];
  ASSERT_FALSE(groups.empty());
  EXPECT_EQ(keys(groups[0]), (Names{"end", "label", "score", "start", "text", "word"}));
  EXPECT_EQ(groups.back()["end"], text.size());
  auto counted = command;
  counted.insert(counted.end() - 1, {"--offsets", "codepoint"});
  EXPECT_EQ(run_json(counted)[0]["entities"].back()["end"], 9);
}

TEST(Ner, LabelsToLeaveOutMayHaveBlanksBetweenThem) {
  const std::vector<std::string> ner = {"ner", "--model", model("token-classification"),
                                        "Angela Merkel lives near Berlin", "--ignore-labels"};
  const auto with = [&](const std::string& labels) {
    auto command = ner;
    command.push_back(labels);
    return run_json(command);
  };
  EXPECT_EQ(with("B-PER, O"), with("B-PER,O"));
  EXPECT_NE(with("B-PER, O"), with("B-PER"));
}

TEST(Ner, LinesWindowsAndBadUsage) {
  const auto lines = run_json({"ner", "--model", model("token-classification")}, "\nAngela\n \n");
  ASSERT_EQ(lines.size(), 3U);
  EXPECT_TRUE(lines[0]["entities"].empty());
  EXPECT_TRUE(lines[2]["entities"].empty());
  expect_refused({"ner", "--model", model("token-classification"), "--stride", "3", "a"}, 2, "stride");
  expect_refused({"ner", "--model", model("token-classification"), "--aggregation", "best", "a"}, 2, "--aggregation");
  expect_refused({"ner", "--model", model("fill-mask"), "a"}, 2, "masked-lm");
  const Outcome shown = run({"ner", "--model", model("token-classification"), "Angela \x1b[2J lives"});
  EXPECT_EQ(shown.status, 0);
  EXPECT_THAT(shown.out, testing::Not(HasSubstr("\x1b")));  // no terminal, no colours, and never the text's own
}

TEST(Qa, FindsAnswers) {
  const std::string context = "Jim Henson was a puppeteer. He lives near Berlin, in the café of the king.";
  const auto lines =
      run_json({"qa", "--model", model("question-answering"), "--question", "Who was Jim Henson ?", context});
  EXPECT_EQ(keys(lines[0]), Names{"answers"});
  ASSERT_EQ(lines[0]["answers"].size(), 1U);
  const auto& answer = lines[0]["answers"][0];
  EXPECT_EQ(keys(answer), (Names{"answer", "end", "score", "start"}));
  EXPECT_EQ(answer["answer"], "puppeteer");
  EXPECT_EQ(answer["start"], 17);
  EXPECT_NEAR(answer["score"].get<double>(), 0.02885404, 1e-5);
  const auto more =
      run_json({"qa", "--model", model("question-answering"), "--question", "Who was Jim Henson ?", "--top-k", "5",
                "--impossible", "--no-align", "--max-answer-length", "3", "--max-length", "30", "--doc-stride", "8"},
               context + "\n" + context + "\n");
  ASSERT_EQ(more.size(), 2U);
  EXPECT_EQ(more[0], more[1]);
  EXPECT_EQ(more[0]["answers"].size(), 5U);
}

TEST(Qa, WhatCannotBeAsked) {
  const std::string name = model("question-answering");
  expect_refused({"qa", "--model", name, "context"}, 2, "--question");
  expect_refused({"qa", "--model", name, "--question", "", "context"}, 2, "question");
  expect_refused({"qa", "--model", name, "--question", "who"}, 2, "line 1 of standard input", "\n");
}

// Advice names an option where the command has it.
TEST(Labels, ATextThatIsTooLong) {
  std::string text;
  for (int i = 0; i < 100; ++i) text += "a ";
  const Outcome classify = run({"classify", "--model", model("text-classification"), text});
  EXPECT_EQ(classify.status, 2);
  EXPECT_THAT(classify.err, HasSubstr("give --truncation longest_first"));
  const Outcome qa = run({"qa", "--model", model("question-answering"), "--question", text, "a context"});
  EXPECT_EQ(qa.status, 2);
  EXPECT_THAT(qa.err, HasSubstr("shorten the text"));
  EXPECT_THAT(qa.err, testing::Not(HasSubstr("--truncation")));
}

TEST(NextSentence, GivesTwoProbabilities) {
  const auto lines =
      run_json({"next-sentence", "--model", model("next-sentence"), "Who was Jim Henson ?", "a puppeteer"});
  EXPECT_EQ(keys(lines[0]), (Names{"is_next", "not_next"}));
  EXPECT_NEAR(lines[0]["is_next"].get<double>() + lines[0]["not_next"].get<double>(), 1, 1e-6);
  expect_refused({"next-sentence", "--model", model("next-sentence"), "one"}, 2, "two texts");
  const auto pairs = run_json({"next-sentence", "--model", model("next-sentence"), "--pair-separator", "\t"},
                              "Who was Jim Henson ?\ta puppeteer\n");
  EXPECT_EQ(pairs, lines);
}

TEST(Labels, AreReadableWithoutJson) {
  for (const std::vector<std::string>& command :
       {std::vector<std::string>{"classify", "--model", model("text-classification"), "good"},
        {"zero-shot", "--model", model("zero-shot"), "--labels", "sport", "good"},
        {"rerank", "--model", model("cross-encoder"), "--query", "who", "good"},
        {"qa", "--model", model("question-answering"), "--question", "who", "good"},
        {"next-sentence", "--model", model("next-sentence"), "good", "bad"}}) {
    const Outcome outcome = run(command);
    EXPECT_EQ(outcome.status, 0) << outcome.err;
    EXPECT_THAT(outcome.out, HasSubstr("good"));
    EXPECT_THAT(outcome.out, HasSubstr("0."));
  }
}

}  // namespace
}  // namespace bertrt::cli_test
