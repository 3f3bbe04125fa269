#pragma once

#include <cstddef>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <vector>

#include "family/probe.h"
#include "graph/program.h"

namespace bertrt::family {

struct LengthLook;

/// Which lengths a program can run at and be right, found by evaluating its shapes and integer values for a length:
/// nothing may fail; a slice that is written to reach the traced length's end must reach the end, and windows that a
/// loop wrote over the tokens must be those of the length; no sum over the tokens may be divided by a length; no stride
/// may be a literal of another length; the outputs' token axis must follow. Answers are kept; any number of threads may
/// ask.
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
  /// A short one of them, from which a tensor's axis of tokens can be told: five, unless an output has an axis of five
  /// by itself.
  std::size_t usual() const noexcept { return usual_; }
  /// One line for people.
  const std::string& why() const noexcept { return why_; }

  /// Shapes of the outputs for one text of `length` tokens, flattened; the batch axis left out where there is one.
  std::vector<graph::Sizes> output_shapes(std::size_t length) const;

 private:
  LengthLook look_at_length(std::size_t length) const;
  std::string look(std::size_t length) const;
  bool has_by_itself(std::size_t output, std::size_t length) const;
  bool moves(std::size_t instruction) const;
  void find_written();
  void search();
  std::vector<std::size_t> first_asked(std::size_t at) const;
  void look_ahead(std::size_t at) const;
  std::size_t shortest_from(std::size_t failing, std::size_t at) const;
  void take_only(std::size_t failing);
  std::size_t find_usual() const;

  std::shared_ptr<const graph::Program> program_;
  std::size_t traced_;
  ProbeLimits limits_;
  std::size_t only_ = 0;
  std::size_t shortest_ = 0;
  std::size_t longest_ = 0;
  std::size_t usual_ = 0;
  std::string why_;
  std::shared_ptr<const LengthLook> reference_;  // at the traced length
  // Slices whose ends are written into the code and reach the traced length's, by instruction; whether one is the last
  // of windows over the tokens.
  std::map<std::size_t, bool> written_;
  mutable std::once_flag moving_once_;
  mutable std::set<std::size_t> moving_;  // instructions whose numbers are computed from the length
  mutable std::mutex mutex_;
  mutable std::map<std::size_t, std::string> known_;
};

/// Five tokens, or as near to it as lengths from `shortest` to `longest` (0: without end) come.
constexpr std::size_t usual_length(std::size_t shortest, std::size_t longest) {
  const std::size_t most = longest == 0 || longest > 5 ? 5 : longest;
  return most < shortest ? shortest : most;
}

}  // namespace bertrt::family
