#include "family/terms.h"

#include <cstddef>
#include <memory>
#include <utility>

#include "graph/rounding.h"

namespace bertrt::family {
namespace {

using graph::Sizes;
using graph::Tensor;

Weight as_weight(const graph::Constant& constant, const Tensor& view) {
  Weight weight;
  weight.name = constant.name;
  weight.tensor = graph::archive_view(view);
  weight.tensor.storage_key = constant.name;
  return weight;
}

Tensor transposed(const Tensor& tensor) {
  return tensor.view_as({tensor.size(1), tensor.size(0)}, {tensor.stride(1), tensor.stride(0)}, tensor.offset());
}

// to(integers) * scales, a scale a row: what the exporter makes of weights in int8.
std::optional<Weight> scaled_weight(const Instance& instance, const Ref& ref) {
  const Node& product = instance.node(ref.producer);
  const Tensor& view = ref.tensor;
  if (product.partial || product.name != "aten::mul" || view.rank() != 2 || !view.contiguous() ||
      view.sizes() != product.result.tensor.sizes() || instance.whole(ref) != ref.producer) {
    return std::nullopt;
  }
  for (const std::size_t side : {std::size_t{0}, std::size_t{1}}) {
    const Ref& wide = product.refs[side];
    if (!wide.tensor.defined() || wide.producer == kNoNode) continue;
    const Node& widened = instance.node(wide.producer);
    if (widened.partial || widened.name != "aten::to" || instance.whole(wide) != wide.producer ||
        wide.tensor.type() != graph::ElementType::float32 || wide.tensor.sizes() != view.sizes() ||
        widened.refs[0].tensor.sizes() != view.sizes()) {
      continue;
    }
    if (auto found = scaled_integers(instance, widened.refs[0], product.refs[1 - side])) return found;
  }
  return std::nullopt;
}

}  // namespace

std::optional<Weight> scaled_integers(const Instance& instance, const Ref& integers, const Ref& scales) {
  const graph::Constant* constant = integers.tensor.defined() && integers.producer == kNoNode
                                        ? instance.constant(integers.tensor.storage().get())
                                        : nullptr;
  if (constant == nullptr || !graph::is_stored_weight(integers.tensor) || integers.tensor.rank() != 2 ||
      !integers.tensor.contiguous() || !scales.tensor.defined() ||
      scales.tensor.sizes() != Sizes{integers.tensor.size(0), 1}) {
    return std::nullopt;
  }
  const auto factors = weight(instance, scales);
  if (!factors) return std::nullopt;
  Weight found = as_weight(*constant, integers.tensor);
  const auto values = std::make_shared<const std::vector<float>>(archive::to_float32(factors->tensor));
  found.tensor.row_scales = {values, values->data()};
  return found;
}

std::optional<Weight> vector_of(const Instance& instance, const Ref& ref, std::int64_t size) {
  if (!ref.tensor.defined() || ref.tensor.rank() == 0 || ref.tensor.elements() != size ||
      ref.tensor.sizes().back() != size) {
    return std::nullopt;
  }
  auto found = weight(instance, ref);
  if (!found) return std::nullopt;
  found->tensor.shape = {size};
  found->tensor.strides = {ref.tensor.strides().back()};
  return found;
}

std::optional<double> number(const graph::Value& value) {
  if (const auto* integer = value.integer()) return static_cast<double>(*integer);
  if (const auto* real = std::get_if<double>(&value.data)) return *real;
  const Tensor* tensor = value.tensor();
  if (tensor == nullptr || tensor->elements() != 1 || !tensor->known() || tensor->varies()) return std::nullopt;
  if (tensor->type() == graph::ElementType::float32) return static_cast<double>(*tensor->data<float>());
  if (tensor->type() == graph::ElementType::float64) return *tensor->data<double>();
  return static_cast<double>(graph::to_integers(*tensor)[0]);
}

std::optional<bool> boolean(const graph::Value& value) {
  if (const auto* held = std::get_if<bool>(&value.data)) return *held;
  return std::nullopt;
}

std::string_view text(const std::vector<graph::Value>& arguments, std::size_t index) {
  if (index >= arguments.size()) return {};
  const auto* held = std::get_if<std::string>(&arguments[index].data);
  return held == nullptr ? std::string_view() : std::string_view(*held);
}

std::optional<Weight> weight(const Instance& instance, const Ref& ref) {
  if (!ref.tensor.defined()) return std::nullopt;
  if (ref.producer == kNoNode) {
    const graph::Constant* constant = instance.constant(ref.tensor.storage().get());
    if (constant == nullptr || !graph::is_floating(ref.tensor.type())) return std::nullopt;
    return as_weight(*constant, ref.tensor);
  }
  if (auto scaled = scaled_weight(instance, ref)) return scaled;
  // A copy of a transposed weight: the view that it was made of, where that is of the same form.
  const Node& node = instance.node(ref.producer);
  if (node.partial || node.refs.empty() || !node.refs[0].tensor.defined() || !node.result.tensor.contiguous() ||
      node.refs[0].tensor.sizes() != node.result.tensor.sizes()) {
    return std::nullopt;
  }
  const bool same = instance.maps(ref, node.result.tensor.sizes(), [&](const Sizes& at) {
    return instance.element(node.refs[0], node.refs[0].tensor.sizes(), at);
  });
  if (!same || ref.tensor.sizes() != node.result.tensor.sizes()) return std::nullopt;
  return weight(instance, node.refs[0]);
}

namespace {

// A product with a matrix that is stored, as one operator.
std::optional<AppliedDense> find_product(const Instance& instance, NodeId id) {
  if (id == kNoNode) return std::nullopt;
  const Node& node = instance.node(id);
  if (node.partial) return std::nullopt;
  AppliedDense found;
  Ref matrix;
  std::optional<Ref> bias;
  if (node.name == "aten::linear") {
    found.input = node.refs[0];
    matrix = node.refs[1];
    if (node.refs[2].tensor.defined()) bias = node.refs[2];
  } else if (node.name == "aten::addmm" && number(node.arguments[3]) == 1.0 && number(node.arguments[4]) == 1.0) {
    bias = node.refs[0];
    found.input = node.refs[1];
    matrix = node.refs[2];
  } else if (node.name == "aten::matmul" || node.name == "aten::mm") {
    found.input = node.refs[0];
    matrix = node.refs[1];
  } else {
    return std::nullopt;
  }
  if (!matrix.tensor.defined() || matrix.tensor.rank() != 2) return std::nullopt;
  if (node.name != "aten::linear") matrix.tensor = transposed(matrix.tensor);
  auto stored = weight(instance, matrix);
  if (!stored && node.name != "aten::linear" && matrix.producer != kNoNode) {
    // A copy of a transposed matrix: turn what it was made of.
    Ref original = matrix;
    original.tensor = transposed(matrix.tensor);
    if (const auto before = weight(instance, original)) {
      stored = before;
      std::swap(stored->tensor.shape[0], stored->tensor.shape[1]);
      std::swap(stored->tensor.strides[0], stored->tensor.strides[1]);
    }
  }
  if (!stored || stored->tensor.shape.size() != 2) return std::nullopt;
  found.dense.weight = std::move(*stored);
  if (found.input.tensor.sizes().back() != static_cast<std::int64_t>(found.dense.in())) return std::nullopt;
  if (bias) {
    found.dense.bias = vector_of(instance, *bias, static_cast<std::int64_t>(found.dense.out()));
    if (!found.dense.bias) return std::nullopt;
  }
  return found;
}

}  // namespace

std::optional<AppliedDense> find_dense(const Instance& instance, NodeId id) {
  if (id == kNoNode) return std::nullopt;
  const Node& node = instance.node(id);
  if (node.name != "aten::add") return find_product(instance, id);
  if (node.partial || number(node.arguments[2]) != 1.0) return std::nullopt;
  // A product and its bias, apart.
  for (const std::size_t product : {std::size_t{0}, std::size_t{1}}) {
    const Ref& other = node.refs[1 - product];
    if (!node.refs[product].tensor.defined() || !other.tensor.defined()) continue;
    auto inner = find_product(instance, instance.whole(node.refs[product]));
    if (!inner || inner->dense.bias) continue;
    inner->dense.bias = vector_of(instance, other, static_cast<std::int64_t>(inner->dense.out()));
    if (inner->dense.bias && node.refs[product].tensor.elements() == node.result.tensor.elements()) return inner;
  }
  return std::nullopt;
}

std::optional<Ref> input_of_dense(const Instance& instance, NodeId id) {
  if (id == kNoNode) return std::nullopt;
  if (instance.node(id).name == graph::kLinearOfIntegers) return instance.node(id).refs[0];
  const auto dense = find_dense(instance, id);
  return dense ? std::optional(dense->input) : std::nullopt;
}

std::optional<AppliedDense> find_dense_columns(const Instance& instance, const Ref& ref) {
  if (!ref.tensor.defined() || ref.tensor.elements() == 0) return std::nullopt;
  const Element first = instance.first(ref);
  if (first.producer == kNoNode || first.index < 0) return std::nullopt;
  auto found = find_dense(instance, first.producer);
  if (!found) return std::nullopt;
  const auto width = static_cast<std::int64_t>(found->dense.out());
  const std::int64_t rows = instance.node(first.producer).result.tensor.elements() / width;
  const std::int64_t columns = ref.tensor.sizes().back();
  if (ref.tensor.elements() != rows * columns || first.index + columns > width) return std::nullopt;
  const bool same = instance.maps(ref, {rows, columns}, [&](const Sizes& at) {
    return Element{first.producer, nullptr, at[0] * width + first.index + at[1]};
  });
  if (!same) return std::nullopt;
  if (columns != width) take_rows(found->dense, first.index, columns);
  return found;
}

void take_rows(Dense& dense, std::int64_t from, std::int64_t count) {
  dense.weight.tensor =
      archive::rows_of(dense.weight.tensor, static_cast<std::size_t>(from), static_cast<std::size_t>(count));
  if (!dense.bias) return;
  dense.bias->tensor.storage_offset += from * dense.bias->tensor.strides[0];
  dense.bias->tensor.shape[0] = count;
}

const Node* whole_node(const Instance& instance, const Ref& ref, std::string_view name) {
  if (!ref.tensor.defined()) return nullptr;
  const NodeId id = instance.whole(ref);
  if (id == kNoNode || instance.node(id).partial || instance.node(id).name != name) return nullptr;
  return &instance.node(id);
}

bool over_last_axis(const graph::Value& axis, const Ref& of) {
  const auto value = number(axis);
  return value == -1.0 || value == static_cast<double>(of.tensor.rank() - 1);
}

bool is_same_view(const Ref& a, const Ref& b) {
  return a.producer == b.producer && a.tensor.storage() == b.tensor.storage() && a.tensor.sizes() == b.tensor.sizes() &&
         a.tensor.strides() == b.tensor.strides() && a.tensor.offset() == b.tensor.offset();
}

bool same_values(const Instance& instance, const Ref& a, const Ref& b) {
  if (!a.tensor.defined() || !b.tensor.defined()) return false;
  const NodeId node = instance.whole(a);
  if (node != kNoNode) return node == instance.whole(b);
  return a.producer != kNoNode && is_same_view(a, b);
}

std::vector<Ref> terms(const Instance& instance, const Ref& sum) {
  constexpr std::size_t kMost = 16;
  std::vector<Ref> flat;
  std::vector<Ref> open = {sum};
  while (!open.empty()) {
    const Ref ref = open.back();
    open.pop_back();
    const NodeId id = ref.tensor.known() ? kNoNode : instance.whole(ref);
    if (id != kNoNode && flat.size() + open.size() < kMost) {
      const Node& node = instance.node(id);
      if (node.name == "aten::add" && !node.partial && node.refs[0].tensor.defined() && node.refs[1].tensor.defined() &&
          number(node.arguments[2]) == 1.0) {
        open.push_back(node.refs[1]);
        open.push_back(node.refs[0]);
        continue;
      }
    }
    flat.push_back(ref);
  }
  return flat;
}

std::optional<Ref> broadcast(const Ref& ref, const Sizes& sizes) {
  const Sizes& own = ref.tensor.sizes();
  if (own.size() > sizes.size()) return std::nullopt;
  Sizes strides(sizes.size(), 0);
  const std::size_t skipped = sizes.size() - own.size();
  for (std::size_t axis = 0; axis < own.size(); ++axis) {
    if (own[axis] == sizes[axis + skipped]) {
      strides[axis + skipped] = ref.tensor.strides()[axis];
    } else if (own[axis] != 1) {
      return std::nullopt;
    }
  }
  Ref wide = ref;
  wide.tensor = ref.tensor.view_as(sizes, std::move(strides), ref.tensor.offset());
  return wide;
}

}  // namespace bertrt::family
