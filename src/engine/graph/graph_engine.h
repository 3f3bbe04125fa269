#pragma once

#include <memory>

#include "engine/engine.h"
#include "family/trace.h"

namespace bertrt::engine::graph {

/// An engine that evaluates a trace's own operators, read as data, for one text at a time: the answer is the trace's
/// for that text alone. A trace that is right at its traced length alone is padded to it.
/// @throws Error unsupported for a trace that is not graphable, or a dtype other than fp32
std::unique_ptr<const Engine> make_graph_engine(std::shared_ptr<const family::Trace> trace,
                                                const SessionOptions& options);

/// The plain evaluation alone, without a fast kernel: the reference of every proof. As slow as it is simple.
/// @param inside  it gives a recognized encoder's own layers, too, as the packed engine does (make_offers)
/// @throws Error unsupported
std::unique_ptr<const Engine> make_reference_engine(std::shared_ptr<const family::Trace> trace, bool inside);

}  // namespace bertrt::engine::graph
