#include "family/shares.h"

#include <algorithm>
#include <cmath>
#include <initializer_list>
#include <string>
#include <string_view>
#include <unordered_map>

#include "family/terms.h"
#include "graph/value.h"

namespace bertrt::family {
namespace {

using graph::Event;
using graph::Tensor;

// What an operator means to the watcher.
enum class Kind {
  none,
  hands_on,   // what its first argument is: views, and what is done to each value
  sums,       // over the axes of argument 1
  norms,      // over those of argument 2
  means,      // over those of argument 1
  weighs,     // its last axis comes to one
  contracts,  // einsum
  multiplies_matrices,
  multiplies,
  divides,
  compares,
  adds,
  fills,      // with argument 1
  fills_new,  // with argument 2
};

// "aten::div_" is "div".
std::string_view plain(std::string_view name) {
  name.remove_prefix(std::min(name.size(), std::string_view("aten::").size()));
  if (name.ends_with('_') && !name.ends_with("__")) name.remove_suffix(1);
  return name;
}

Kind kind_of(std::string_view name) {
  static const std::unordered_map<std::string_view, Kind> kKinds = [] {
    std::unordered_map<std::string_view, Kind> kinds;
    const auto add = [&](Kind kind, std::initializer_list<std::string_view> names) {
      for (const std::string_view one : names) kinds.emplace(one, kind);
    };
    add(Kind::hands_on, {"squeeze",      "unsqueeze",      "view",       "reshape", "flatten",     "unflatten",
                         "transpose",    "permute",        "movedim",    "t",       "numpy_T",     "mT",
                         "expand",       "select",         "slice",      "narrow",  "index",       "gather",
                         "index_select", "take_along_dim", "contiguous", "clone",   "detach",      "alias",
                         "to",           "type_as",        "neg",        "dropout", "masked_fill", "abs",
                         "sqrt",         "square",         "pow",        "log",     "log1p",       "exp",
                         "relu",         "clamp",          "clamp_min",  "linear"});
    add(Kind::sums, {"sum", "nansum", "cumsum", "logsumexp"});
    add(Kind::norms, {"norm", "linalg_vector_norm", "linalg_norm"});
    add(Kind::means, {"mean", "nanmean", "std", "var"});
    add(Kind::weighs, {"softmax", "_softmax"});
    add(Kind::contracts, {"einsum"});
    add(Kind::multiplies_matrices, {"matmul", "bmm", "mm"});
    add(Kind::multiplies, {"mul", "multiply"});
    add(Kind::divides, {"div", "true_divide", "divide"});
    add(Kind::compares, {"ge", "gt", "le", "lt", "eq", "ne"});
    add(Kind::adds, {"add", "sub", "rsub", "subtract"});
    add(Kind::fills, {"full", "full_like", "fill"});
    add(Kind::fills_new, {"new_full"});
    return kinds;
  }();
  const auto found = kKinds.find(plain(name));
  return found == kKinds.end() ? Kind::none : found->second;
}

std::int64_t last_size(const Tensor* tensor) {
  return tensor == nullptr || tensor->rank() == 0 ? 0 : tensor->sizes().back();
}

}  // namespace

bool ShareWatcher::is_tokens(std::int64_t size) const {
  const auto tokens = static_cast<std::int64_t>(length_);
  return size == tokens || (size > 0 && (size == tokens - 1 || size == tokens - 2));
}

std::optional<graph::Slot> ShareWatcher::argument(const Event& event, std::size_t index) const {
  const auto& arguments = program_.instructions[event.instruction].arguments;
  return index < arguments.size() ? std::optional(arguments[index].slot) : std::nullopt;
}

graph::Slot ShareWatcher::result(const Event& event) const {
  return program_.instructions[event.instruction].outputs[0];
}

const ShareWatcher::Fold* ShareWatcher::fold(const Event& event, std::size_t index) const {
  const auto slot = argument(event, index);
  const auto found = slot ? folds_.find(*slot) : folds_.end();
  return found == folds_.end() ? nullptr : &found->second;
}

void ShareWatcher::carry(const Event& event, std::size_t from) {
  const auto slot = argument(event, from);
  if (!slot) return;
  if (const Fold* own = fold(event, from)) folds_[result(event)] = *own;
  if (const auto found = contracted_.find(*slot); found != contracted_.end()) {
    contracted_[result(event)] = found->second;
  }
  if (weights_.contains(*slot)) weights_.insert(result(event));
}

void ShareWatcher::see(const Event& event) {
  if (event.arguments.empty()) return;
  switch (kind_of(event.op->name)) {
    case Kind::none: return;
    case Kind::hands_on: return carry(event, 0);
    case Kind::sums: return see_fold(event, 1, true);
    case Kind::norms: return see_fold(event, 2, true);
    case Kind::means: return see_fold(event, 1, false);
    case Kind::weighs: weights_.insert(result(event)); return;
    case Kind::contracts: return see_einsum(event);
    case Kind::multiplies_matrices: return see_product(event);
    case Kind::multiplies: return see_number(event, Share::How::divides, true);
    case Kind::divides: return see_number(event, Share::How::divides, false);
    case Kind::compares: return see_number(event, Share::How::compares, false);
    case Kind::adds: return see_sum_of_two(event);
    case Kind::fills: return see_filling(event, 1);
    case Kind::fills_new: return see_filling(event, 2);
  }
}

void ShareWatcher::see_fold(const Event& event, std::size_t axes_at, bool is_sum) {
  const Tensor* from = event.arguments[0].tensor();
  if (from == nullptr || from->rank() == 0 || axes_at >= event.arguments.size()) return;
  const graph::Value& axes = event.arguments[axes_at];
  Fold made{is_sum, 0, 1};
  const auto take = [&](const graph::Value& item) {
    const std::int64_t* axis = item.integer();
    if (axis == nullptr) return;
    const std::int64_t at = *axis < 0 ? *axis + from->rank() : *axis;
    if (at < 0 || at >= from->rank()) return;
    made.all *= from->size(at);
    if (is_tokens(from->size(at))) made.tokens = std::max(made.tokens, from->size(at));
  };
  if (const graph::List* list = axes.list()) {
    for (const graph::Value& item : list->items) take(item);
  } else {
    take(axes);
  }
  if (made.tokens != 0) {
    folds_[result(event)] = made;
  } else {
    carry(event, 0);
  }
}

// Weights that come to one give a mean, whatever their number is.
void ShareWatcher::see_product(const Event& event) {
  const std::int64_t inner = last_size(event.arguments[0].tensor());
  if (inner == 0) return;
  const auto left = argument(event, 0);
  if (const Fold* own = fold(event, 0)) {
    folds_[result(event)] = *own;
  } else if (is_tokens(inner) && (!left || !weights_.contains(*left))) {
    folds_[result(event)] = {true, inner, inner};
  }
  contracted_[result(event)] = inner;
}

void ShareWatcher::see_einsum(const Event& event) {
  const auto* equation = std::get_if<std::string>(&event.arguments[0].data);
  const graph::List* operands = event.arguments.size() < 2 ? nullptr : event.arguments[1].list();
  if (equation == nullptr || operands == nullptr) return;
  const std::size_t arrow = equation->find("->");
  if (arrow == std::string::npos || equation->find('.') != std::string::npos) return;
  std::map<char, std::int64_t> inner;  // letters that stand nowhere in the result
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
    const Tensor* tensor = operand < operands->items.size() ? operands->items[operand].tensor() : nullptr;
    if (tensor == nullptr || axis >= tensor->sizes().size()) return;
    const std::int64_t size = tensor->sizes()[axis++];
    if (equation->find(letter, arrow) == std::string::npos) inner[letter] = size;
  }
  std::int64_t all = 1;
  for (const auto& [letter, size] : inner) all *= size;
  for (const auto& [letter, size] : inner) {
    if (is_tokens(size)) folds_[result(event)] = {true, size, all};
  }
  if (!inner.empty()) contracted_[result(event)] = all;
}

