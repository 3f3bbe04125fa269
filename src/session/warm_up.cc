#include "session/warm_up.h"

#include <algorithm>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "bertrt/error.h"
#include "session/session_impl.h"

namespace bertrt::session {
namespace {

constexpr std::size_t kShort = 8;

}  // namespace

bool warm_up(const engine::Engine& engine, const SessionOptions& options, bool has_run,
             const std::function<Encoding(std::size_t length)>& text) {
  const std::size_t longest = engine.facts().max_length == 0 ? SIZE_MAX : engine.facts().max_length;
  std::vector<std::size_t> lengths = options.warmup_lengths;
  if (lengths.empty() && !has_run) lengths.push_back(std::min(kShort, longest));
  for (const std::size_t length : lengths) {
    if (length == 0 || length > longest) {
      throw Error(ErrorCode::invalid_argument, "SessionOptions::warmup_lengths",
                  "lengths from 1 to " + std::to_string(longest), std::to_string(length));
    }
    const Encoding made = text(length);
    run_checked(engine, {}, std::span(&made, 1), {});
  }
  return !lengths.empty();
}

}  // namespace bertrt::session
