#include "engine/graph/fast_operators.h"

#include <algorithm>
#include <string_view>
#include <utility>
#include <vector>

#include "kernels/ops/layer_norm.h"

namespace bertrt::engine::graph {
namespace {

using bertrt::graph::ElementType;
using bertrt::graph::Event;
using bertrt::graph::Tensor;
using bertrt::graph::Value;

const Tensor* floats(const Value& value) {
  const Tensor* tensor = value.tensor();
  return tensor != nullptr && tensor->defined() && tensor->known() && tensor->type() == ElementType::float32 ? tensor
                                                                                                            : nullptr;
}

// Row-major values of a tensor, copied where they do not lie so.
class Rows {
 public:
  explicit Rows(const Tensor& tensor) {
    if (tensor.contiguous()) {
      data_ = tensor.data<float>();
    } else {
      copy_ = bertrt::graph::to_floats(tensor);
      data_ = copy_.data();
    }
  }
  const float* data() const noexcept { return data_; }

 private:
  std::vector<float> copy_;
  const float* data_ = nullptr;
};

bool layer_norm(const Event& event, Value& result) {
  const Tensor* x = floats(event.arguments[0]);
  const Tensor* gamma = floats(event.arguments[2]);
  const Tensor* beta = floats(event.arguments[3]);
  const auto* eps = std::get_if<double>(&event.arguments[4].data);
  const bertrt::graph::List* over = event.arguments[1].list();
  if (x == nullptr || gamma == nullptr || beta == nullptr || eps == nullptr || over == nullptr ||
      over->items.size() != 1 || x->elements() == 0 || !gamma->contiguous() || !beta->contiguous()) {
    return false;
  }
  const auto width = static_cast<std::size_t>(x->sizes().back());
  if (gamma->elements() != x->sizes().back() || beta->elements() != x->sizes().back()) return false;
  const Tensor made = Tensor::make(ElementType::float32, x->sizes());
  const Rows rows(*x);
  auto* out = made.mutable_data<float>();
  std::copy_n(rows.data(), x->elements(), out);
  kernels::ops::layer_norm(out, nullptr, width, gamma->data<float>(), beta->data<float>(), static_cast<float>(*eps),
                           static_cast<std::size_t>(x->elements()) / width, width);
  result = made;
  return true;
}

}  // namespace

FastOperators::FastOperators(const bertrt::graph::Program& program) {
  for (const bertrt::graph::Constant& constant : program.constants) {
    if (const Tensor* tensor = constant.value.tensor()) stored_[tensor->storage().get()] = true;
  }
}

std::shared_ptr<const kernels::Linear> FastOperators::packed(const Tensor& weight, const Tensor* bias) const {
  const Key key{weight.storage().get(),
                bias == nullptr ? nullptr : bias->storage().get(),
                weight.offset(),
                weight.size(0),
                weight.size(1),
                weight.stride(0),
                weight.stride(1),
                bias == nullptr ? 0 : bias->offset()};
  {
    const std::lock_guard lock(mutex_);
    if (const auto found = linears_.find(key); found != linears_.end()) return found->second;
  }
  const std::vector<float> values = bertrt::graph::to_floats(weight);
  const std::vector<float> added = bias == nullptr ? std::vector<float>() : bertrt::graph::to_floats(*bias);
  std::shared_ptr<const kernels::Linear> made =
      kernels::Linear::pack(values, added, static_cast<std::size_t>(weight.size(0)),
                            static_cast<std::size_t>(weight.size(1)), DType::fp32);
  const std::lock_guard lock(mutex_);
  return linears_.emplace(key, std::move(made)).first->second;
}

bool FastOperators::linear(const Event& event, Value& result, kernels::ThreadPool& pool) const {
  const Tensor* x = floats(event.arguments[0]);
  const Tensor* weight = floats(event.arguments[1]);
  const Tensor* bias = event.arguments[2].none() ? nullptr : floats(event.arguments[2]);
  if (x == nullptr || weight == nullptr || weight->rank() != 2 || x->rank() == 0 || x->elements() == 0 ||
      x->sizes().back() != weight->size(1) || !stored_.contains(weight->storage().get()) ||
      (!event.arguments[2].none() && (bias == nullptr || !stored_.contains(bias->storage().get()) ||
                                      bias->elements() != weight->size(0)))) {
    return false;
  }
  bertrt::graph::Sizes sizes = x->sizes();
  sizes.back() = weight->size(0);
  const Tensor made = Tensor::make(ElementType::float32, sizes);
  const Rows rows(*x);
  kernels::Scratch scratch;
  packed(*weight, bias)->run(rows.data(), static_cast<std::size_t>(x->elements() / weight->size(1)),
                             made.mutable_data<float>(), {}, pool, scratch);
  result = made;
  return true;
}

bool FastOperators::run(const Event& event, Value& result, kernels::ThreadPool& pool) const {
  if (event.op->name == "aten::linear") return linear(event, result, pool);
  if (event.op->name == "aten::layer_norm") return layer_norm(event, result);
  return false;
}

}  // namespace bertrt::engine::graph
