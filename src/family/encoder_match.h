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
  bool may_be_causal = false;    ///< ReadMask::may_be_causal
  bool zeroed = false;           ///< hidden tokens start as zeros
  std::vector<bool> neighbours;  ///< of each of spec.rotary: the values of a pair stand side by side
  bool positions_given = false;  ///< position_ids is an input; the padding row of their table says how they are counted
  std::vector<std::size_t> head_steps;  ///< of each layer: AppliedLayer::head_step
  std::size_t key_heads = 0;     ///< of keys and values, which the layers have once; spec.heads / key_heads read each
  std::vector<NodeId> states;    ///< [layers + 1]: the embeddings' result, then each layer's, the last one's behind
                                 ///< the final norm; [texts, length, hidden]
  std::optional<NodeId> pooled;  ///< [texts, hidden]
};

/// The embeddings and, from them on, every layer that is one of a BERT-like encoder.
/// @param why  what was not explained: of the embeddings when nothing is returned, else of what follows the last state
std::optional<MatchedEncoder> match_encoder(const Instance& instance, const Probe& probe, std::string& why);

}  // namespace bertrt::family
