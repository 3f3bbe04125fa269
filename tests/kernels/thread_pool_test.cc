#include "kernels/thread_pool.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <mutex>
#include <set>
#include <stdexcept>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

#if defined(__unix__)
#include <sys/wait.h>
#include <unistd.h>
#endif

#include "bertrt/runtime.h"

// ThreadSanitizer ends a child process that starts threads unless it is told not to.
extern "C" const char* __tsan_default_options() { return "die_after_fork=0"; }  // NOLINT: its name is given

namespace bertrt::kernels {
namespace {

TEST(ThreadPool, RunsEachPartOnce) {
  for (std::size_t threads : {1, 2, 3, 8}) {
    ThreadPool pool(threads);
    for (std::size_t parts : {0, 1, 2, 3, 7, 100, 1000}) {
      std::vector<std::atomic<int>> runs(parts);
      pool.run(parts, [&](std::size_t part) { ++runs.at(part); });
      for (std::size_t i = 0; i < parts; ++i) ASSERT_EQ(runs[i], 1) << threads << " threads, part " << i;
    }
  }
}

TEST(ThreadPool, ManyShortRegions) {
  ThreadPool pool(2);
  std::size_t sum = 0;
  for (std::size_t i = 0; i < 20000; ++i) {
    std::size_t halves[2] = {};
    pool.run(2, [&](std::size_t part) { halves[part] = i; });
    sum += halves[0] + halves[1];
  }
  EXPECT_EQ(sum, std::size_t{19999} * 20000);
}

TEST(ThreadPool, WakesParkedWorkers) {
  ThreadPool pool(2);
  for (int i = 0; i < 20; ++i) {
    std::atomic<int> runs = 0;
    pool.run(2, [&](std::size_t) { ++runs; });
    EXPECT_EQ(runs, 2);
    std::this_thread::sleep_for(std::chrono::milliseconds(2));
  }
}

TEST(ThreadPool, TwoThreadsWorkAtOnce) {
  ThreadPool pool(2);
  std::atomic<int> inside = 0;
  pool.run(2, [&](std::size_t) {  // each part waits for the other: would hang on one thread
    ++inside;
    while (inside < 2) std::this_thread::yield();
  });
  EXPECT_EQ(inside, 2);
}

TEST(ThreadPool, ManyCallersAtOnce) {
  ThreadPool pool(2);
  std::atomic<std::size_t> total = 0;
  std::vector<std::thread> callers;
  for (int t = 0; t < 8; ++t) {
    callers.emplace_back([&] {
      for (int i = 0; i < 500; ++i) pool.run(5, [&](std::size_t part) { total += part; });
    });
  }
  for (std::thread& caller : callers) caller.join();
  EXPECT_EQ(total, std::size_t{8} * 500 * 10);
}

TEST(ThreadPool, APartMayRunParts) {
  ThreadPool pool(3);
  std::atomic<int> runs = 0;
  pool.run(4, [&](std::size_t) { pool.run(4, [&](std::size_t) { ++runs; }); });
  EXPECT_EQ(runs, 16);
}

TEST(ThreadPool, PassesOnAnExceptionAfterTheOthersHaveEnded) {
  for (std::size_t threads : {2, 4}) {
    ThreadPool pool(threads);
    std::atomic<int> runs = 0;
    EXPECT_THROW(pool.run(50,
                          [&](std::size_t part) {
                            ++runs;
                            if (part == 7) throw std::runtime_error("seven");
                          }),
                 std::runtime_error);
    EXPECT_EQ(runs, 50);
    pool.run(3, [&](std::size_t) { ++runs; });  // and it goes on working
    EXPECT_EQ(runs, 53);
  }
}

TEST(ThreadPool, FollowsTheNumberOfThreads) {
  const std::size_t before = num_threads();
  for (std::size_t count : {3, 1, 2, 5}) {
    set_num_threads(count);
    EXPECT_EQ(ThreadPool::shared().threads(), count);
    std::atomic<std::size_t> runs = 0;
    ThreadPool::shared().run(100, [&](std::size_t) { ++runs; });
    EXPECT_EQ(runs, 100U);
  }
  set_num_threads(before);
}

// Callers that are inside until this ends, each on a thread of its own.
class Inside {
 public:
  Inside(ThreadPool& pool, int count) {
    for (int i = 0; i < count; ++i) {
      threads_.emplace_back([this, &pool] {
        const ThreadPool::Caller caller(pool);
        ++inside_;
        while (!leave_) std::this_thread::yield();
      });
    }
    while (inside_ < count) std::this_thread::yield();
  }
  ~Inside() {
    leave_ = true;
    for (std::thread& thread : threads_) thread.join();
  }

