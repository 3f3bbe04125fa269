#pragma once

#include <optional>
#include <string>
#include <vector>

#include "family/encoder_spec.h"
#include "family/instance.h"
#include "family/probe.h"

namespace bertrt::family {

/// An encoder as one instance shows it, and where its states stand.
struct MatchedEncoder {
  EncoderSpec spec;              ///< without max_length; positions that the caller gives: see `positions_given`
  bool positions_given = false;  ///< position_ids is an input and the table's padding row says how they are counted
  std::vector<NodeId> states;    ///< [layers + 1]: the embeddings' result, then each layer's; [texts, length, hidden]
  std::optional<NodeId> pooled;  ///< [texts, hidden]
};

/// The embeddings and, from them on, every layer that is one of a BERT-like encoder.
/// @param why  what was not explained: of the embeddings when nothing is returned, else of what follows the last state
std::optional<MatchedEncoder> match_encoder(const Instance& instance, const Probe& probe, std::string& why);

/// Which of a program's tables `ids`, `types` and `positions` are looked up in bound them. Evaluates it once, for a
/// text of `length` tokens.
ProbeLimits probe_limits(const graph::Program& program, std::size_t length);

}  // namespace bertrt::family
