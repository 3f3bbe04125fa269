#include "kernels/thread_pool.h"

#include <chrono>
#include <limits>

#include "bertrt/runtime.h"

#if defined(__x86_64__) || defined(_M_X64)
#include <immintrin.h>
#endif

namespace bertrt::kernels {
namespace {

constexpr std::uint32_t kStop = std::numeric_limits<std::uint32_t>::max();
// Longer than the serial stretches between the regions of one forward pass, shorter than anyone would notice.
constexpr auto kSpin = std::chrono::microseconds(50);

void pause() noexcept {
#if defined(__x86_64__) || defined(_M_X64)
  _mm_pause();
#elif defined(__aarch64__) && !defined(_MSC_VER)
  asm volatile("yield");
#endif
}

// Waits for `done` for about kSpin; tells whether it came.
template <typename Done>
bool spin(Done done) noexcept {
  const auto start = std::chrono::steady_clock::now();
  do {
    for (int i = 0; i < 32; ++i) {
      if (done()) return true;
      pause();
    }
  } while (std::chrono::steady_clock::now() - start < kSpin);
  return done();
}

}  // namespace

ThreadPool& ThreadPool::shared() {
  static ThreadPool pool(0);
  return pool;
}

ThreadPool& ThreadPool::serial() {
  static ThreadPool pool(1);
  return pool;
}

ThreadPool::ThreadPool(std::size_t threads) : fixed_threads_(threads) {}

ThreadPool::~ThreadPool() { resize(0); }

std::size_t ThreadPool::threads() const noexcept { return fixed_threads_ != 0 ? fixed_threads_ : num_threads(); }

void ThreadPool::resize(std::size_t workers) {
  if (workers_.size() == workers) return;
  remaining_.store(kStop);
  remaining_.notify_all();
  for (std::thread& worker : workers_) worker.join();
  workers_.clear();
  remaining_.store(0);
  workers_.reserve(workers);
  for (std::size_t i = 0; i < workers; ++i) workers_.emplace_back([this] { work(); });
}

void ThreadPool::work() {
  const auto has_work = [this] { return remaining_.load(std::memory_order_relaxed) != 0; };
  for (;;) {
    if (!spin(has_work)) {
      // Sequentially consistent, as is run()'s store to remaining_ and its load of parked_: one sees the other.
      parked_.fetch_add(1);
      remaining_.wait(0);
      parked_.fetch_sub(1);
    }
    if (remaining_.load(std::memory_order_acquire) == kStop) return;
    while (take_part()) {
    }
  }
}

bool ThreadPool::take_part() noexcept {
  std::uint32_t remaining = remaining_.load(std::memory_order_relaxed);
  do {
    if (remaining == 0 || remaining == kStop) return false;
  } while (!remaining_.compare_exchange_weak(remaining, remaining - 1, std::memory_order_acquire,
                                             std::memory_order_relaxed));
  // The part is ours, so the region cannot end, nor part_ change, before it is counted as finished.
  try {
    (*part_)(parts_ - remaining);
  } catch (...) {
    const std::lock_guard lock(error_mutex_);
    if (!error_) error_ = std::current_exception();
  }
  if (unfinished_.fetch_sub(1, std::memory_order_acq_rel) == 1) unfinished_.notify_one();
  return true;
}

void ThreadPool::wait_for_parts() noexcept {
  if (spin([this] { return unfinished_.load(std::memory_order_acquire) == 0; })) return;
  for (;;) {
    const std::uint32_t unfinished = unfinished_.load(std::memory_order_acquire);
    if (unfinished == 0) return;
    // Only the last part notifies; a value that changed meanwhile returns at once and is looked at again.
    unfinished_.wait(unfinished, std::memory_order_acquire);
  }
}

void ThreadPool::run(std::size_t parts, FunctionRef<void(std::size_t part)> part) {
  const std::size_t count = threads();
  if (parts <= 1 || count <= 1 || parts >= kStop || busy_.test_and_set(std::memory_order_acquire)) {
    for (std::size_t i = 0; i < parts; ++i) part(i);
    return;
  }
  struct Release {
    std::atomic_flag& busy;
    ~Release() { busy.clear(std::memory_order_release); }
  } release{busy_};
  if (workers_.size() != count - 1) resize(count - 1);

  part_ = &part;
  parts_ = parts;
  unfinished_.store(static_cast<std::uint32_t>(parts), std::memory_order_relaxed);
  remaining_.store(static_cast<std::uint32_t>(parts));
  if (parked_.load() != 0) remaining_.notify_all();
  while (take_part()) {
  }
  wait_for_parts();
  if (error_) std::rethrow_exception(std::exchange(error_, nullptr));
}

}  // namespace bertrt::kernels
