#include "family/length_look.h"

#include <algorithm>
#include <optional>
#include <string>
#include <string_view>

#include "family/among.h"
#include "family/shares.h"
#include "graph/evaluate.h"

namespace bertrt::family {
namespace {

std::optional<LengthLook::Slice> slice_of(const graph::Event& event) {
  const graph::Tensor* from = event.arguments[0].tensor();
  const std::int64_t* axis = event.arguments[1].integer();
  if (from == nullptr || axis == nullptr || from->rank() == 0) return std::nullopt;
  const auto number = [&](std::size_t i, std::int64_t fallback) {
    const std::int64_t* value = event.arguments[i].integer();
    return value != nullptr ? *value : fallback;
  };
  LengthLook::Slice slice;
  slice.from = from->sizes();
  slice.axis = static_cast<std::size_t>(*axis < 0 ? *axis + from->rank() : *axis);
  slice.first = number(2, 0);
  slice.end = event.op->name == "aten::narrow" ? slice.first + number(3, 0)
                                               : number(3, std::numeric_limits<std::int64_t>::max());
  return slice;
}

// The largest of known indices; nothing for masks and for what depends on an input.
std::optional<std::int64_t> largest(const graph::Tensor* index) {
  constexpr std::int64_t kMost = 1 << 16;
  if (index == nullptr || !index->known() || index->varies() || index->elements() == 0 || index->elements() > kMost ||
      (index->type() != graph::ElementType::int64 && index->type() != graph::ElementType::int32)) {
    return std::nullopt;
  }
  const graph::Sizes values = graph::to_integers(*index);
  return *std::max_element(values.begin(), values.end());
}

std::optional<LengthLook::Place> place_of(const graph::Event& event) {
  const graph::Tensor* from = event.arguments[0].tensor();
  if (from == nullptr || from->rank() == 0) return std::nullopt;
  std::int64_t axis = 0;
  std::optional<std::int64_t> last;
  if (event.op->name == "aten::index") {
    // One index among axes that are left as they are.
    const graph::List* indices = event.arguments[1].list();
    if (indices == nullptr) return std::nullopt;
    for (std::size_t i = 0; i < indices->items.size() && !last; ++i) {
      axis = static_cast<std::int64_t>(i);
      last = largest(indices->items[i].tensor());
    }
  } else {
    const std::int64_t* of = event.arguments[1].integer();
    if (of == nullptr) return std::nullopt;
    axis = *of < 0 ? *of + from->rank() : *of;
    if (event.op->name == "aten::select") {
      if (const std::int64_t* place = event.arguments[2].integer()) last = *place;
    } else {
      last = largest(event.arguments[2].tensor());
    }
  }
  if (!last || axis < 0 || axis >= from->rank()) return std::nullopt;
  return LengthLook::Place{from->size(axis), *last};
}

// The longest padding of an axis: a place beside it.
std::optional<LengthLook::Place> padding_of(const graph::Event& event) {
  const graph::Tensor* from = event.arguments[0].tensor();
  const graph::List* pads = event.arguments[1].list();
  if (from == nullptr || pads == nullptr) return std::nullopt;
  std::optional<LengthLook::Place> longest;
  for (std::size_t i = 0; i < pads->items.size() && i / 2 < from->sizes().size(); ++i) {
    const std::int64_t* count = pads->items[i].integer();
    if (count == nullptr || (longest && *count <= longest->last)) continue;
    longest = LengthLook::Place{from->sizes()[from->sizes().size() - 1 - i / 2], *count};
  }
  return longest;
}

// What is told of every call.
class Watcher {
 public:
  explicit Watcher(LengthLook& look) : look_(look) {}

  void see(const graph::Event& event) {
    const std::string_view name = event.op->name;
    if (among({"aten::slice", "aten::narrow"}, name)) {
      if (const auto slice = slice_of(event)) look_.slices[event.instruction] = *slice;
    } else if (among({"aten::select", "aten::index_select", "aten::gather", "aten::index"}, name)) {
      if (const auto place = place_of(event)) look_.places[event.instruction] = *place;
    } else if (among({"aten::pad", "aten::constant_pad_nd"}, name)) {
      if (const auto place = padding_of(event)) look_.places[event.instruction] = *place;
    } else if (name == "aten::arange") {
      if (event.arguments.size() < 2) return;
      if (const std::int64_t* start = event.arguments[0].integer()) look_.starts[event.instruction] = *start;
    } else if (name == "aten::mean") {
      const graph::Tensor* from = event.arguments[0].tensor();
      const graph::Tensor* to = event.result->tensor();
      if (from != nullptr && to != nullptr && from->elements() == 0 && to->elements() != 0)
        look_.mean_of_nothing = true;
    }
  }

 private:
  LengthLook& look_;
};

}  // namespace

LengthLook::LengthLook(const graph::Program& program, std::span<const graph::Value> arguments, std::size_t tokens)
    : length(tokens) {
  Watcher watcher(*this);
  ShareWatcher numbers(program, tokens);
  graph::EvaluateOptions options;
  options.shapes_only = true;
  options.observer = [&](const graph::Event& event) {
    watcher.see(event);
    numbers.see(event);
  };
  const graph::Evaluation done = graph::evaluate(program, arguments, options);
  baked_strides = done.baked_strides;
  shares = numbers.shares();
  for (const auto& [path, tensor] : graph::flatten(done.result)) outputs.push_back(tensor.sizes());
}

}  // namespace bertrt::family
