#include "engine/graph/fast_operators.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "engine/graph/fast_attention.h"
#include "engine/graph/fast_products.h"
#include "engine/graph/integer_weight.h"
#include "graph/rounding.h"
#include "kernels/linear_scratch.h"
#include "kernels/ops/elementwise.h"
#include "kernels/ops/layer_norm.h"

namespace bertrt::engine::graph {
namespace {

using bertrt::graph::ElementType;
using bertrt::graph::Event;
using bertrt::graph::Tensor;
using bertrt::graph::Value;

bool is_one(const Value& value) {
  if (const auto* integer = value.integer()) return *integer == 1;
  const auto* real = std::get_if<double>(&value.data);
  return real != nullptr && *real == 1;
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
      over->items.size() != 1 || x->rank() == 0 || x->elements() == 0 || !gamma->contiguous() || !beta->contiguous()) {
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

// Parts of at least this many values are worth a thread.
constexpr std::size_t kPart = 16384;

using Elementwise = void (*)(const float*, std::size_t, float*);

bool elementwise(const Event& event, Value& result, kernels::ThreadPool& pool, Elementwise function) {
  const Tensor* x = floats(event.arguments[0]);
  if (x == nullptr) return false;
  const Tensor made = Tensor::make(ElementType::float32, x->sizes());
  const Rows rows(*x);
  const auto count = static_cast<std::size_t>(x->elements());
  const std::size_t parts = std::clamp<std::size_t>(count / kPart, 1, pool.threads());
  pool.run(parts, [&](std::size_t part) {
    const std::size_t begin = count * part / parts;
    function(rows.data() + begin, count * (part + 1) / parts - begin, made.mutable_data<float>() + begin);
  });
  result = made;
  return true;
}

bool gelu(const Event& event, Value& result, kernels::ThreadPool& pool) {
  const auto* kind = std::get_if<std::string>(&event.arguments[1].data);
  if (kind == nullptr) return false;
  if (*kind == "none") return elementwise(event, result, pool, kernels::ops::gelu_erf);
  return *kind == "tanh" && elementwise(event, result, pool, kernels::ops::gelu_tanh);
}

bool softmax(const Event& event, Value& result, kernels::ThreadPool& pool) {
  const Tensor* x = floats(event.arguments[0]);
  const auto* axis = event.arguments[1].integer();
  if (x == nullptr || axis == nullptr || x->rank() == 0 || x->elements() == 0 ||
      (*axis != -1 && *axis != x->rank() - 1) || (event.arguments.size() > 2 && !event.arguments[2].none())) {
    return false;
  }
  const Tensor made = Tensor::make(ElementType::float32, x->sizes());
  const Rows rows(*x);
  const auto width = static_cast<std::size_t>(x->sizes().back());
  const std::size_t count = static_cast<std::size_t>(x->elements()) / width;
  const std::size_t parts = std::clamp<std::size_t>(count * width / kPart, 1, pool.threads());
  pool.run(parts, [&](std::size_t part) {
    const std::size_t begin = count * part / parts;
    const std::size_t end = count * (part + 1) / parts;
    kernels::ops::softmax(rows.data() + begin * width, end - begin, width, made.mutable_data<float>() + begin * width);
  });
  result = made;
  return true;
}

}  // namespace

FastOperators::FastOperators(const bertrt::graph::Program& program) {
  for (const bertrt::graph::Constant& constant : program.constants) {
    if (const Tensor* tensor = constant.value.tensor()) stored_[tensor->storage().get()] = true;
  }
}

FastOperators::Key FastOperators::key_of(const Tensor& weight, const Tensor* bias) {
  return {weight.storage().get(), bias == nullptr ? nullptr : bias->storage().get(),
          weight.offset(),        weight.size(0),
          weight.size(1),         weight.stride(0),
          weight.stride(1),       bias == nullptr ? 0 : bias->offset()};
}

std::shared_ptr<const kernels::Linear> FastOperators::packed(
    const Key& key, kernels::FunctionRef<std::unique_ptr<const kernels::Linear>()> pack) const {
  {
    const std::lock_guard lock(mutex_);
    if (const auto found = linears_.find(key); found != linears_.end()) return found->second;
  }
  std::shared_ptr<const kernels::Linear> made = pack();
  const std::lock_guard lock(mutex_);
  return linears_.emplace(key, std::move(made)).first->second;
}

bool FastOperators::takes_bias(const Value& argument, std::int64_t count, const Tensor*& bias) const {
  bias = floats(argument);
  return argument.none() || (bias != nullptr && is_stored(*bias) && bias->elements() == count);
}

namespace {

std::vector<float> numbers_of(const Tensor* bias) {
  return bias == nullptr ? std::vector<float>() : bertrt::graph::to_floats(*bias);
}

// What a packed layer makes of the rows of x.
Tensor run_linear(const kernels::Linear& linear, const Tensor& x, const Rows& rows, const kernels::LinearCall& call,
                  kernels::ThreadPool& pool) {
  bertrt::graph::Sizes sizes = x.sizes();
  sizes.back() = static_cast<std::int64_t>(linear.out());
  const Tensor made = Tensor::make(ElementType::float32, sizes);
  kernels::Scratch scratch;
  linear.run(rows.data(), static_cast<std::size_t>(x.elements()) / linear.in(), made.mutable_data<float>(), call, pool,
             scratch);
  return made;
}

}  // namespace

bool FastOperators::linear(const Event& event, Value& result, kernels::ThreadPool& pool) const {
  const Tensor* x = floats(event.arguments[0]);
  const Tensor* weight = floats(event.arguments[1]);
  const Tensor* bias = nullptr;
  if (x == nullptr || weight == nullptr || weight->rank() != 2 || x->rank() == 0 || x->elements() == 0 ||
      x->sizes().back() != weight->size(1) || !is_stored(*weight) ||
      !takes_bias(event.arguments[2], weight->size(0), bias)) {
    return false;
  }
  result = times_stored(*x, *weight, bias, pool);
  return true;
}

Tensor FastOperators::times_stored(const Tensor& x, const Tensor& weight, const Tensor* bias,
                                   kernels::ThreadPool& pool) const {
  const auto linear = packed(key_of(weight, bias), [&] {
    const std::vector<float> values = bertrt::graph::to_floats(weight);
    return kernels::Linear::pack(values, numbers_of(bias), static_cast<std::size_t>(weight.size(0)),
                                 static_cast<std::size_t>(weight.size(1)), DType::fp32);
  });
  return run_linear(*linear, x, Rows(x), {}, pool);
}

bool FastOperators::linear_of_integers(const Event& event, Value& result, kernels::ThreadPool& pool) const {
  const Tensor* x = floats(event.arguments[0]);
  const Tensor* bias = nullptr;
  const auto* reduce_range = std::get_if<bool>(&event.arguments[5].data);
  const auto* rounds = std::get_if<bool>(&event.arguments[6].data);
  const Tensor* parts[3] = {};
  for (std::size_t i = 0; i < 3; ++i) {
    parts[i] = event.arguments[1 + i].tensor();
    if (parts[i] == nullptr || !parts[i]->known() || !is_stored(*parts[i])) return false;
  }
  const IntegerWeight weight{*parts[0], *parts[1], *parts[2]};
  if (x == nullptr || x->rank() == 0 || x->elements() == 0 || reduce_range == nullptr || rounds == nullptr ||
      !weight.regular() || x->sizes().back() != weight.integers.size(1) ||
      !takes_bias(event.arguments[4], weight.integers.size(0), bias) || (*rounds && !weight.centred())) {
    return false;
  }
  const Rows rows(*x);
  std::optional<kernels::InputGrid> grid;
  if (*rounds) {
    grid = grid_of({rows.data(), static_cast<std::size_t>(x->elements())}, *reduce_range);
    if (!grid) return false;
  }
  Key key = key_of(weight.integers, bias);
  key.dtype = *rounds ? DType::int8 : DType::fp32;
  const auto linear =
      packed(key, [&] { return *rounds ? weight.pack(numbers_of(bias)) : weight.pack_numbers(numbers_of(bias)); });
  result = run_linear(*linear, *x, rows, {.grid = grid ? &*grid : nullptr}, pool);
  return true;
}

// x times a stored matrix, as frozen modules have it; else products of two activations, matrix by matrix.
bool FastOperators::product(const Tensor* a, const Tensor* b, const Tensor* bias, Value& result,
                            kernels::ThreadPool& pool) const {
  if (a == nullptr || b == nullptr || a->rank() < 2 || b->rank() < 2 || a->elements() == 0 || b->elements() == 0 ||
      a->sizes().back() != b->size(b->rank() - 2)) {
    return false;
  }
  if (b->rank() == 2 && is_stored(*b)) {
    const Tensor weight = b->view_as({b->size(1), b->size(0)}, {b->stride(1), b->stride(0)}, b->offset());
    result = times_stored(*a, weight, bias, pool);
    return true;
  }
  return bias == nullptr && products(*a, *b, result, pool);
}

bool FastOperators::run(const Event& event, Value& result, kernels::ThreadPool& pool) const {
  const std::string_view name = event.op->name;
  if (name == "aten::linear") return linear(event, result, pool);
  if (name == bertrt::graph::kLinearOfIntegers) return linear_of_integers(event, result, pool);
  const auto operand = [&](std::size_t i) { return i < event.arguments.size() ? floats(event.arguments[i]) : nullptr; };
  if (name == "aten::matmul" || name == "aten::bmm" || name == "aten::mm") {
    return product(operand(0), operand(1), nullptr, result, pool);
  }
  if (name == "aten::addmm") {
    const Tensor* bias = operand(0);
    const Tensor* weight = operand(2);
    const auto one = [&](std::size_t i) { return i < event.arguments.size() && is_one(event.arguments[i]); };
    return bias != nullptr && weight != nullptr && weight->rank() == 2 && bias->rank() == 1 &&
           bias->elements() == weight->size(1) && is_stored(*bias) && one(3) && one(4) &&
           product(operand(1), weight, bias, result, pool);
  }
  if (name == "aten::layer_norm") return layer_norm(event, result);
  if (name == "aten::gelu") return gelu(event, result, pool);
  if (name == "aten::tanh") return elementwise(event, result, pool, kernels::ops::tanh);
  if (name == "aten::softmax") return softmax(event, result, pool);
  if (name == "aten::scaled_dot_product_attention") return attention(event, result, pool);
  return false;
}

}  // namespace bertrt::engine::graph
