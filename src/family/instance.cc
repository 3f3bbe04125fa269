#include "family/instance.h"

#include <algorithm>
#include <utility>

namespace bertrt::family {
namespace {

using graph::Sizes;
using graph::Tensor;

// Positions and masks that an instance keeps: DeBERTa with 48 layers has 600 MB of them at 512 tokens.
constexpr std::size_t kMostKept = std::size_t{900} << 20;

// Whether its result has the values of its first argument in the same logical order.
bool copies(const Node& node) {
  static constexpr std::string_view kNames[] = {"aten::contiguous", "aten::clone",     "aten::reshape", "aten::flatten",
                                                "aten::reshape_as", "aten::expand_as", "aten::to",      "aten::type_as",
                                                "aten::view",       "aten::dropout",   "aten::detach",  "aten::alias"};
  if (std::find(std::begin(kNames), std::end(kNames), node.name) == std::end(kNames)) return false;
  return node.refs[0].tensor.defined() && node.refs[0].tensor.type() == node.result.tensor.type() &&
         node.refs[0].tensor.elements() == node.result.tensor.elements();
}

std::int64_t index_of(const Sizes& coordinates, const Sizes& sizes) {
  std::int64_t index = 0;
  for (std::size_t axis = 0; axis < sizes.size(); ++axis) index = index * sizes[axis] + coordinates[axis];
  return index;
}

// The place in its storage of a view's element, by its logical index.
std::int64_t offset_of(const Tensor& tensor, std::int64_t index) {
  const Sizes& sizes = tensor.sizes();
  const Sizes& strides = tensor.strides();
  std::int64_t offset = tensor.offset();
  for (std::size_t axis = sizes.size(); axis-- > 0;) {
    offset += index % sizes[axis] * strides[axis];
    index /= sizes[axis];
  }
  return offset;
}

// The logical index of the element that lies at `offset` of the storage, or -1. For results of operators, whose strides
// fall from axis to axis unless it kept the order of a transposed argument.
std::int64_t logical_index(const Tensor& tensor, std::int64_t offset) {
  offset -= tensor.offset();
  const Sizes& sizes = tensor.sizes();
  const Sizes& strides = tensor.strides();
  if (tensor.contiguous()) return offset < tensor.elements() ? offset : -1;
  std::vector<std::size_t> order(sizes.size());
  for (std::size_t i = 0; i < order.size(); ++i) order[i] = i;
  std::sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) { return strides[a] > strides[b]; });
  Sizes coordinates(sizes.size(), 0);
  for (const std::size_t axis : order) {
    if (sizes[axis] == 1 || strides[axis] == 0) continue;
    coordinates[axis] = offset / strides[axis];
    if (coordinates[axis] < 0 || coordinates[axis] >= sizes[axis]) return -1;
    offset -= coordinates[axis] * strides[axis];
  }
  return offset == 0 ? index_of(coordinates, sizes) : -1;
}

// The index, in what a repeat repeats, of an element of its result.
std::int64_t before_repeat(const Node& node, std::int64_t index) {
  const Sizes& sizes = node.result.tensor.sizes();
  Sizes own = node.refs[0].tensor.sizes();
  own.insert(own.begin(), sizes.size() - own.size(), 1);
  Sizes coordinates(sizes.size());
  for (std::size_t axis = sizes.size(); axis-- > 0;) {
    coordinates[axis] = index % sizes[axis] % own[axis];
    index /= sizes[axis];
  }
  return index_of(coordinates, own);
}

// Whether it is all of its storage, each element once, in whatever order its axes lie.
bool covers(const Tensor& tensor) {
  if (tensor.offset() != 0 || tensor.elements() != tensor.storage()->elements()) return false;
  std::vector<std::pair<std::int64_t, std::int64_t>> axes;  // by stride, from the innermost on
  for (std::size_t axis = 0; axis < tensor.sizes().size(); ++axis) {
    if (tensor.sizes()[axis] != 1) axes.emplace_back(tensor.strides()[axis], tensor.sizes()[axis]);
  }
  std::sort(axes.begin(), axes.end());
  std::int64_t expected = 1;
  for (const auto& [stride, size] : axes) {
    if (stride != expected) return false;
    expected *= size;
  }
  return true;
}

