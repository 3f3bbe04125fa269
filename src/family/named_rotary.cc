#include "family/named_rotary.h"

#include <algorithm>
#include <cmath>
#include <string>

#include "bertrt/error.h"

namespace bertrt::family {

void take_frequencies(WeightTaker& taker, const CheckpointConfig& config, RotarySpec& rotary) {
  const auto take = [&](const std::string& name) {
    const std::optional<Weight> weight = taker.find(name);
    if (!weight) return std::vector<float>();
    check_shape(*weight, {rotary.frequencies.size()}, "half of a head's values");
    return archive::to_float32(weight->tensor);
  };
  // Of the encoder, or of each layer as transformers 4 has them; transformers 5 saves the first under a star.
  std::vector<float> shared = take("rotary_embeddings.inv_freq");
  for (std::size_t i = 0; i <= config.layers; ++i) {
    const std::string layer = i == config.layers ? "*" : std::to_string(i);
    const std::string name = "encoder.layer." + layer + ".attention.self.rotary_embeddings.inv_freq";
    const std::vector<float> own = take(name);
    if (own.empty()) continue;
    if (shared.empty()) shared = own;
    if (own != shared) {
      throw Error(ErrorCode::model_mismatch, name, "the same frequencies in all layers", "others in this one");
    }
  }
  if (!shared.empty()) rotary.frequencies = std::move(shared);
}

void take_angles(WeightTaker& taker, const CheckpointConfig& config, RotarySpec& rotary) {
  const std::size_t pairs = rotary.frequencies.size();
  if (const auto weight = taker.find("encoder.embed_positions.weight")) {
    check_shape(*weight, {config.positions, 2 * pairs}, "max_position_embeddings and the heads' size");
    rotary.table = archive::to_float32(weight->tensor);
    return;
  }
  const std::size_t most = (std::size_t{1} << 26U) / (2 * pairs);  // no weights bound it
  if (config.positions > most) {
    throw Error(ErrorCode::unsupported, "config.json: max_position_embeddings", std::to_string(most) + " at most",
                std::to_string(config.positions));
  }
  rotary.table.reserve(config.positions * 2 * pairs);
  for (std::size_t position = 0; position < config.positions; ++position) {
    const auto angle = [&](std::size_t i) {
      const double exponent = static_cast<double>(2 * i) / static_cast<double>(2 * pairs);
      return static_cast<double>(position) / std::pow(10000.0, exponent);
    };
    for (std::size_t i = 0; i < pairs; ++i) rotary.table.push_back(static_cast<float>(std::sin(angle(i))));
    for (std::size_t i = 0; i < pairs; ++i) rotary.table.push_back(static_cast<float>(std::cos(angle(i))));
  }
}

}  // namespace bertrt::family
