#include <atomic>
#include <memory>

#include "kernels/thread_pool.h"

#if defined(__unix__) || defined(__APPLE__)
#include <pthread.h>
#define BERTRT_HAS_FORK 1
#endif

namespace bertrt::kernels {
namespace {

std::atomic<ThreadPool*> g_pool{nullptr};

#if defined(BERTRT_HAS_FORK)
ThreadPool* g_parents = nullptr;

// A child has none of its parent's threads, and whoever was in the pool is not there either: the next caller makes a
// new one. The old one is never touched again (its threads cannot be joined).
void forget_in_child() { g_parents = g_pool.exchange(nullptr); }
#endif

// Ends the workers with the library: they must not run when its code is unloaded.
struct Owner {
  Owner() {
#if defined(BERTRT_HAS_FORK)
    pthread_atfork(nullptr, nullptr, forget_in_child);
#endif
  }
  Owner(const Owner&) = delete;
  Owner& operator=(const Owner&) = delete;
  ~Owner() { delete g_pool.exchange(nullptr); }
};

}  // namespace

ThreadPool& ThreadPool::shared() {
  if (ThreadPool* pool = g_pool.load(std::memory_order_acquire)) return *pool;
  static const Owner owner;
  auto fresh = std::make_unique<ThreadPool>(0);
  ThreadPool* first = nullptr;
  if (g_pool.compare_exchange_strong(first, fresh.get(), std::memory_order_acq_rel)) return *fresh.release();
  return *first;
}

}  // namespace bertrt::kernels