std::string_view functional_name(std::string_view name) {
  if (name.ends_with("_") && !name.ends_with("__")) name.remove_suffix(1);
  return name;
}

}  // namespace

Instance::Instance(const graph::Program& program, std::vector<graph::Value> inputs)
    : program_(program), inputs_(std::move(inputs)) {
  for (const graph::Constant& constant : program.constants) {
    if (const Tensor* tensor = constant.value.tensor()) constants_.emplace(tensor->storage()->origin(), &constant);
  }
  graph::EvaluateOptions options;
  options.shapes_only = true;
  options.known_budget = kMostKept;
  options.observer = [this](const graph::Event& event) { observe(event); };
  const graph::Evaluation done = graph::evaluate(program, inputs_, options);
  for (auto& [path, tensor] : graph::flatten(done.result)) outputs_.emplace_back(path, reference(tensor));
}

const graph::Constant* Instance::constant(const graph::Storage* storage) const {
  const auto found = constants_.find(storage->origin());
  return found == constants_.end() ? nullptr : found->second;
}

Ref Instance::reference(const Tensor& tensor) const {
  const auto found = producer_.find(tensor.storage().get());
  return {tensor, found == producer_.end() ? kNoNode : found->second};
}

void Instance::observe(const graph::Event& event) {
  const Tensor* result = event.result->tensor();
  kept_.push_back(*event.result);
  Node node;
  node.instruction = event.instruction;
  node.name = event.op->name;
  bool aliases = false;
  for (const graph::Value& argument : event.arguments) {
    node.arguments.push_back(argument);
    const Tensor* tensor = argument.tensor();
    node.refs.push_back(tensor != nullptr ? reference(*tensor) : Ref{});
    if (tensor != nullptr && result != nullptr) aliases = aliases || tensor->storage() == result->storage();
    if (const graph::List* list = argument.list()) {
      for (const graph::Value& item : list->items) {
        if (item.tensor() != nullptr && item.tensor()->defined()) node.items.push_back(reference(*item.tensor()));
      }
    }
  }
  const bool in_place = event.overload->in_place;
  if (result == nullptr) {
    // Several results (split, topk): each that is new bytes is this node's, seen as a part of what it wrote.
    const auto take = [&](const std::vector<graph::Value>& items) {
      for (const graph::Value& item : items) {
        const Tensor* tensor = item.tensor();
        if (tensor == nullptr || producer_.contains(tensor->storage().get()) ||
            constants_.contains(tensor->storage()->origin())) {
          continue;
        }
        Node part = node;
        part.result = {*tensor, static_cast<NodeId>(nodes_.size())};
        part.partial = true;
        if (tensor->known() && !tensor->varies()) continue;
        producer_[tensor->storage().get()] = static_cast<NodeId>(nodes_.size());
        nodes_.push_back(std::move(part));
      }
    };
    if (const graph::List* list = event.result->list()) take(list->items);
    if (const graph::Tuple* tuple = event.result->tuple()) take(tuple->items);
    return;
  }
  if (aliases && !in_place) return;  // a view, or nothing to do
  node.result = {*result, static_cast<NodeId>(nodes_.size())};
  if (in_place) {
    node.name = functional_name(node.name);
    node.partial = !covers(*result);
  }
  node.copy = copies(node);
  producer_[result->storage().get()] = static_cast<NodeId>(nodes_.size());
  nodes_.push_back(std::move(node));
}

