#include "engine/graph/fast_operators.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "kernels/linear_scratch.h"
#include "kernels/ops/attention.h"
#include "kernels/ops/elementwise.h"
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

// A mask of attention as rows to add to scores, each readable past its end.
struct AddedMask {
  std::vector<float> rows;
  std::size_t stride = 0;       // from one query's row to the next
  std::size_t head_stride = 0;  // from one head's to the next; 0: all alike
};

// Nothing for a mask that hides every key of some query: what comes out then is for the plain evaluation to say.
std::optional<AddedMask> added_mask(const Tensor& mask, std::int64_t heads, std::int64_t queries, std::int64_t keys) {
  const std::int64_t rank = mask.rank();
  if (rank < 2 || rank > 4 || (rank == 4 && mask.size(0) != 1)) return std::nullopt;
  const std::int64_t own_heads = rank >= 3 ? mask.size(rank - 3) : 1;
  const bool fits = (mask.size(rank - 1) == keys || mask.size(rank - 1) == 1) &&
                    (mask.size(rank - 2) == queries || mask.size(rank - 2) == 1) &&
                    (own_heads == heads || own_heads == 1);
  if (!fits) return std::nullopt;
  const bool truth = mask.type() == ElementType::boolean;
  if (!truth && mask.type() != ElementType::float32) return std::nullopt;
  const std::int64_t key_step = mask.size(rank - 1) == 1 ? 0 : mask.stride(rank - 1);
  const std::int64_t query_step = mask.size(rank - 2) == 1 ? 0 : mask.stride(rank - 2);
  const std::int64_t head_step = rank >= 3 && own_heads != 1 ? mask.stride(rank - 3) : 0;
  AddedMask added;
  added.stride = static_cast<std::size_t>(keys) + kernels::ops::kAttentionColumns;
  added.head_stride = head_step == 0 ? 0 : added.stride * static_cast<std::size_t>(queries);
  const std::int64_t planes = head_step == 0 ? 1 : heads;
  added.rows.assign(static_cast<std::size_t>(planes * queries) * added.stride, 0.0F);
  float* to = added.rows.data();
  for (std::int64_t head = 0; head < planes; ++head) {
    for (std::int64_t query = 0; query < queries; ++query, to += added.stride) {
      bool any = false;
      for (std::int64_t key = 0; key < keys; ++key) {
        const std::int64_t at = head * head_step + query * query_step + key * key_step;
        const float value = !truth                               ? mask.data<float>()[at]
                            : mask.data<std::uint8_t>()[at] != 0 ? 0.0F
                                                                 : -std::numeric_limits<float>::infinity();
        if (std::isnan(value) || value > std::numeric_limits<float>::max()) return std::nullopt;
        any = any || value > std::numeric_limits<float>::lowest() / 2;
        to[key] = value;
      }
      if (!any) return std::nullopt;
    }
  }
  return added;
}

