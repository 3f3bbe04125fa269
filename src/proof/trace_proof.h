#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "bertrt/encoding.h"
#include "engine/engine.h"
#include "family/trace.h"
#include "proof/compare.h"

namespace bertrt::proof {

/// Made-up texts and what a trace gives for each of them alone, by the plain evaluation of its own operators. The same
/// object may judge several engines.
class TraceProof {
 public:
  /// Runs the texts through the trace. @throws Error what the reference engine throws
  /// @param special_ids  see make_cases; `thorough` likewise
  /// @param inside       a recognized encoder's own layers count, too (the packed engine gives them)
  TraceProof(std::shared_ptr<const family::Trace> trace, std::span<const std::int32_t> special_ids, bool inside,
             bool thorough);

  /// Runs them through `engine`, as one batch.
  Comparison judge(const engine::Engine& engine, DType dtype) const;

  std::size_t cases() const noexcept { return cases_.size(); }
  std::size_t longest() const noexcept;  ///< of the texts, in tokens

 private:
  void sort_out(const engine::Engine& reference);

  std::shared_ptr<const family::Trace> trace_;
  std::vector<Encoding> cases_;
  std::vector<Encoding> refused_;  ///< for which the trace has no answer: nor may an engine
  std::vector<OutputInfo> infos_;
  EncoderOutput expected_;
};

}  // namespace bertrt::proof