 private:
  std::atomic<int> inside_ = 0;
  std::atomic<bool> leave_ = false;
  std::vector<std::thread> threads_;
};

std::size_t threads_seen(ThreadPool& pool) {
  std::mutex mutex;
  std::set<std::thread::id> seen;
  for (int i = 0; i < 20; ++i) {
    pool.run(50, [&](std::size_t) {
      std::this_thread::sleep_for(std::chrono::microseconds(20));  // the workers' turn
      const std::lock_guard lock(mutex);
      seen.insert(std::this_thread::get_id());
    });
  }
  return seen.size();
}

TEST(ThreadPoolCallers, AreGivenNoMoreThanThereAre) {
  ThreadPool pool(4);
  EXPECT_EQ(pool.threads(), 4U);
  pool.run(4, [](std::size_t) {});  // starts them all
  for (const auto& [callers, threads] : {std::pair{1, 4U}, {2, 3U}, {3, 2U}, {4, 1U}, {9, 1U}}) {
    const Inside inside(pool, callers);
    EXPECT_EQ(pool.threads(), threads) << callers;
    EXPECT_LE(threads_seen(pool), threads) << callers;
  }
  // When they have gone, all workers come back, if not at once.
  while (pool.threads() != 4) {
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
    pool.look_around();
  }
  std::atomic<int> together = 0;
  pool.run(4, [&](std::size_t) {  // each part waits for the others: would hang on fewer threads
    ++together;
    while (together < 4) std::this_thread::yield();
  });
}

TEST(ThreadPoolCallers, OneInsideOfAnotherCountsOnce) {
  ThreadPool pool(3);
  const ThreadPool::Caller outer(pool);
  {
    const ThreadPool::Caller inner(pool);
    EXPECT_EQ(pool.threads(), 3U);
  }
  const Inside another(pool, 1);
  EXPECT_EQ(pool.threads(), 2U);
}

TEST(ThreadPoolCallers, ManyComeAndGo) {
  ThreadPool pool(3);
  std::atomic<std::size_t> total = 0;
  std::vector<std::thread> callers;
  for (int t = 0; t < 6; ++t) {
    callers.emplace_back([&] {
      for (int i = 0; i < 300; ++i) {
        const ThreadPool::Caller caller(pool);
        for (int region = 0; region < 3; ++region) pool.run(5, [&](std::size_t part) { total += part; });
      }
    });
  }
  for (std::thread& caller : callers) caller.join();
  EXPECT_EQ(total, std::size_t{6} * 300 * 3 * 10);
}

std::atomic<int> g_threads_to_be_had;

std::thread start_some(void (*function)(ThreadPool*, std::size_t), ThreadPool* pool, std::size_t worker) {
  if (g_threads_to_be_had-- <= 0)
    throw std::system_error(std::make_error_code(std::errc::resource_unavailable_try_again));
  return std::thread(function, pool, worker);
}

TEST(ThreadPool, MakesDoWithTheThreadsThatItGets) {
  for (const int to_be_had : {0, 1, 2}) {
    g_threads_to_be_had = to_be_had;
    ThreadPool pool(5, start_some);
    for (int i = 0; i < 3; ++i) {
      std::vector<std::atomic<int>> runs(100);
      pool.run(100, [&](std::size_t part) { ++runs.at(part); });
      for (const std::atomic<int>& count : runs) EXPECT_EQ(count, 1);
    }
    EXPECT_LE(threads_seen(pool), static_cast<std::size_t>(to_be_had) + 1);
    // Asked once for as many as it takes to see that there are no more, not again in each region.
    EXPECT_EQ(g_threads_to_be_had, to_be_had < 4 ? -1 : 0);
  }
}

#if defined(__unix__)
// In the child of a process whose pool has run: its parent's workers are not there.
TEST(ThreadPool, TheSharedOneWorksInAChildProcess) {
  const std::size_t before = num_threads();
  set_num_threads(2);
  const auto meet = [] {
    std::atomic<int> inside = 0;
    ThreadPool::shared().run(2, [&](std::size_t) {
      ++inside;
      while (inside < 2) std::this_thread::yield();
    });
  };
  meet();
  // One caller is inside when the process forks: in the child it is nobody.
  const Inside another(ThreadPool::shared(), 1);
  const pid_t child = fork();
  if (child == 0) {
    alarm(60);
    meet();
    meet();
    _exit(ThreadPool::shared().threads() == 2 ? 0 : 1);
  }
  int status = -1;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0) << status;
  set_num_threads(before);
}
#endif

TEST(ThreadPool, MayEndWithoutEverHavingRun) { ThreadPool pool(4); }

}  // namespace
}  // namespace bertrt::kernels