// Attention of one text: query, key and value [1, heads, tokens, size] that lie alike.
bool attention(const Event& event, Value& result, kernels::ThreadPool& pool) {
  const Tensor* parts[3] = {floats(event.arguments[0]), floats(event.arguments[1]), floats(event.arguments[2])};
  const auto* dropout = std::get_if<double>(&event.arguments[4].data);
  const auto* causal = std::get_if<bool>(&event.arguments[5].data);
  if (dropout == nullptr || *dropout != 0 || causal == nullptr || *causal) return false;
  for (const Tensor* part : parts) {
    if (part == nullptr || part->rank() != 4 || part->size(0) != 1 || part->sizes() != parts[0]->sizes() ||
        part->stride(3) != 1 || part->stride(2) != parts[0]->stride(2) || part->elements() == 0) {
      return false;
    }
  }
  const std::int64_t heads = parts[0]->size(1);
  const std::int64_t length = parts[0]->size(2);
  const std::int64_t size = parts[0]->size(3);
  std::optional<AddedMask> mask;
  if (!event.arguments[3].none()) {
    const Tensor* given = event.arguments[3].tensor();
    if (given == nullptr || !given->known()) return false;
    mask = added_mask(*given, heads, length, length);
    if (!mask) return false;
  }
  const auto* scale = std::get_if<double>(&event.arguments[6].data);
  const Tensor made = Tensor::make(ElementType::float32, parts[0]->sizes());
  const std::size_t scratch =
      kernels::ops::attention_scratch_size(static_cast<std::size_t>(length), static_cast<std::size_t>(size));
  const std::size_t shares = std::min<std::size_t>(static_cast<std::size_t>(heads), pool.threads());
  pool.run(shares, [&](std::size_t share) {
    const kernels::AlignedBuffer memory(scratch * sizeof(float));
    for (auto head = static_cast<std::int64_t>(share); head < heads; head += static_cast<std::int64_t>(shares)) {
      kernels::ops::AttentionTask task;
      task.query = parts[0]->data<float>() + head * parts[0]->stride(1);
      task.key = parts[1]->data<float>() + head * parts[1]->stride(1);
      task.value = parts[2]->data<float>() + head * parts[2]->stride(1);
      task.stride = static_cast<std::size_t>(parts[0]->stride(2));
      task.length = static_cast<std::size_t>(length);
      task.head_size = static_cast<std::size_t>(size);
      task.row_end = task.length;
      task.scale = scale != nullptr ? static_cast<float>(*scale) : 1 / std::sqrt(static_cast<float>(size));
      if (mask) {
        task.bias = mask->rows.data() + static_cast<std::size_t>(head) * mask->head_stride;
        task.bias_stride = static_cast<std::ptrdiff_t>(mask->stride);
      }
      task.out = made.mutable_data<float>() + head * length * size;
      task.out_stride = task.head_size;
      kernels::ops::attention(task, reinterpret_cast<float*>(memory.data()));
    }
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

std::shared_ptr<const kernels::Linear> FastOperators::packed(const Tensor& weight, const Tensor* bias) const {
  const Key key{weight.storage().get(), bias == nullptr ? nullptr : bias->storage().get(),
                weight.offset(),        weight.size(0),
                weight.size(1),         weight.stride(0),
                weight.stride(1),       bias == nullptr ? 0 : bias->offset()};
  {
    const std::lock_guard lock(mutex_);
    if (const auto found = linears_.find(key); found != linears_.end()) return found->second;
  }
  const std::vector<float> values = bertrt::graph::to_floats(weight);
  const std::vector<float> added = bias == nullptr ? std::vector<float>() : bertrt::graph::to_floats(*bias);
  std::shared_ptr<const kernels::Linear> made = kernels::Linear::pack(
      values, added, static_cast<std::size_t>(weight.size(0)), static_cast<std::size_t>(weight.size(1)), DType::fp32);
  const std::lock_guard lock(mutex_);
  return linears_.emplace(key, std::move(made)).first->second;
}

bool FastOperators::linear(const Event& event, Value& result, kernels::ThreadPool& pool) const {
  const Tensor* x = floats(event.arguments[0]);
  const Tensor* weight = floats(event.arguments[1]);
  const Tensor* bias = event.arguments[2].none() ? nullptr : floats(event.arguments[2]);
  if (x == nullptr || weight == nullptr || weight->rank() != 2 || x->rank() == 0 || x->elements() == 0 ||
      x->sizes().back() != weight->size(1) || !stored_.contains(weight->storage().get()) ||
      (!event.arguments[2].none() &&
       (bias == nullptr || !stored_.contains(bias->storage().get()) || bias->elements() != weight->size(0)))) {
    return false;
  }
  bertrt::graph::Sizes sizes = x->sizes();
  sizes.back() = weight->size(0);
  const Tensor made = Tensor::make(ElementType::float32, sizes);
  const Rows rows(*x);
  kernels::Scratch scratch;
  packed(*weight, bias)
      ->run(rows.data(), static_cast<std::size_t>(x->elements() / weight->size(1)), made.mutable_data<float>(), {},
            pool, scratch);
  result = made;
  return true;
}

bool FastOperators::run(const Event& event, Value& result, kernels::ThreadPool& pool) const {
  const std::string_view name = event.op->name;
  if (name == "aten::linear") return linear(event, result, pool);
  if (name == "aten::layer_norm") return layer_norm(event, result);
  if (name == "aten::gelu") return gelu(event, result, pool);
  if (name == "aten::tanh") return elementwise(event, result, pool, kernels::ops::tanh);
  if (name == "aten::softmax") return softmax(event, result, pool);
  if (name == "aten::scaled_dot_product_attention") return attention(event, result, pool);
  return false;
}

}  // namespace bertrt::engine::graph
