#include "family/gathered_heads.h"

#include <cstdint>
#include <span>
#include <utility>

#include "archive/tensor.h"

namespace bertrt::family {
namespace {

void gather(Weight& weight, std::size_t heads, std::size_t size, std::size_t step,
            std::deque<std::vector<float>>& made) {
  const std::vector<float> values = archive::to_float32(weight.tensor);
  const std::size_t columns = weight.tensor.shape.size() == 1 ? 1 : static_cast<std::size_t>(weight.tensor.shape[1]);
  std::vector<float>& own = made.emplace_back();
  own.reserve(heads * size * columns);
  for (std::size_t head = 0; head < heads; ++head) {
    const auto first = values.begin() + static_cast<std::ptrdiff_t>(head * step * columns);
    own.insert(own.end(), first, first + static_cast<std::ptrdiff_t>(size * columns));
  }
  // A view of its own from scratch: nothing of where the file's weight lies, or how it is scaled, is true of it.
  archive::TensorView view;
  view.shape = weight.tensor.shape;
  view.shape[0] = static_cast<std::int64_t>(heads * size);
  view.strides = view.shape.size() == 1 ? std::vector<std::int64_t>{1}
                                        : std::vector<std::int64_t>{static_cast<std::int64_t>(columns), 1};
  view.storage = std::as_bytes(std::span(own));
  view.storage_key = weight.tensor.storage_key + ", heads from " + std::to_string(weight.tensor.storage_offset) + " on";
  weight.tensor = std::move(view);
}

}  // namespace

void gather_heads(Dense& dense, std::size_t heads, std::size_t size, std::size_t step,
                  std::deque<std::vector<float>>& made) {
  if (step == size || heads == 1) return;
  gather(dense.weight, heads, size, step, made);
  if (dense.bias && dense.bias->tensor.shape[0] != static_cast<std::int64_t>(heads * size)) {
    gather(*dense.bias, heads, size, step, made);
  }
}

}  // namespace bertrt::family
