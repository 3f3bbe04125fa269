#pragma once

#include <cstddef>
#include <optional>
#include <vector>

#include "family/angles_match.h"
#include "family/encoder_spec.h"
#include "family/instance.h"
#include "family/mask_match.h"
#include "family/probe.h"

namespace bertrt::family {

/// Multi-head self-attention as an instance shows it.
struct AppliedAttention {
  Dense query, key, value;
  Ref input;  ///< the hidden states that all three read
  std::size_t heads = 0;
  std::size_t key_heads = 0;  ///< of `key` and `value`; each serves heads / key_heads neighbouring heads of `query`
  std::size_t head = 0;       ///< values of a head
  std::size_t head_step = 0;  ///< AppliedHeads::step, of all three
  float scale = 0;
  std::optional<LayerNorm> query_norm;  ///< LayerSpec::query_norm
  std::optional<LayerNorm> key_norm;
  MaskKind mask = MaskKind::none;
  bool causal = false;
  bool may_be_causal = false;  ///< ReadMask::may_be_causal
  std::size_t window = 0;      ///< LayerSpec::window; 0 also where the probe's texts are no longer
  std::optional<RelativeBiasSpec> bias;
  std::optional<DisentangledSpec> positions;  ///< its rows for the distances that the probe's texts have
  std::optional<Dense> position_key;          ///< LayerSpec::position_key
  std::optional<Dense> position_query;
  std::optional<DistanceSpec> distances;  ///< LayerSpec::distances
  std::vector<float> slopes;              ///< EncoderSpec::slopes
  std::optional<Angles> rotary;           ///< what queries and keys are turned by
  bool turns_values = false;              ///< values are turned by the same
};

/// The attention whose heads, side by side again, are `context` [texts, tokens, hidden]. Every operator on the way is
/// explained: products, scale, turned queries and keys, masks that show each query the keys whose attention_mask is not
/// 0 (or all), or those of them within a window, and nothing else; MPNet's relative bias; softmax over the keys.
/// @param why  what was not explained, when nothing is returned
std::optional<AppliedAttention> find_attention(const Instance& instance, const Probe& probe, MaskReader& masks,
                                               const Ref& context, std::string& why);

}  // namespace bertrt::family