void ShareWatcher::add_share(const Event& event, Share::How how, std::size_t tensor, double number) {
  const Tensor* of = event.arguments[tensor].tensor();
  const bool known = of == nullptr || of->known();
  Share share{how, known ? Share::Of::other : Share::Of::values, number};
  share.width = last_size(of);
  if (of != nullptr && of->rank() > 1) share.height = of->sizes()[of->sizes().size() - 2];
  if (const auto slot = argument(event, tensor)) {
    if (const auto found = contracted_.find(*slot); found != contracted_.end()) share.contracted = found->second;
  }
  if (const Fold* own = fold(event, tensor)) {
    share.of = own->is_sum ? Share::Of::sum : Share::Of::mean;
    share.folded = own->tokens;
    share.all = own->all;
  } else if (of != nullptr && known && !of->varies() && is_tokens(of->elements()) && of->elements() > 1) {
    share.of = Share::Of::places;
    share.folded = of->elements();
  }
  shares_[event.instruction] = share;
}

void ShareWatcher::see_number(const Event& event, Share::How how, bool inverts) {
  if (event.arguments.size() < 2) return;
  std::size_t tensor = 0;
  std::optional<double> factor = number(event.arguments[1]);
  if (!factor && inverts) {
    factor = number(event.arguments[0]);
    tensor = 1;
  }
  if (factor) {
    if (*factor != 0) add_share(event, how, tensor, inverts ? 1 / *factor : *factor);
    if (how == Share::How::divides) carry(event, tensor);
    return;
  }
  if (how != Share::How::divides) return;
  // By a tensor, as the mask's own sum: a mean.
  carry(event, 0);
  if (const Fold* own = fold(event, 0); own != nullptr && !inverts)
    folds_[result(event)] = {false, own->tokens, own->all};
}

void ShareWatcher::see_sum_of_two(const Event& event) {
  if (event.arguments.size() < 2) return;
  const double alpha = event.arguments.size() < 3 ? 1 : number(event.arguments[2]).value_or(1);
  if (const auto term = number(event.arguments[1])) {
    add_share(event, Share::How::adds, 0, *term * alpha);
  } else if (alpha != 1 && alpha != 0) {
    add_share(event, Share::How::divides, 1, 1 / alpha);
  }
  carry(event, fold(event, 0) == nullptr ? 1 : 0);
}

void ShareWatcher::see_filling(const Event& event, std::size_t index) {
  const Tensor* made = event.result->tensor();
  if (index >= event.arguments.size() || made == nullptr || !graph::is_floating(made->type())) return;
  if (const auto value = number(event.arguments[index]))
    shares_[event.instruction] = {Share::How::fills, Share::Of::other, *value};
}

}  // namespace bertrt::family
