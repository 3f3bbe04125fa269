#pragma once

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <exception>
#include <system_error>
#include <thread>
#include <vector>

namespace bertrt::archive {

/// How many threads are worth it for so many bytes, where each is to have at least `bytes_each`.
inline std::size_t parts_for(std::size_t bytes, std::size_t bytes_each) {
  constexpr std::size_t kMaxThreads = 4;  // what memory can feed
  const std::size_t cores = std::max<std::size_t>(std::thread::hardware_concurrency(), 1);
  return std::clamp<std::size_t>(bytes / bytes_each, 1, std::min(cores, kMaxThreads));
}

/// Calls work(i) for each i below `parts`, side by side on threads of their own. `work` must not throw.
template <typename Work>
void run_parts(std::size_t parts, const Work& work) {
  std::vector<std::thread> threads;
  threads.reserve(parts);
  std::size_t started = 1;
  try {
    for (; started < parts; ++started) threads.emplace_back(work, started);
  } catch (const std::system_error&) {
    // No thread to be had: what is left is done here.
  }
  if (parts != 0) work(0);
  for (std::size_t i = started; i < parts; ++i) work(i);
  for (std::thread& thread : threads) thread.join();
}

/// Calls work(i) for each i below `count`, whichever thread is free, on as many as there are cores, four at most. What
/// the least i throws is thrown when all have ended.
template <typename Work>
void run_each(std::size_t count, const Work& work) {
  std::vector<std::exception_ptr> thrown(count);
  std::atomic<std::size_t> next{0};
  run_parts(parts_for(count, 1), [&](std::size_t) {
    for (std::size_t i = next++; i < count; i = next++) {
      try {
        work(i);
      } catch (...) {
        thrown[i] = std::current_exception();
      }
    }
  });
  for (const std::exception_ptr& each : thrown) {
    if (each) std::rethrow_exception(each);
  }
}

}  // namespace bertrt::archive
