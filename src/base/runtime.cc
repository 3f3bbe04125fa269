#include "bertrt/runtime.h"

#include <atomic>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <utility>

#include "base/warnings.h"
#include "bertrt/error.h"

namespace bertrt {
inline namespace v0 {
namespace {

constexpr std::size_t kMaxThreads = 1024;

std::atomic<std::size_t> g_num_threads{0};
std::mutex g_warning_mutex;
std::shared_ptr<const WarningHandler> g_warning_handler;

}  // namespace

std::string_view version() noexcept { return BERTRT_VERSION; }

void set_num_threads(std::size_t count) {
  if (count > kMaxThreads) {
    throw Error(ErrorCode::invalid_argument, "set_num_threads", "at most " + std::to_string(kMaxThreads),
                std::to_string(count));
  }
  g_num_threads.store(count, std::memory_order_relaxed);
}

std::size_t num_threads() noexcept {
  const std::size_t count = g_num_threads.load(std::memory_order_relaxed);
  if (count != 0) return count;
  // Asked once: the answer comes from the kernel, and engines ask for every small piece of work.
  static const unsigned cores = std::thread::hardware_concurrency();
  return cores == 0 ? 1 : cores;
}

void set_warning_handler(WarningHandler handler) {
  auto shared = handler ? std::make_shared<const WarningHandler>(std::move(handler)) : nullptr;
  const std::lock_guard lock(g_warning_mutex);
  g_warning_handler = std::move(shared);
}

}  // namespace v0
}  // namespace bertrt

namespace bertrt::base {

void warn(std::string_view message) noexcept {
  try {
    std::shared_ptr<const WarningHandler> handler;
    {
      const std::lock_guard lock(g_warning_mutex);
      handler = g_warning_handler;
    }
    if (handler) (*handler)(message);
  } catch (...) {  // a handler that throws must not take the library down
  }
}

}  // namespace bertrt::base
