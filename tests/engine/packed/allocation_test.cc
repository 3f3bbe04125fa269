// Allocations of a small load and of a small run fail, one at a time: what comes out is an Error, and the next run is
// right.
#include "bertrt/runtime.h"
#include "engine/packed/golden.h"
#include "failing_allocations.h"

namespace bertrt::engine::packed {
namespace {

using failing_allocations::fail_allocations;

std::vector<float> logits(const Engine& engine, const batch::Batch& batch) {
  EncoderOutput output = engine.run(batch, RunRequest::everything());
  return std::move(*output.token_logits).take();
}

class PackedAllocation : public testing::TestWithParam<std::size_t> {
 protected:
  PackedAllocation() { set_num_threads(GetParam()); }
  ~PackedAllocation() override { set_num_threads(0); }
};

TEST_P(PackedAllocation, ThatFailsInARunIsAnError) {
  const auto engine = load_parity_model("bert_gelu.pt");
  const batch::Batch batch = batch::make_batch(golden_inputs(golden("bert_gelu")), {});
  const std::vector<float> want = logits(*engine, batch);
  const long count = fail_allocations([&] { static_cast<void>(engine->run(batch, RunRequest::everything())); });
  EXPECT_GT(count, 3);
  EXPECT_EQ(logits(*engine, batch), want);
}

TEST_P(PackedAllocation, ThatFailsInALoadIsAnError) {
  const auto file = model::ModelFile::open(parity_path("mpnet.pt"));
  const long count = fail_allocations([&] { static_cast<void>(make_packed_engine(file, {})); });
  EXPECT_GT(count, 50);
}

INSTANTIATE_TEST_SUITE_P(Threads, PackedAllocation, testing::Values(1, 2));

}  // namespace
}  // namespace bertrt::engine::packed
