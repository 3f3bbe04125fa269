#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "family/attention.h"
#include "family/encoder_spec.h"
#include "family/instance.h"
#include "family/mask_match.h"
#include "family/probe.h"

namespace bertrt::family {

/// A layer as an instance shows it.
struct AppliedLayer {
  LayerSpec layer;  ///< all but the parts that the encoder numbers: `rotary`
  std::size_t heads = 0;
  std::size_t head = 0;       ///< values of a head
  std::size_t head_step = 0;  ///< AppliedAttention::head_step, of layer.query, .key and .value
  std::size_t key_heads = 0;  ///< of layer.key and layer.value, each once: AppliedAttention::key_heads
  MaskKind mask = MaskKind::none;
  bool causal = false;
  bool may_be_causal = false;  ///< AppliedAttention::may_be_causal
  std::optional<RelativeBiasSpec> bias;
  std::optional<DisentangledSpec> positions;
  std::vector<float> slopes;  ///< EncoderSpec::slopes
  std::optional<Angles> rotary;
  bool turns_values = false;  ///< AppliedAttention::turns_values
  NodeId state = kNoNode;     ///< its result
};

/// The layer that stands on `state`: attention and feed-forward, each with a residual sum and a norm behind the sum,
/// or, `norm_first`, in front of the part.
/// @param why  what was not explained, when nothing is returned; empty: nothing that looks like a layer
std::optional<AppliedLayer> find_layer(const Instance& instance, const Probe& probe, MaskReader& masks, NodeId state,
                                       bool norm_first, std::string& why);

}  // namespace bertrt::family
