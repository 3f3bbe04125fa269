// Large batches of uneven texts, shared out among threads: every text's answer is, bit for bit, what it is alone on
// one.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>
#include <string>
#include <thread>
#include <tuple>
#include <vector>

#if defined(__unix__)
#include <sys/wait.h>
#include <unistd.h>
#endif

#include "bertrt/runtime.h"
#include "engine/packed/golden.h"

namespace bertrt::engine::packed {
namespace {

struct Threads {
  explicit Threads(std::size_t count) { set_num_threads(count); }
  ~Threads() { set_num_threads(before); }
  std::size_t before = num_threads();
};

std::vector<float> copy(std::span<const float> values) { return {values.begin(), values.end()}; }

std::vector<Encoding> texts_of(const std::vector<std::size_t>& lengths) {
  std::mt19937 random(11);
  std::vector<Encoding> texts(lengths.size());
  for (std::size_t i = 0; i < lengths.size(); ++i) {
    for (std::size_t token = 0; token < lengths[i]; ++token) {
      texts[i].input_ids.push_back(static_cast<std::int32_t>(5 + random() % 60));
      texts[i].attention_mask.push_back(token > 0 && random() % 9 == 0 ? 0 : 1);
    }
  }
  return texts;
}

// Shapes of a batch that are shared out differently: even, with one long text among short ones, fewer than threads.
std::vector<std::vector<std::size_t>> shapes() {
  std::vector<std::size_t> uneven;
  std::mt19937 random(5);
  for (int i = 0; i < 40; ++i) uneven.push_back(1 + random() % 60);
  std::vector<std::size_t> lopsided(30, 3);
  lopsided[17] = 60;
  return {uneven, std::vector<std::size_t>(48, 17), lopsided, {60, 59}, {60}};
}

struct Alone {
  std::vector<float> hidden, logits, pooled;
};

std::vector<Alone> each_alone(const Engine& engine, const std::vector<Encoding>& texts) {
  const Threads one(1);
  std::vector<Alone> results;
  for (const Encoding& text : texts) {
    const EncoderOutput output = engine.run(batch::make_batch({&text, 1}, {}), {.logits = true});
    results.push_back({copy(output.last_hidden_state().data()), {}, {}});
    if (output.token_logits) results.back().logits = copy(output.token_logits->data());
    if (output.pooled_output) results.back().pooled = output.pooled_output->data;
  }
  return results;
}

void expect_each_as_alone(const EncoderOutput& output, const std::vector<Alone>& alone) {
  std::vector<float> logits;
  std::vector<float> pooled;
  for (std::size_t i = 0; i < alone.size(); ++i) {
    EXPECT_EQ(copy(output.last_hidden_state().text(i)), alone[i].hidden) << "text " << i;
    logits.insert(logits.end(), alone[i].logits.begin(), alone[i].logits.end());
    pooled.insert(pooled.end(), alone[i].pooled.begin(), alone[i].pooled.end());
  }
  EXPECT_EQ(output.token_logits ? copy(output.token_logits->data()) : std::vector<float>(), logits);
  EXPECT_EQ(output.pooled_output ? output.pooled_output->data : std::vector<float>(), pooled);
}

// Only some rows' logits are wanted: they come from every share, in the order asked for.
void expect_rows_as_alone(const Engine& engine, const batch::Batch& batch, const std::vector<Alone>& alone) {
  if (alone.front().logits.empty()) return;
  RunRequest request{.hidden_states = false, .pooled_output = false, .logits = true};
  for (std::size_t i = alone.size(); i-- > 0;) request.logit_tokens.push_back({i, batch.length(i) - 1});
  request.logit_tokens.push_back({0, 0});
  const EncoderOutput output = engine.run(batch, request);
  ASSERT_EQ(output.token_logits->total_tokens(), request.logit_tokens.size());
  const std::size_t width = output.token_logits->width();
  for (std::size_t i = 0; i < alone.size(); ++i) {
    const std::span<const float> last = std::span(alone[i].logits).last(width);
    EXPECT_EQ(copy(output.token_logits->row(i, 0)), copy(last)) << "text " << i;
  }
  EXPECT_EQ(copy(output.token_logits->row(0, 1)), copy(std::span(alone[0].logits).first(width)));
}

class PackedThreads : public testing::TestWithParam<std::tuple<std::string, DType>> {};

TEST_P(PackedThreads, AText) {
  const auto& [name, dtype] = GetParam();
  const auto file = name == "demo" ? std::filesystem::path(BERTRT_MODELS) / "demo.pt" : parity_path(name + ".pt");
  const auto engine = make_packed_engine(model::ModelFile::open(file), {.dtype = dtype});
  for (const std::vector<std::size_t>& lengths : shapes()) {
    const std::vector<Encoding> texts = texts_of(lengths);
    const std::vector<Alone> alone = each_alone(*engine, texts);
    const batch::Batch batch = batch::make_batch(texts, {});
    for (const std::size_t threads : {1, 2, 3}) {
      SCOPED_TRACE(testing::Message() << texts.size() << " texts, " << threads << " threads");
      const Threads some(threads);
      expect_each_as_alone(engine->run(batch, {.logits = true}), alone);
      expect_rows_as_alone(*engine, batch, alone);
      if (HasFailure()) return;
    }
  }
}

std::string name_of(const testing::TestParamInfo<std::tuple<std::string, DType>>& test) {
  const DType dtype = std::get<DType>(test.param);
  return std::get<0>(test.param) + (dtype == DType::fp32 ? "_fp32" : dtype == DType::bf16 ? "_bf16" : "_int8");
}

INSTANTIATE_TEST_SUITE_P(IsAsAlone, PackedThreads,
                         testing::Combine(testing::Values("demo", "bert_gelu", "roberta", "albert", "mpnet_encoder",
                                                          "distilbert", "electra"),
                                          testing::Values(DType::fp32, DType::bf16, DType::int8)),
                         name_of);

TEST(PackedThreadsAtOnce, LargeBatchesOfManyCallers) {
  const auto engine = load_parity_model("bert_gelu.pt");
  const std::vector<Encoding> texts = texts_of(shapes().front());
  const std::vector<Alone> alone = each_alone(*engine, texts);
  const batch::Batch batch = batch::make_batch(texts, {});
  const Threads three(3);
  std::vector<std::thread> callers;
  for (int caller = 0; caller < 3; ++caller) {
    callers.emplace_back([&] {
      for (int i = 0; i < 5; ++i) expect_each_as_alone(engine->run(batch, {.logits = true}), alone);
    });
  }
  for (std::thread& caller : callers) caller.join();
}

#if defined(__unix__)
// A server that loads once and forks its workers: each child runs on all threads, and gives the same bits.
TEST(PackedFork, AChildRunsAsItsParent) {
  const auto engine = load_parity_model("bert_gelu.pt");
  const batch::Batch batch = batch::make_batch(texts_of(shapes().front()), {});
  const Threads two(2);
  const std::vector<float> want = copy(engine->run(batch, {}).last_hidden_state().data());
  const pid_t child = fork();
  if (child == 0) {
    alarm(60);
    bool equal = true;
    for (int i = 0; i < 3; ++i) equal = equal && copy(engine->run(batch, {}).last_hidden_state().data()) == want;
    _exit(equal ? 0 : 1);
  }
  int status = -1;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0) << status;
}
#endif

}  // namespace
}  // namespace bertrt::engine::packed
