#include "family/pairs_apart.h"

#include <utility>

#include "archive/tensor.h"
#include "family/made_weight.h"

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
  std::vector<float> own(values.size());
  const auto rows = static_cast<std::size_t>(weight.tensor.shape[0]);
  const std::size_t columns = rows == 0 ? 0 : values.size() / rows;
  for (std::size_t row = 0; row < rows; ++row) {
    const std::size_t from = inputs ? row : old_place(row, head_size);
    for (std::size_t column = 0; column < columns; ++column) {
      own[row * columns + column] = values[from * columns + (inputs ? old_place(column, head_size) : column)];
    }
  }
  give_values(weight, std::move(own), weight.tensor.shape, "pairs apart", made);
}

void reorder(Dense& dense, std::size_t head_size, std::deque<std::vector<float>>& made) {
  reorder(dense.weight, head_size, false, made);
  if (dense.bias) reorder(*dense.bias, head_size, false, made);
}

}  // namespace

void put_pairs_apart(LayerSpec& layer, std::size_t heads, bool values, std::deque<std::vector<float>>& made) {
  const std::size_t head_size = layer.query.out() / heads;
  reorder(layer.query, head_size, made);
  reorder(layer.key, head_size, made);
  if (!values) return;
  reorder(layer.value, head_size, made);
  reorder(layer.attention_out.weight, head_size, true, made);
}

}  // namespace bertrt::family
