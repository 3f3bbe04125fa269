#include "family/gathered_heads.h"

#include <cstdint>
#include <string>
#include <utility>

#include "archive/tensor.h"
#include "family/made_weight.h"

namespace bertrt::family {
namespace {

void gather(Weight& weight, std::size_t heads, std::size_t size, std::size_t step,
            std::deque<std::vector<float>>& made) {
  const std::vector<float> values = archive::to_float32(weight.tensor);
  const std::size_t columns = weight.tensor.shape.size() == 1 ? 1 : static_cast<std::size_t>(weight.tensor.shape[1]);
  std::vector<float> own;
  own.reserve(heads * size * columns);
  for (std::size_t head = 0; head < heads; ++head) {
    const auto first = values.begin() + static_cast<std::ptrdiff_t>(head * step * columns);
    own.insert(own.end(), first, first + static_cast<std::ptrdiff_t>(size * columns));
  }
  std::vector<std::int64_t> shape = weight.tensor.shape;
  shape[0] = static_cast<std::int64_t>(heads * size);
  const std::string how = "heads from " + std::to_string(weight.tensor.storage_offset) + " on";
  give_values(weight, std::move(own), std::move(shape), how, made);
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
