#include "family/layer_blocks.h"

#include <cstddef>
#include <cstdint>
#include <optional>

namespace bertrt::family {

std::string odd_blocks(const AppliedLayer& layer) {
  const std::size_t hidden = layer.layer.attention_out.out();
  const int ways = int{layer.bias.has_value()} + int{layer.positions.has_value()} +
                   int{layer.layer.distances.has_value()} + int{!layer.slopes.empty()};
  const bool distances = ways != 0;
  if (ways > 1 || (layer.mask == MaskKind::pairs && ways != int{layer.positions.has_value()})) {
    return "scores that depend on distances in several ways";
  }
  if (layer.layer.query.in() != hidden) {
    return "attention that reads rows of another width than it gives";
  }
  if (layer.heads * layer.head != hidden && (distances || layer.mask == MaskKind::pairs)) {
    return "heads that do not make up the hidden size where scores depend on distances";
  }
  const auto as_wide = [&](const std::optional<LayerNorm>& norm) {
    const std::int64_t size = norm ? norm->gamma.tensor.shape[0] : 0;
    return !norm || size == static_cast<std::int64_t>(layer.head) ||
           size == static_cast<std::int64_t>(layer.heads * layer.head);
  };
  const bool normed = layer.layer.query_norm || layer.layer.key_norm;
  if (!as_wide(layer.layer.query_norm) || !as_wide(layer.layer.key_norm) ||
      (normed && (layer.positions || (layer.rotary && layer.rotary->neighbours)))) {
    return "norms of queries or keys that no encoder of the family has";
  }
  if (layer.causal && (distances || layer.mask == MaskKind::pairs || layer.layer.window != 0)) {
    return "a causal mask beside windows or scores that depend on distances";
  }
  if ((distances || layer.mask == MaskKind::pairs) && (layer.rotary || layer.layer.window != 0)) {
    return "windows or turned queries where scores depend on distances";
  }
  if (layer.positions && layer.mask == MaskKind::keys) {
    return "distances of DeBERTa's kind without its mask";
  }
  return {};
}

}  // namespace bertrt::family
