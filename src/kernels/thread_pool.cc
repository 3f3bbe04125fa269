#include "kernels/thread_pool.h"

#include <chrono>
#include <limits>
#include <new>
#include <system_error>

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

// The pool that this thread is a caller of.
thread_local const ThreadPool* t_inside = nullptr;

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

ThreadPool& ThreadPool::serial() {
  static ThreadPool pool(1);
  return pool;
}

ThreadPool::ThreadPool(std::size_t threads, Start start) : fixed_threads_(threads), start_(start) {}

ThreadPool::~ThreadPool() { resize(0); }

std::size_t ThreadPool::most_threads() const noexcept { return fixed_threads_ != 0 ? fixed_threads_ : num_threads(); }

// Every caller has its own thread; the workers are what is left of the whole.
std::size_t ThreadPool::threads() const noexcept {
  const std::size_t most = most_threads();
  const std::size_t others = crowd_.size() - 1;
  return most > others ? most - others : 1;
}

ThreadPool::Caller::Caller(ThreadPool& pool) noexcept : pool_(t_inside == &pool ? nullptr : &pool) {
  if (pool_ == nullptr) return;
  t_inside = pool_;
  pool_->crowd_.enter();
}

ThreadPool::Caller::~Caller() {
  if (pool_ == nullptr) return;
  t_inside = nullptr;
  pool_->crowd_.leave();
}

std::thread ThreadPool::start_thread(void (*function)(ThreadPool*, std::size_t), ThreadPool* pool, std::size_t worker) {
  return std::thread(function, pool, worker);
}

void ThreadPool::resize(std::size_t workers) {
  if (wanted_workers_ == workers) return;
  remaining_.store(kStop);
  remaining_.notify_all();
  allow(kStop);
  for (std::thread& worker : workers_) worker.join();
  workers_.clear();
  remaining_.store(0);
  wanted_workers_ = workers;
  try {
    workers_.reserve(workers);
    for (std::size_t i = 0; i < workers; ++i) {
      workers_.push_back(start_([](ThreadPool* pool, std::size_t worker) { pool->work(worker); }, this, i));
    }
  } catch (const std::system_error&) {  // no more threads to be had
  } catch (const std::bad_alloc&) {     // nor memory for them
  }
}

void ThreadPool::allow(std::size_t workers) noexcept {
  const auto count = static_cast<std::uint32_t>(workers);
  if (allowed_.load(std::memory_order_relaxed) == count) return;
  allowed_.store(count);
  allowed_.notify_all();
}

void ThreadPool::work(std::size_t worker) {
  const auto allowed = [this, worker] { return worker < allowed_.load(std::memory_order_relaxed); };
  const auto awake = [&] { return remaining_.load(std::memory_order_relaxed) != 0 || !allowed(); };
  for (;;) {
    if (const std::uint32_t count = allowed_.load(); worker >= count) {
      allowed_.wait(count);
    } else if (!spin(awake)) {
      // Sequentially consistent, as is run()'s store to remaining_ and its load of parked_: one sees the other.
      parked_.fetch_add(1);
      remaining_.wait(0);
      parked_.fetch_sub(1);
    }
    if (remaining_.load(std::memory_order_acquire) == kStop) return;
    while (allowed() && take_part()) {
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
  resize(most_threads() - 1);
  allow(count - 1);

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
