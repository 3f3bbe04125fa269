#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "bertrt/encoding.h"
#include "bertrt/options.h"
#include "engine/engine.h"
#include "family/trace.h"
#include "proof/compare.h"

namespace bertrt::proof {

/// Made-up texts and what a trace gives for each of them alone, by the plain evaluation of its own operators. The same
/// object may judge several engines. Where a trace rounds while it runs, it is compared without that
/// (graph/rounding.h).
class TraceProof {
 public:
  /// Runs the texts through the trace. @throws Error what the reference engine throws
  /// @param special_ids  see make_cases; `thorough` likewise
  /// @param inside       a recognized encoder's own layers count, too (the packed engine gives them)
  TraceProof(const std::shared_ptr<const family::Trace>& trace, std::span<const std::int32_t> special_ids, bool inside,
             bool thorough);

  /// Whether an engine for the trace itself cannot be judged, only one that make_engine() gives.
  bool without_rounding() const noexcept { return without_rounding_; }
  /// An engine to judge. @param kind  packed or graph  @throws Error unsupported
  std::unique_ptr<const engine::Engine> make_engine(EngineKind kind, const SessionOptions& options) const;

  /// Runs them through `engine`, as one batch.
  Comparison judge(const engine::Engine& engine, DType dtype) const;

  std::size_t cases() const noexcept { return cases_.size(); }
  std::size_t longest() const noexcept;  ///< of the texts, in tokens

 private:
  void sort_out(const engine::Engine& reference);

  std::shared_ptr<const family::Trace> trace_;
  bool without_rounding_ = false;
  std::vector<Encoding> cases_;
  std::vector<Encoding> refused_;  ///< for which the trace has no answer: nor may an engine
  std::vector<OutputInfo> infos_;
  EncoderOutput expected_;
};

}  // namespace bertrt::proof
