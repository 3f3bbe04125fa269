#pragma once

#include <algorithm>
#include <cstddef>
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

}  // namespace bertrt::archive
