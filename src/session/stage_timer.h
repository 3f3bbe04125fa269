#pragma once

#include <chrono>
#include <string>
#include <utility>

#include "bertrt/session.h"

namespace bertrt::session {

/// Measures one stage of loading, from its making to stop().
class StageTimer {
 public:
  explicit StageTimer(std::string name) : name_(std::move(name)) {}

  LoadStage stop() const {
    const std::chrono::duration<double, std::milli> elapsed = Clock::now() - begin_;
    return {name_, elapsed.count()};
  }

 private:
  using Clock = std::chrono::steady_clock;
  std::string name_;
  Clock::time_point begin_ = Clock::now();
};

}  // namespace bertrt::session
