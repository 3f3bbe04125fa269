#include "family/made_weight.h"

#include <span>
#include <utility>

#include "archive/tensor.h"

namespace bertrt::family {

void give_values(Weight& weight, std::vector<float> values, std::vector<std::int64_t> shape, std::string_view how,
                 std::deque<std::vector<float>>& made) {
  const std::vector<float>& own = made.emplace_back(std::move(values));
  archive::TensorView view;
  view.strides.assign(shape.size(), 1);
  for (std::size_t axis = shape.size(); axis-- > 1;) view.strides[axis - 1] = view.strides[axis] * shape[axis];
  view.shape = std::move(shape);
  view.storage = std::as_bytes(std::span(own));
  view.storage_key = weight.tensor.storage_key;
  view.storage_key += ", ";
  view.storage_key += how;
  weight.tensor = std::move(view);
}

}  // namespace bertrt::family
