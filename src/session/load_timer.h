#pragma once

#include <chrono>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "bertrt/session.h"

namespace bertrt::session {

/// Cuts the time of loading into stages without a gap: their sum is the time since the timer was made.
class LoadTimer {
 public:
  /// Everything since the last stage was `name`.
  void stage(std::string name) { stages_.push_back({std::move(name), since_last()}); }

  /// Everything since the last stage was `parts`, which somebody else measured; what they leave over goes to the last.
  void stages(std::span<const LoadStage> parts) {
    double left = since_last();
    for (const LoadStage& part : parts) left -= part.milliseconds;
    stages_.insert(stages_.end(), parts.begin(), parts.end());
    if (!stages_.empty() && left > 0) stages_.back().milliseconds += left;
  }

  std::vector<LoadStage> take() && { return std::move(stages_); }

 private:
  using Clock = std::chrono::steady_clock;

  double since_last() {
    const auto now = Clock::now();
    return std::chrono::duration<double, std::milli>(now - std::exchange(last_, now)).count();
  }

  Clock::time_point last_ = Clock::now();
  std::vector<LoadStage> stages_;
};

}  // namespace bertrt::session
