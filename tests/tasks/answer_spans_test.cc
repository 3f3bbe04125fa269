#include "tasks/answer_spans.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <random>
#include <vector>

namespace bertrt::tasks {
namespace {

// Every span there is, sorted.
std::vector<TokenSpan> by_hand(const std::vector<float>& start, const std::vector<float>& end, std::size_t longest,
                               std::size_t count) {
  std::vector<TokenSpan> all;
  for (std::size_t i = 0; i < start.size(); ++i) {
    for (std::size_t j = i; j < end.size() && j - i < longest; ++j) {
      if (start[i] * end[j] > 0) all.push_back({i, j, start[i] * end[j]});
    }
  }
  std::stable_sort(all.begin(), all.end(), [](const TokenSpan& a, const TokenSpan& b) { return a.score > b.score; });
  if (all.size() > count) all.resize(count);
  return all;
}

TEST(BestSpans, AreTheBestOfAll) {
  std::mt19937 random(7);
  for (int round = 0; round < 200; ++round) {
    const std::size_t size = 1 + random() % 20;
    std::vector<float> start(size);
    std::vector<float> end(size);
    for (float& value : start) value = static_cast<float>(random() % 5) / 4;  // with ties and zeros
    for (float& value : end) value = static_cast<float>(random() % 5) / 4;
    const std::size_t longest = 1 + random() % 25;
    const std::size_t count = random() % 30;
    const auto expected = by_hand(start, end, longest, count);
    const auto found = best_spans(start, end, longest, count);
    ASSERT_EQ(found.size(), expected.size());
    for (std::size_t i = 0; i < found.size(); ++i) {
      EXPECT_EQ(found[i].first, expected[i].first);
      EXPECT_EQ(found[i].last, expected[i].last);
    }
  }
}

TEST(BestSpans, NoNumbersAreNoAnswers) {
  const std::vector<float> values = {NAN, 0, -1};
  EXPECT_TRUE(best_spans(values, values, 3, 9).empty());
}

TEST(AllowedSoftmax, ForbiddenTokensGetNothing) {
  const std::vector<float> p = allowed_softmax(std::vector<float>{1, 50, 1}, {true, false, true});
  EXPECT_FLOAT_EQ(p[0], 0.5F);
  EXPECT_EQ(p[1], 0);
}

// [CLS] q [SEP] Paris paris [SEP], a word a token.
Encoding window() {
  Encoding made;
  made.input_ids = {101, 7, 102, 8, 8, 102};
  made.sequence_ids = {-1, 0, -1, 1, 1, -1};
  made.word_ids = {-1, 0, -1, 0, 1, -1};
  made.offsets = {{0, 0}, {0, 1}, {0, 0}, {0, 5}, {6, 11}, {0, 0}};
  return made;
}

TEST(AnswerCollector, EqualAnswersAddUp) {
  AnswerCollector collector({"q", "Paris paris"}, {.top_k = 5, .max_answer_length = 1});
  const std::vector<float> logits = {-50, 0, 0, 1, 1, 0};
  collector.take(window(), logits, logits, 101);
  collector.take(window(), logits, logits, 101);
  const auto answers = collector.finish();
  ASSERT_EQ(answers.size(), 1U);
  EXPECT_EQ(answers[0].text, "Paris");  // the first one's spelling and place
  EXPECT_NEAR(answers[0].score, 1, 1e-6);
  EXPECT_EQ(answers[0].end, 5U);
}

TEST(AnswerCollector, NoAnswerIsTheLeastOfAllWindows) {
  AnswerCollector collector({"q", "Paris paris"}, {.top_k = 5, .max_answer_length = 1, .handle_impossible = true});
  collector.take(window(), std::vector<float>{5, 0, 0, 5, -50, 0}, std::vector<float>{5, 0, 0, 5, -50, 0}, 101);
  collector.take(window(), std::vector<float>{9, 0, 0, -9, -9, 0}, std::vector<float>{9, 0, 0, -9, -9, 0}, 101);
  const auto answers = collector.finish();
  ASSERT_EQ(answers.size(), 2U);
  EXPECT_EQ(answers[1].text, "");
  EXPECT_NEAR(answers[1].score, 0.25, 1e-6);
}

}  // namespace
}  // namespace bertrt::tasks
