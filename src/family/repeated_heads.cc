#include "family/repeated_heads.h"

#include <span>
#include <utility>

namespace bertrt::family {
namespace {

// @param block  values of a head
void repeat(Weight& weight, std::size_t block, std::size_t times, std::deque<std::vector<float>>& made) {
  const std::vector<float> values = archive::to_float32(weight.tensor);
  std::vector<float>& own = made.emplace_back();
  own.reserve(values.size() * times);
  for (std::size_t first = 0; first < values.size(); first += block) {
    for (std::size_t i = 0; i < times; ++i) {
      const auto from = values.begin() + static_cast<std::ptrdiff_t>(first);
      own.insert(own.end(), from, from + static_cast<std::ptrdiff_t>(block));
    }
  }
  // A view of its own from scratch: nothing of where the file's weight lies, or how it is scaled, is true of it.
  archive::TensorView view;
  view.shape = weight.tensor.shape;
  view.shape[0] *= static_cast<std::int64_t>(times);
  view.strides = view.shape.size() == 1 ? std::vector<std::int64_t>{1} : std::vector<std::int64_t>{view.shape[1], 1};
  view.storage = std::as_bytes(std::span(own));
  view.storage_key = weight.tensor.storage_key + ", repeated";
  weight.tensor = std::move(view);
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
