#include "family/shifted_norm.h"

#include <span>
#include <utility>

namespace bertrt::family {

void add_one(Weight& gamma, std::deque<std::vector<float>>& made) {
  std::vector<float>& own = made.emplace_back(archive::to_float32(gamma.tensor));
  for (float& value : own) value += 1;
  archive::TensorView view;
  view.shape = gamma.tensor.shape;
  view.strides = {1};
  view.storage = std::as_bytes(std::span(own));
  view.storage_key = gamma.tensor.storage_key + ", and one";
  gamma.tensor = std::move(view);
}

}  // namespace bertrt::family