Element Instance::element(const Ref& ref, std::int64_t index) const {
  if (ref.tensor.elements() == 0) return {kNoNode, nullptr, -1};  // [:, 1:-1] of two tokens
  const Ref* at = &ref;
  while (true) {
    const std::int64_t offset = offset_of(at->tensor, index);
    if (at->producer == kNoNode) return {kNoNode, at->tensor.storage()->origin(), offset};
    const Node& node = nodes_[at->producer];
    index = logical_index(node.result.tensor, offset);
    if (index < 0 || node.partial) return {at->producer, nullptr, index};
    if (node.name == "aten::repeat") {
      index = before_repeat(node, index);
    } else if (!node.copy) {
      return {at->producer, nullptr, index};
    }
    at = &node.refs[0];
  }
}

Element Instance::element(const Ref& ref, const Sizes& sizes, const Sizes& coordinates) const {
  return element(ref, index_of(coordinates, sizes));
}

bool Instance::maps(const Ref& ref, const Sizes& sizes, const Expected& expected) const {
  std::int64_t count = 1;
  for (const std::int64_t size : sizes) count *= size;
  if (count != ref.tensor.elements() || count == 0) return false;
  std::vector<Sizes> picks;
  for (const std::int64_t size : sizes) {
    Sizes pick = {0, 1, size / 2, size - 1};
    std::sort(pick.begin(), pick.end());
    pick.erase(std::unique(pick.begin(), pick.end()), pick.end());
    std::erase_if(pick, [&](std::int64_t i) { return i >= size; });
    picks.push_back(std::move(pick));
  }
  std::vector<std::size_t> turn(sizes.size(), 0);
  Sizes coordinates(sizes.size());
  while (true) {
    for (std::size_t axis = 0; axis < sizes.size(); ++axis) coordinates[axis] = picks[axis][turn[axis]];
    const Element want = expected(coordinates);
    const Element found = element(ref, index_of(coordinates, sizes));
    if (found.producer != want.producer || found.index != want.index || found.index < 0) return false;
    if (want.producer == kNoNode && want.storage != found.storage) return false;
    std::size_t axis = sizes.size();
    while (axis-- > 0) {
      if (++turn[axis] < picks[axis].size()) break;
      turn[axis] = 0;
    }
    if (axis == static_cast<std::size_t>(-1)) return true;
  }
}

NodeId Instance::whole(const Ref& ref) const {
  if (ref.producer == kNoNode || ref.tensor.rank() == 0 || ref.tensor.elements() == 0) return kNoNode;
  const std::int64_t width = ref.tensor.sizes().back();
  // As long as nothing but row-major copies of whole results lies between, there is nothing to map.
  const Ref* at = &ref;
  while (at->producer != kNoNode && at->tensor.contiguous()) {
    const Node& node = nodes_[at->producer];
    const Tensor& made = node.result.tensor;
    if (node.partial || !made.contiguous() || made.offset() != at->tensor.offset() ||
        made.elements() != at->tensor.elements()) {
      break;
    }
    if (!node.copy) return made.rank() != 0 && made.sizes().back() == width ? at->producer : kNoNode;
    at = &node.refs[0];
  }
  const Element from = first(ref);
  if (from.producer == kNoNode || nodes_[from.producer].partial) return kNoNode;
  const Tensor& made = nodes_[from.producer].result.tensor;
  if (made.elements() != ref.tensor.elements() || made.rank() == 0 || made.sizes().back() != width) return kNoNode;
  const Sizes& sizes = ref.tensor.sizes();
  const bool same = maps(ref, sizes, [&](const Sizes& at_index) {
    return Element{from.producer, nullptr, index_of(at_index, sizes)};
  });
  return same ? from.producer : kNoNode;
}

const graph::Storage* Instance::source(const Ref& ref) const {
  Element from = first(ref);
  while (from.producer != kNoNode && nodes_[from.producer].name == "aten::to" &&
         nodes_[from.producer].refs[0].tensor.defined()) {
    from = first(nodes_[from.producer].refs[0]);
  }
  return from.producer == kNoNode ? from.storage : nullptr;
}

}  // namespace bertrt::family
