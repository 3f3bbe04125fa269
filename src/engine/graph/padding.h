#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "engine/graph/offers.h"
#include "engine/graph/operators_run.h"
#include "family/trace.h"

namespace bertrt::engine::graph {

/// What becomes of an output of a trace that is right at its traced length alone, when a shorter text is padded to it.
struct PaddedOutput {
  bool compared = false;  ///< with what a text gives alone, by the code as it would have been traced at its length
  bool tokens = false;    ///< its first axis is the tokens': what belongs to padding is cut off
  std::string objection;  ///< why it is not what the text alone would give; empty: nothing is known against it
};

/// By offer. Which axis is the tokens' is told by roles, or by the shape where one axis alone can be. Padding must be
/// neutral: a text padded twice, with different words behind its mask, has to give the same answer, and where the code
/// can be read for another length, that of the text alone.
/// @param operators  of the trace; runs it a few times. Empty result: the trace runs at other lengths, or takes no mask
std::vector<PaddedOutput> read_padding(const family::Trace& trace, const std::vector<Offer>& offers,
                                       const OperatorsRun& operators, kernels::ThreadPool& pool);

}  // namespace bertrt::engine::graph
