#pragma once

#include <cstddef>
#include <optional>
#include <vector>

#include "bertrt/output.h"
#include "family/trace.h"
#include "graph/program.h"

namespace bertrt::engine::graph {

/// Something that an engine can give, and where it gets it.
struct Offer {
  OutputInfo info;
  family::OutputPlan::Source source = family::OutputPlan::Source::operators;
  std::size_t index = 0;              ///< of a state or head
  std::optional<std::size_t> column;  ///< of a head with two that are given apart
  bertrt::graph::Slot slot = 0;       ///< of the program's own result
};

/// What a trace gives, in EncoderOutput's order: hidden states first layer first and each once, the pooled output,
/// logits, then the rest, which comes in `more`.
/// @param inside  where the trace itself gives no hidden state, its recognized encoder's layers are given, and its
///                pooled output
std::vector<Offer> make_offers(const family::Trace& trace, bool inside);

}  // namespace bertrt::engine::graph
