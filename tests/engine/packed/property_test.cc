// What must not change an answer: company in the batch, order, slices, which rows are asked for, other threads.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>
#include <string>
#include <thread>
#include <vector>

#include "bertrt/error.h"
#include "engine/packed/golden.h"

namespace bertrt::engine::packed {
namespace {

Encoding random_text(std::size_t length, std::mt19937& random) {
  Encoding text;
  for (std::size_t i = 0; i < length; ++i) {
    text.input_ids.push_back(static_cast<std::int32_t>(5 + random() % 60));
    text.token_type_ids.push_back(i > length / 2 ? 1 : 0);
    text.attention_mask.push_back(i > 0 && i + 1 < length && random() % 6 == 0 ? 0 : 1);
  }
  return text;
}

std::vector<Encoding> random_texts(std::size_t count, bool types) {
  std::mt19937 random(7);
  std::vector<Encoding> texts;
  for (std::size_t i = 0; i < count; ++i) {
    texts.push_back(random_text(1 + random() % 60, random));
    if (!types) texts.back().token_type_ids.clear();
  }
  return texts;
}

std::vector<float> copy(std::span<const float> values) { return {values.begin(), values.end()}; }

class PackedProperty : public testing::TestWithParam<std::string> {
 protected:
  std::string model() const { return GetParam() + ".pt"; }
  std::vector<Encoding> texts() const { return random_texts(12, GetParam() == "bert_gelu" || GetParam() == "albert"); }
};

TEST_P(PackedProperty, AloneBatchedAndReorderedAreBitwiseEqual) {
  const auto engine = load_parity_model(model());
  const std::vector<Encoding> some = texts();
  const std::vector<Encoding> reversed(some.rbegin(), some.rend());
  const EncoderOutput forward = engine->run(batch::make_batch(some, {}), {.logits = true});
  const EncoderOutput backward = engine->run(batch::make_batch(reversed, {}), {});
  for (std::size_t i = 0; i < some.size(); ++i) {
    const EncoderOutput alone = engine->run(batch::make_batch({&some[i], 1}, {}), {.logits = true});
    const std::vector<float> want = copy(alone.last_hidden_state().data());
    EXPECT_EQ(copy(forward.last_hidden_state().text(i)), want) << "text " << i;
    EXPECT_EQ(copy(backward.last_hidden_state().text(some.size() - 1 - i)), want) << "text " << i;
    EXPECT_EQ(copy(forward.token_logits->row(i, 0)), copy(alone.token_logits->row(0, 0))) << "text " << i;
  }
}

TEST_P(PackedProperty, SlicesDoNotShow) {
  const auto batch = batch::make_batch(texts(), {});
  const EncoderOutput whole = load_parity_model(model())->run(batch, {});
  for (const std::size_t tokens : {1, 7, 100}) {
    const EncoderOutput sliced = load_parity_model(model(), {}, {.slice_tokens = tokens})->run(batch, {});
    EXPECT_EQ(copy(sliced.last_hidden_state().data()), copy(whole.last_hidden_state().data())) << tokens;
  }
}

TEST_P(PackedProperty, RowsThatAreAskedForAreTheSame) {
  const auto engine = load_parity_model(model(), {}, {.slice_tokens = 50});
  const auto batch = batch::make_batch(texts(), {});
  const EncoderOutput all = engine->run(batch, {.logits = true});
  RunRequest request{.hidden_states = false, .pooled_output = false, .logits = true};
  const std::size_t last = batch.size() - 1;
  request.logit_tokens = {{last, batch.length(last) - 1}, {0, 0}, {2, 0}, {0, 0}, {last, 0}};
  const EncoderOutput some = engine->run(batch, request);
  EXPECT_TRUE(some.all_encoder_layers.empty());
  ASSERT_EQ(some.token_logits->total_tokens(), request.logit_tokens.size());
  std::vector<std::size_t> next(batch.size(), 0);
  for (const TokenPlace& place : request.logit_tokens) {
    EXPECT_EQ(copy(some.token_logits->row(place.text, next[place.text]++)),
              copy(all.token_logits->row(place.text, place.token)))
        << place.text << ", " << place.token;
  }
  request.logit_tokens.clear();
  EXPECT_EQ(copy(engine->run(batch, request).token_logits->data()), copy(all.token_logits->data()));
  request.logits = false;
  EXPECT_FALSE(engine->run(batch, request).token_logits.has_value());
  request.hidden_states = true;
  const EncoderOutput hidden = engine->run(batch, request);
  ASSERT_EQ(hidden.all_encoder_layers.size(), 1U);
  EXPECT_EQ(copy(hidden.last_hidden_state().data()), copy(all.last_hidden_state().data()));
}

TEST_P(PackedProperty, ManyThreadsAtOnce) {
  const auto engine = load_parity_model(model());
  const auto batch = batch::make_batch(texts(), {});
  const std::vector<float> want = copy(engine->run(batch, {}).last_hidden_state().data());
  std::vector<std::thread> threads;
  std::vector<int> equal(4, 0);
  for (std::size_t t = 0; t < equal.size(); ++t) {
    threads.emplace_back([&, t] {
      for (int i = 0; i < 10; ++i) equal[t] += copy(engine->run(batch, {}).last_hidden_state().data()) == want ? 1 : 0;
    });
  }
  for (auto& thread : threads) thread.join();
  EXPECT_THAT(equal, testing::Each(10));
}

INSTANTIATE_TEST_SUITE_P(Some, PackedProperty, testing::Values("bert_gelu", "roberta", "albert", "mpnet", "distilbert"),
                         [](const auto& test) { return test.param; });

// A key behind a hole is seen by nobody: the rows of the others are as if it were not there at all.
TEST(PackedMask, AHoleIsAsIfTheTokenWereNotThere) {
  const auto engine = load_parity_model("bert_gelu.pt");
  Encoding with;
  with.input_ids = {7, 20, 30, 40, 50, 8};
  with.attention_mask = {1, 1, 0, 1, 1, 1};
  Encoding without;
  without.input_ids = {7, 20, 40, 50, 8};
  without.position_ids = {0, 1, 3, 4, 5};
  const EncoderOutput a = engine->run(batch::make_batch({&with, 1}, {}), {});
  const EncoderOutput b = engine->run(batch::make_batch({&without, 1}, {}), {});
  for (std::size_t i = 0; i < 5; ++i) {
    EXPECT_LE(difference(a.last_hidden_state().row(0, i < 2 ? i : i + 1), b.last_hidden_state().row(0, i)), 2e-6F);
  }
  EXPECT_GT(difference(a.last_hidden_state().row(0, 2), b.last_hidden_state().row(0, 2)), 1e-3F);
}

TEST(PackedPositions, TheModelsOwnRule) {
  Encoding text;
  text.input_ids = {7, 20, 1, 40, 8};  // 1 is RoBERTa's padding: it has position 1 and counts for nothing
  for (const auto& [name, positions] : {std::pair{"bert_gelu.pt", std::vector<std::int32_t>{0, 1, 2, 3, 4}},
                                        std::pair{"roberta.pt", std::vector<std::int32_t>{2, 3, 1, 4, 5}}}) {
    const auto engine = load_parity_model(name);
    Encoding given = text;
    given.position_ids = positions;
    EXPECT_EQ(copy(engine->run(batch::make_batch({&given, 1}, {}), {}).last_hidden_state().data()),
              copy(engine->run(batch::make_batch({&text, 1}, {}), {}).last_hidden_state().data()))
        << name;
  }
}

template <typename Call>
ErrorCode code_of(const Call& call) {
  try {
    call();
  } catch (const Error& error) {
    return error.code();
  }
  ADD_FAILURE() << "no error";
  return ErrorCode::runtime;
}

TEST(PackedErrors, BadInputs) {
  const auto engine = load_parity_model("bert_gelu.pt");
  Encoding text;
  text.input_ids = {7, 8};
  const auto run = [&](const Encoding& encoding, const RunRequest& request = {}) {
    return code_of([&] { engine->run(batch::make_batch({&encoding, 1}, {}), request); });
  };
  Encoding bad = text;
  bad.input_ids[1] = 72;
  EXPECT_EQ(run(bad), ErrorCode::invalid_argument);
  bad = text;
  bad.token_type_ids = {0, 2};
  EXPECT_EQ(run(bad), ErrorCode::invalid_argument);
  bad = text;
  bad.position_ids = {0, 64};
  EXPECT_EQ(run(bad), ErrorCode::invalid_argument);
  bad = text;
  bad.input_ids.resize(65, 7);
  EXPECT_EQ(run(bad), ErrorCode::input_too_long);
  for (const TokenPlace place : {TokenPlace{0, 2}, TokenPlace{1, 0}}) {
    RunRequest request{.logits = true};
    request.logit_tokens = {place};
    EXPECT_EQ(run(text, request), ErrorCode::invalid_argument);
  }
}

TEST(PackedFacts, SayWhatItGives) {
  const auto bundle = load_parity_model("bert_gelu.pt");
  const auto roles = [](const Engine& engine) {
    std::vector<OutputRole> found;
    for (const OutputInfo& info : engine.facts().outputs) found.push_back(info.role);
    return found;
  };
  EXPECT_THAT(roles(*bundle),
              testing::ElementsAre(OutputRole::hidden_state, OutputRole::hidden_state, OutputRole::token_logits));
  EXPECT_THAT(bundle->facts().outputs.back().shape, testing::ElementsAre(-1, 72));
  EXPECT_EQ(bundle->facts().max_length, 64U);
  EXPECT_EQ(bundle->facts().proven_min, 1U);
  EXPECT_EQ(roles(*load_parity_model("mpnet_encoder.pt")).back(), OutputRole::pooled_output);
  EXPECT_EQ(load_parity_model("roberta.pt")->facts().max_length, 64U);
}

}  // namespace
}  // namespace bertrt::engine::packed
