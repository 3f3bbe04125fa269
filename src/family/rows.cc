#include "family/rows.h"

#include <algorithm>
#include <string_view>

#include "family/function.h"
#include "family/norm_match.h"
#include "family/once.h"
#include "family/terms.h"

namespace bertrt::family {

Rows RowFinder::of(const Ref& ref, std::size_t depth) {
  if (depth > kMaxDepth || !ref.tensor.defined() || ref.tensor.known()) return Rows::unknown;
  const NodeId id = instance_.whole(ref);
  if (id == kNoNode) return of_recurrent(ref, depth) ? Rows::tokens : rows_of_first_token(ref, depth);
  return once(rows_, id, [&] { return rows_of_node(id, depth); });
}

Rows RowFinder::rows_of_node(NodeId id, std::size_t depth) {
  if (encoder_ != nullptr) {
    if (std::find(encoder_->states.begin(), encoder_->states.end(), id) != encoder_->states.end()) {
      return Rows::tokens;
    }
    if (id == encoder_->pooled) return Rows::texts;
  } else if (shapes_.is_residual_norm(id)) {
    const graph::Tensor& made = instance_.node(id).result.tensor;
    if (made.rank() == 3 && made.size(1) == length_) return Rows::tokens;
  }
  if (const auto input = input_of_dense(instance_, id)) return of(*input, depth + 1);
  if (const auto norm = find_norm(instance_, id)) return of(norm->input, depth + 1);
  if (const auto applied = find_activation(instance_, id)) return of(applied->input, depth + 1);
  const Node& node = instance_.node(id);
  if (node.partial) return Rows::unknown;
  if (node.name == "aten::mul" || node.name == "aten::div") {
    if (number(node.arguments[1]) || (node.refs[1].tensor.defined() && node.refs[1].tensor.known())) {
      return of(node.refs[0], depth + 1);
    }
  }
  const bool folds = node.name == "aten::sum" || node.name == "aten::mean" || node.name == "aten::amax";
  if (folds && over_tokens(node) && of(node.refs[0], depth + 1) == Rows::tokens) return Rows::texts;
  if (node.name == "aten::_transformer_encoder_layer_fwd") return of(node.refs[0], depth + 1);
  if (node.name == "aten::cat") return rows_side_by_side(node, depth);
  if (node.name == "aten::add") return rows_of_two(node, depth);
  return Rows::unknown;
}

// Layers or poolings joined along their last axis: of one kind all.
Rows RowFinder::rows_side_by_side(const Node& node, std::size_t depth) {
  const auto axis = number(node.arguments[1]);
  if (node.items.empty() || !axis || (axis != -1.0 && axis != static_cast<double>(node.result.tensor.rank() - 1))) {
    return Rows::unknown;
  }
  const Rows first = of(node.items[0], depth + 1);
  const bool alike = std::all_of(node.items.begin() + 1, node.items.end(),
                                 [&](const Ref& item) { return of(item, depth + 1) == first; });
  return alike ? first : Rows::unknown;
}

Rows RowFinder::rows_of_two(const Node& node, std::size_t depth) {
  for (const std::size_t side : {std::size_t{0}, std::size_t{1}}) {
    const Ref& term = node.refs[side];
    if (!term.tensor.defined() || term.tensor.sizes() != node.result.tensor.sizes()) return Rows::unknown;
  }
  const Rows first = of(node.refs[0], depth + 1);
  return of(node.refs[1], depth + 1) == first ? first : Rows::unknown;
}

// All states of a recurrent layer over the tokens.
bool RowFinder::of_recurrent(const Ref& ref, std::size_t depth) {
  const Element first = instance_.first(ref);
  if (first.producer == kNoNode || first.index != 0) return false;
  const Node& node = instance_.node(first.producer);
  const graph::Tensor& made = node.result.tensor;
  const bool recurrent = node.name == "aten::lstm" || node.name == "aten::gru" || node.name == "aten::rnn_tanh" ||
                         node.name == "aten::rnn_relu";
  return recurrent && made.rank() == 3 && made.size(0) == texts_ && made.size(1) == length_ &&
         ref.tensor.sizes() == made.sizes() && of(node.refs[0], depth + 1) == Rows::tokens;
}

Rows RowFinder::rows_of_first_token(const Ref& ref, std::size_t depth) {
  const auto from = shapes_.first_token_of(ref);
  if (!from) return Rows::unknown;
  return of(instance_.node(*from).result, depth + 1) == Rows::tokens ? Rows::texts : Rows::unknown;
}

bool RowFinder::over_tokens(const Node& node) {
  const graph::List* axes = node.arguments.size() > 1 ? node.arguments[1].list() : nullptr;
  return axes != nullptr && axes->items.size() == 1 && number(axes->items[0]) == 1.0 && node.refs[0].tensor.rank() == 3;
}

}  // namespace bertrt::family
