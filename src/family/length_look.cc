#include "family/length_look.h"

#include <algorithm>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "family/terms.h"
#include "graph/evaluate.h"

namespace bertrt::family {
namespace {

using Share = LengthLook::Share;

bool any_of(std::string_view name, std::initializer_list<std::string_view> names) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

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

// Follows what is summed over the tokens, and is told of every call.
class Watcher {
 public:
  Watcher(const graph::Program& program, LengthLook& look) : program_(program), look_(look) {}

  void see(const graph::Event& event) {
    const std::string_view name = event.op->name;
    if (any_of(name, {"aten::slice", "aten::narrow"})) {
      if (const auto slice = slice_of(event)) look_.slices[event.instruction] = *slice;
    } else if (any_of(name, {"aten::select", "aten::index_select", "aten::gather", "aten::index"})) {
      if (const auto place = place_of(event)) look_.places[event.instruction] = *place;
    } else if (any_of(name, {"aten::pad", "aten::constant_pad_nd"})) {
      if (const auto place = padding_of(event)) look_.places[event.instruction] = *place;
    } else if (name == "aten::arange") {
      if (event.arguments.size() < 2) return;
      if (const std::int64_t* start = event.arguments[0].integer()) look_.starts[event.instruction] = *start;
    } else if (any_of(name, {"aten::sum", "aten::mean"})) {
      see_fold(event, name == "aten::sum" ? sums_ : means_);
    } else if (name == "aten::einsum") {
      if (const std::int64_t count = contracted(event); is_tokens(count)) add(event, sums_, count);
    } else if (any_of(name, {"aten::matmul", "aten::bmm", "aten::mm"})) {
      const graph::Tensor* left = event.arguments[0].tensor();
      if (left != nullptr && left->rank() != 0 && is_tokens(left->sizes().back())) {
        add(event, sums_, left->sizes().back());
      }
    } else if (any_of(name, {"aten::mul", "aten::multiply", "aten::div", "aten::true_divide", "aten::divide"})) {
      see_factor(event, name.find("mul") != std::string_view::npos);
    } else if (any_of(name, {"aten::squeeze", "aten::unsqueeze", "aten::view", "aten::reshape", "aten::flatten",
                             "aten::transpose", "aten::permute", "aten::t", "aten::contiguous", "aten::to", "aten::neg",
                             "aten::clone"})) {
      for (Slots* slots : {&sums_, &means_}) {
        if (const auto count = folded(*slots, event, 0)) add(event, *slots, *count);
      }
    }
  }

 private:
  using Slots = std::map<graph::Slot, std::int64_t>;  // how many were folded

  // All tokens, or those between the first and the last.
  bool is_tokens(std::int64_t size) const {
    const auto tokens = static_cast<std::int64_t>(look_.length);
    return size == tokens || (size > 0 && (size == tokens - 1 || size == tokens - 2));
  }
  void add(const graph::Event& event, Slots& slots, std::int64_t folded) {
    slots[program_.instructions[event.instruction].outputs[0]] = folded;
  }
  std::optional<std::int64_t> folded(const Slots& slots, const graph::Event& event, std::size_t argument) const {
    const auto& arguments = program_.instructions[event.instruction].arguments;
    if (argument >= arguments.size()) return std::nullopt;
    const auto found = slots.find(arguments[argument].slot);
    return found == slots.end() ? std::nullopt : std::optional(found->second);
  }

  void see_fold(const graph::Event& event, Slots& slots) {
    const graph::Tensor* from = event.arguments[0].tensor();
    const graph::Tensor* to = event.result->tensor();
    if (from == nullptr || to == nullptr) return;
    if (&slots == &means_ && from->elements() == 0 && to->elements() != 0) look_.mean_of_nothing = true;
    const graph::List* axes = event.arguments.size() < 2 ? nullptr : event.arguments[1].list();
    if (axes == nullptr || from->rank() == 0) return;
    for (const graph::Value& item : axes->items) {
      const std::int64_t* axis = item.integer();
      if (axis == nullptr) continue;
      const std::int64_t at = *axis < 0 ? *axis + from->rank() : *axis;
      if (at >= 0 && at < from->rank() && is_tokens(from->size(at))) add(event, slots, from->size(at));
    }
  }

  // The size of an index that stands in no axis of the result, the tokens' if there is one.
  std::int64_t contracted(const graph::Event& event) const {
    const auto* equation = std::get_if<std::string>(&event.arguments[0].data);
    const graph::List* operands = event.arguments[1].list();
    if (equation == nullptr || operands == nullptr) return 0;
    const std::size_t arrow = equation->find("->");
    if (arrow == std::string::npos || equation->find('.') != std::string::npos) return 0;
    std::size_t operand = 0;
    std::size_t axis = 0;
    for (std::size_t i = 0; i < arrow; ++i) {
      const char letter = (*equation)[i];
      if (letter == ' ') continue;
      if (letter == ',') {
        ++operand;
        axis = 0;
        continue;
      }
      const graph::Tensor* tensor = operand < operands->items.size() ? operands->items[operand].tensor() : nullptr;
      if (tensor == nullptr || axis >= tensor->sizes().size()) return 0;
      const std::int64_t size = tensor->sizes()[axis++];
      if (is_tokens(size) && equation->find(letter, arrow) == std::string::npos) return size;
    }
    return 0;
  }

  void see_factor(const graph::Event& event, bool multiplies) {
    std::size_t tensor = 0;
    std::optional<double> factor = number(event.arguments[1]);
    if (!factor && multiplies) {
      factor = number(event.arguments[0]);
      tensor = 1;
    }
    if (!factor || *factor == 0) return;
    const graph::Tensor* of = event.arguments[tensor].tensor();
    const bool known = of == nullptr || of->known();
    Share share{known ? Share::Of::other : Share::Of::values, multiplies ? 1 / *factor : *factor, 0};
    if (const auto summed = folded(sums_, event, tensor)) {
      share = {Share::Of::sum, share.number, *summed};
    } else if (const auto meant = folded(means_, event, tensor)) {
      share = {Share::Of::mean, 1 / share.number, *meant};
    } else if (of != nullptr && known && !of->varies() && is_tokens(of->elements()) && of->elements() > 1) {
      share = {Share::Of::places, share.number, of->elements()};
    }
    look_.shares[event.instruction] = share;
  }

  const graph::Program& program_;
  LengthLook& look_;
  Slots sums_;
  Slots means_;
};

}  // namespace

LengthLook::LengthLook(const graph::Program& program, std::span<const graph::Value> arguments, std::size_t tokens)
    : length(tokens) {
  Watcher watcher(program, *this);
  graph::EvaluateOptions options;
  options.shapes_only = true;
  options.observer = [&](const graph::Event& event) { watcher.see(event); };
  const graph::Evaluation done = graph::evaluate(program, arguments, options);
  baked_strides = done.baked_strides;
  for (const auto& [path, tensor] : graph::flatten(done.result)) outputs.push_back(tensor.sizes());
}

}  // namespace bertrt::family
