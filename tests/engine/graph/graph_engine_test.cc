#include "engine/graph/graph_engine.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <vector>

#include "engine/graph/recognized_engine.h"
#include "error_matchers.h"
#include "family/tiny_model.h"

namespace bertrt::engine::graph {
namespace {

using family::test::Change;
using family::test::TinyModel;
using ::testing::HasSubstr;

Encoding text_of(std::size_t length) {
  Encoding text;
  for (std::size_t i = 0; i < length; ++i) {
    text.input_ids.push_back(static_cast<std::int32_t>(5 + i * 7 % 19));
    text.token_type_ids.push_back(i * 2 < length ? 0 : 1);
  }
  return text;
}

EncoderOutput run(const Engine& engine, const std::vector<Encoding>& texts) {
  return engine.run(batch::make_batch(texts, {}), RunRequest::everything());
}

// ---- memory
// ----------------------------------------------------------------------------------------------------------

TEST(MemoryBudget, ARunThatNeedsMoreIsRefusedBeforeItStarts) {
  const TinyModel model;
  const auto small = make_graph_engine(model.shared(), {.memory_budget = 20000});
  EXPECT_NO_THROW(run(*small, {text_of(4)}));
  const Error error = thrown_by([&] { run(*small, {text_of(40)}); });
  EXPECT_EQ(error.code(), ErrorCode::out_of_resources);
  EXPECT_THAT(error.what(), HasSubstr("memory budget"));
  EXPECT_NO_THROW(run(*make_graph_engine(model.shared(), {.memory_budget = 2000000}), {text_of(40)}));
}

// Texts of a batch that do not fit side by side run one after the other: whether they run does not depend on threads.
TEST(MemoryBudget, ABatchRunsWhereEachOfItsTextsDoes) {
  const TinyModel model;
  const auto answers = [&](std::size_t budget, std::size_t texts) {
    SessionOptions options;
    options.threads = 4;
    options.memory_budget = budget;
    try {
      run(*make_graph_engine(model.shared(), options), std::vector<Encoding>(texts, text_of(12)));
      return true;
    } catch (const Error&) {
      return false;
    }
  };
  std::size_t enough = 1000;
  while (!answers(enough, 1)) enough *= 2;
  EXPECT_GT(enough, 1000U);
  EXPECT_FALSE(answers(enough / 2, 4));
  EXPECT_TRUE(answers(enough, 4));
}

TEST(MemoryBudget, HoldsForTheOperatorsAroundAPackedEncoder) {
  const TinyModel model({}, "torch.sum(torch.matmul(torch.unsqueeze(h2, -1), torch.unsqueeze(h2, -2)), [1])");
  ASSERT_TRUE(model.recognized());
  EXPECT_NO_THROW(run(*make_recognized_engine(model.shared(), {.memory_budget = 8000}), {text_of(3)}));
  EXPECT_THROW(run(*make_recognized_engine(model.shared(), {.memory_budget = 8000}), {text_of(40)}), Error);
}

// The weights are packed: where no operator of the trace is run again, nothing holds its bytes.
TEST(RecognizedEngine, LetsTheTraceGoWhereItNeedsNoOperators) {
  for (const bool operators : {false, true}) {
    const TinyModel model({}, operators ? "(h2, torch.add(h1, h2))" : "(h2, pooled)");
    const long before = model.shared().use_count();
    const auto engine = make_recognized_engine(model.shared(), {});
    EXPECT_EQ(model.shared().use_count() > before, operators);
    EXPECT_NO_THROW(run(*engine, {text_of(5)}));
  }
}

// ---- traces that run at one length
// -----------------------------------------------------------------------------------

// The traced length stands in the code.
const Change kBaked = {"c1m = torch.view(c1t, [b, t, 8])", "c1m = torch.view(c1t, [b, 16, 8])"};

TEST(Padding, IsCutOffTheTokensAxisAndNoOther) {
  // Sixteen classes are as many as tokens.
  const TinyModel model({kBaked}, "(h2, torch.linear(first, w16))", "", 16);
  ASSERT_EQ(model.trace().lengths->only(), 16U);
  const auto engine = make_graph_engine(model.shared(), {});
  const EncoderOutput output = run(*engine, {text_of(6), text_of(16)});
  ASSERT_EQ(output.all_encoder_layers.size(), 1U);
  EXPECT_EQ(output.last_hidden_state().sequence(0), 6U);
  ASSERT_EQ(output.more.size() + (output.text_logits ? 1U : 0U), 1U);
  if (output.text_logits) {
    EXPECT_EQ(output.text_logits->cols, 16U);
  } else {
    EXPECT_EQ(output.more[0].texts[0].shape, std::vector<std::size_t>{16});
  }
}

TEST(Padding, AnOutputThatItChangesIsRefusedForShorterTexts) {
  const TinyModel model({kBaked}, "torch.mean(h2, [1])", "", 16);
  const auto engine = make_graph_engine(model.shared(), {});
  EXPECT_NO_THROW(run(*engine, {text_of(16)}));
  const Error error = thrown_by([&] { run(*engine, {text_of(6)}); });
  EXPECT_EQ(error.code(), ErrorCode::unsupported);
  EXPECT_THAT(error.what(), HasSubstr("padding"));
}

// What stands there is hidden; that there is so much of it shows.
TEST(Padding, AnOutputThatItsLengthChangesIsRefusedForShorterTexts) {
  const std::string mean = "torch.mean(torch.mul(h2, torch.unsqueeze(attention_mask, 2)), [1])";
  const TinyModel model({kBaked}, mean, "", 16);
  const auto engine = make_graph_engine(model.shared(), {});
  EXPECT_NO_THROW(run(*engine, {text_of(16)}));
  EXPECT_THAT(thrown_by([&] { run(*engine, {text_of(6)}); }).what(), HasSubstr("how much padding"));
  const std::string sum = "torch.sum(torch.mul(h2, torch.unsqueeze(attention_mask, 2)), [1])";
  const TinyModel neutral({kBaked}, sum, "", 16);
  const auto other = make_graph_engine(neutral.shared(), {});
  EXPECT_NO_THROW(run(*other, {text_of(6)}));
  EXPECT_TRUE(other->facts().findings.empty());  // it was compared with the text alone
}

// The traced length stands for heads' sizes, too, which are no length.
TEST(Padding, IsComparedWithTheTextAloneWhereHeadsAreAsWide) {
  const TinyModel model({{"c1m = torch.view(c1t, [b, t, 8])", "c1m = torch.view(c1t, [b, 4, 8])"}}, "h2", "", 4);
  ASSERT_EQ(model.trace().lengths->only(), 4U);
  const auto engine = make_graph_engine(model.shared(), {});
  EXPECT_NO_THROW(run(*engine, {text_of(3)}));
}

TEST(Padding, AnAxisThatCannotBeToldIsRefusedForShorterTexts) {
  const TinyModel model({kBaked}, "torch.sum(torch.mul(h2, torch.unsqueeze(attention_mask, 2)), [2])", "", 16);
  const auto engine = make_graph_engine(model.shared(), {});
  EXPECT_NO_THROW(run(*engine, {text_of(16)}));
  EXPECT_THAT(thrown_by([&] { run(*engine, {text_of(6)}); }).what(), HasSubstr("axes"));
}

TEST(Padding, AModelThatLooksAtItIsRefusedForShorterTexts) {
  const TinyModel model({kBaked, {"s1m = torch.add(s1, mask)", "s1m = s1"}}, "h2", "", 16);
  const auto engine = make_graph_engine(model.shared(), {});
  EXPECT_NO_THROW(run(*engine, {text_of(16)}));
  EXPECT_THROW(run(*engine, {text_of(6)}), Error);
}

TEST(RecognizedEngine, DoesNotRunOperatorsAtALengthThatTheTraceIsNotRightAt) {
  const TinyModel model({kBaked}, "torch.sum(torch.mul(h2, torch.unsqueeze(attention_mask, 2)), [1])", "", 16);
  ASSERT_TRUE(model.recognized()) << model.reading().not_explained;
  const auto engine = make_recognized_engine(model.shared(), {});
  EXPECT_NO_THROW(run(*engine, {text_of(16)}));
  EXPECT_THROW(run(*engine, {text_of(6)}), Error);
}

// ---- outputs
// ---------------------------------------------------------------------------------------------------------

TEST(GraphEngine, GivesWholeNumbersAsFloats) {
  const TinyModel model({}, "(torch.argmax(torch.linear(h2, wc, bc), -1), attention_mask)");
  const EncoderOutput output = run(*make_graph_engine(model.shared(), {}), {text_of(5)});
  ASSERT_EQ(output.more.size(), 2U);
  for (const float value : output.more[0].texts[0].data) EXPECT_TRUE(value == 0 || value == 1 || value == 2);
  EXPECT_EQ(output.more[1].texts[0].data, std::vector<float>(5, 1));
  const TinyModel large({}, "torch.add(input_ids, 16777217)");
  EXPECT_THROW(run(*make_graph_engine(large.shared(), {}), {text_of(5)}), Error);
}

TEST(GraphEngine, EmbeddingsComeBeforeTheLayers) {
  const TinyModel model({}, "(h2, h0, h1)");
  const auto engine = make_graph_engine(model.shared(), {});
  const auto& outputs = engine->facts().outputs;
  ASSERT_EQ(outputs.size(), 3U);
  EXPECT_EQ(outputs[0].name, "1");
  EXPECT_TRUE(outputs[0].in_more);
  EXPECT_EQ(outputs[1].name, "2");
  EXPECT_EQ(outputs[2].name, "0");
}

}  // namespace
}  // namespace bertrt::engine::graph
