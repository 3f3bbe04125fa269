#pragma once

#include <cstddef>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "family/probe.h"
#include "graph/program.h"

namespace bertrt::family {

/// Which lengths a program can run at and be right, found by evaluating its shapes and integer values for a length:
/// nothing may fail; a slice that is whole at the traced length must be whole; no stride may be a literal of another
/// length; the outputs' token axis must follow. Answers are kept; any number of threads may ask.
class Lengths {
 public:
  /// @param traced  the length that the program was traced at; 0: unknown
  Lengths(std::shared_ptr<const graph::Program> program, std::size_t traced, const ProbeLimits& limits);

  /// Why a text of `length` tokens may not be run alone; empty: it may.
  const std::string& objection(std::size_t length) const;

  /// The one length that is right where all others are not (a trace with its length written into it); 0: any that
  /// `objection` allows.
  std::size_t only() const noexcept { return only_; }
  /// The shortest and the longest length that were found to be right; longest 0: no limit was found.
  std::size_t shortest() const noexcept { return shortest_; }
  std::size_t longest() const noexcept { return longest_; }
  /// One line for people.
  const std::string& why() const noexcept { return why_; }

  /// Shapes of the outputs for one text of `length` tokens, flattened; the batch axis left out where there is one.
  std::vector<graph::Sizes> output_shapes(std::size_t length) const;

 private:
  struct Look;
  std::string look(std::size_t length) const;
  void search();
  std::size_t shortest_from(std::size_t failing, std::size_t at) const;
  void take_only(std::size_t failing);

  std::shared_ptr<const graph::Program> program_;
  std::size_t traced_;
  ProbeLimits limits_;
  std::size_t only_ = 0;
  std::size_t shortest_ = 0;
  std::size_t longest_ = 0;
  std::string why_;
  std::shared_ptr<const Look> reference_;  // at the traced length
  mutable std::mutex mutex_;
  mutable std::map<std::size_t, std::string> known_;
};

/// Five tokens, or as near to it as lengths from `shortest` to `longest` (0: without end) come.
constexpr std::size_t usual_length(std::size_t shortest, std::size_t longest) {
  const std::size_t most = longest == 0 || longest > 5 ? 5 : longest;
  return most < shortest ? shortest : most;
}

}  // namespace bertrt::family
