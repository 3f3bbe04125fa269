// Allocations of a small load and of a small run fail, one at a time: what comes out is an Error, and the next run is
// right.
#include <gtest/gtest.h>

#include <atomic>
#include <cstdlib>
#include <functional>
#include <new>

#include "bertrt/error.h"
#include "bertrt/runtime.h"
#include "engine/packed/golden.h"

namespace {

// Allocations until one fails; below 0: none does.
std::atomic<long> g_left{-1};

void* allocate_or_null(std::size_t size, std::size_t alignment) noexcept {
  if (g_left >= 0 && g_left-- == 0) return nullptr;
  const std::size_t rounded = (size + alignment - 1) / alignment * alignment;
  return std::aligned_alloc(alignment, rounded == 0 ? alignment : rounded);
}

void* allocate(std::size_t size, std::size_t alignment) {
  void* memory = allocate_or_null(size, alignment);
  if (memory == nullptr) throw std::bad_alloc();
  return memory;
}

}  // namespace

void* operator new(std::size_t size) { return allocate(size, alignof(std::max_align_t)); }
void* operator new(std::size_t size, std::align_val_t alignment) {
  return allocate(size, static_cast<std::size_t>(alignment));
}
// Those that throw nothing, too: what they give goes to the operators below.
void* operator new(std::size_t size, const std::nothrow_t&) noexcept {
  return allocate_or_null(size, alignof(std::max_align_t));
}
void* operator new(std::size_t size, std::align_val_t alignment, const std::nothrow_t&) noexcept {
  return allocate_or_null(size, static_cast<std::size_t>(alignment));
}
void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }
void operator delete(void* memory, std::align_val_t) noexcept { std::free(memory); }
void operator delete(void* memory, std::size_t, std::align_val_t) noexcept { std::free(memory); }

namespace bertrt::engine::packed {
namespace {

// Reading a trace makes hundreds of thousands of small allocations, all alike: behind the first 300, fewer and fewer
// fail.
constexpr long kEach = 300;
constexpr long kSpread = 40;

// Calls `work` with its first, second, third … allocation failing, until none is left to fail.
// @return how many there were
long fail_allocations(const std::function<void()>& work) {
  for (long allocation = 0;; allocation += allocation < kEach ? 1 : allocation / kSpread) {
    g_left = allocation;
    bool thrown = false;
    try {
      work();
    } catch (const Error& error) {
      thrown = true;
      EXPECT_EQ(error.code(), ErrorCode::out_of_resources) << error.what();
    }
    const bool failed = g_left < 0;  // the countdown ran out: an allocation was made to fail
    g_left = -1;
    if (!failed) {
      EXPECT_FALSE(thrown);
      return allocation;
    }
  }
}

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
