#include "family/named_rotary.h"

#include <algorithm>
#include <cmath>
#include <span>
#include <string>

#include "bertrt/error.h"

namespace bertrt::family {
namespace {

// Of a head's values in their new order, where each stood.
std::size_t old_place(std::size_t index, std::size_t head_size) {
  const std::size_t half = head_size / 2;
  const std::size_t head = index / head_size * head_size;
  const std::size_t at = index % head_size;
  return head + (at < half ? 2 * at : 2 * (at - half) + 1);
}

// @param inputs  the columns are put in the new order; else the rows
void reorder(Weight& weight, std::size_t head_size, bool inputs, std::deque<std::vector<float>>& made) {
  const std::vector<float> values = archive::to_float32(weight.tensor);
  std::vector<float>& own = made.emplace_back(values.size());
  const auto rows = static_cast<std::size_t>(weight.tensor.shape[0]);
  const std::size_t columns = rows == 0 ? 0 : values.size() / rows;
  for (std::size_t row = 0; row < rows; ++row) {
    const std::size_t from = inputs ? row : old_place(row, head_size);
    for (std::size_t column = 0; column < columns; ++column) {
      own[row * columns + column] = values[from * columns + (inputs ? old_place(column, head_size) : column)];
    }
  }
  // A view of its own from scratch: nothing of where the file's weight lies is true of it.
  archive::TensorView view;
  view.shape = weight.tensor.shape;
  view.strides = view.shape.size() == 1 ? std::vector<std::int64_t>{1}
                                        : std::vector<std::int64_t>{static_cast<std::int64_t>(columns), 1};
  view.storage = std::as_bytes(std::span(own));
  view.storage_key = weight.tensor.storage_key + ", pairs apart";
  weight.tensor = std::move(view);
}

void reorder(Dense& dense, std::size_t head_size, std::deque<std::vector<float>>& made) {
  reorder(dense.weight, head_size, false, made);
  if (dense.bias) reorder(*dense.bias, head_size, false, made);
}

}  // namespace

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

void put_pairs_apart(LayerSpec& layer, std::size_t heads, bool values, std::deque<std::vector<float>>& made) {
  const std::size_t head_size = layer.query.out() / heads;
  reorder(layer.query, head_size, made);
  reorder(layer.key, head_size, made);
  if (!values) return;
  reorder(layer.value, head_size, made);
  reorder(layer.attention_out.weight, head_size, true, made);
}

}  // namespace bertrt::family
