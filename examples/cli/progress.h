#pragma once

#include <chrono>
#include <cstdint>
#include <string>

namespace bertrt::cli {

/// A bar on standard error while something long runs. Draws only where standard error is a terminal and answers go
/// elsewhere, and wipes itself out at the end.
class Progress {
 public:
  /// @param total  units of work; 0: unknown, nothing is drawn
  Progress(std::string label, std::uint64_t total, bool enabled = true);
  ~Progress();
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  void update(std::uint64_t done);

 private:
  std::string label_;
  std::uint64_t total_;
  bool drawn_ = false;
  std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
  std::chrono::steady_clock::time_point last_ = start_;
};

}  // namespace bertrt::cli
