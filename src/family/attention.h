#pragma once

#include <cstddef>
#include <optional>

#include "family/encoder_spec.h"
#include "family/instance.h"
#include "family/probe.h"
#include "family/terms.h"

namespace bertrt::family {

/// Multi-head self-attention as an instance shows it.
struct AppliedAttention {
  Dense query, key, value;
  Ref input;  ///< the hidden states that all three read
  std::size_t heads = 0;
  float scale = 0;
  MaskKind mask = MaskKind::none;
  std::optional<RelativeBiasSpec> bias;
};

/// The attention whose heads, side by side again, are `context` [texts, tokens, hidden]. Every operator on the way is
/// explained: products, scale, a mask that shows each query the keys whose attention_mask is not 0 (or all) and nothing
/// else, MPNet's relative bias, softmax over the keys.
/// @param why  what was not explained, when nothing is returned
std::optional<AppliedAttention> find_attention(const Instance& instance, const Probe& probe, const Ref& context,
                                               std::string& why);

}  // namespace bertrt::family
