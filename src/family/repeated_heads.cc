#include "family/repeated_heads.h"

#include <cstdint>
#include <utility>

#include "archive/tensor.h"
#include "family/made_weight.h"

namespace bertrt::family {
namespace {

// @param block  values of a head
void repeat(Weight& weight, std::size_t block, std::size_t times, std::deque<std::vector<float>>& made) {
  const std::vector<float> values = archive::to_float32(weight.tensor);
  std::vector<float> own;
  own.reserve(values.size() * times);
  for (std::size_t first = 0; first < values.size(); first += block) {
    for (std::size_t i = 0; i < times; ++i) {
      const auto from = values.begin() + static_cast<std::ptrdiff_t>(first);
      own.insert(own.end(), from, from + static_cast<std::ptrdiff_t>(block));
    }
  }
  std::vector<std::int64_t> shape = weight.tensor.shape;
  shape[0] *= static_cast<std::int64_t>(times);
  give_values(weight, std::move(own), std::move(shape), "repeated", made);
}

}  // namespace

void repeat_heads(Dense& dense, std::size_t heads, std::size_t times, std::deque<std::vector<float>>& made) {
  if (times <= 1) return;
  const std::size_t size = dense.out() / heads;
  const std::size_t in = dense.in();
  repeat(dense.weight, size * in, times, made);
  if (dense.bias) repeat(*dense.bias, size, times, made);
}

}  // namespace bertrt::family
