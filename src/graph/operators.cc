#include <algorithm>

#include "bertrt/error.h"
#include "graph/operator.h"
#include "graph/operators/table.h"
#include "graph/signature.h"

namespace bertrt::graph {

Operator& Table::row(std::string_view name) {
  const auto found = std::find_if(rows_.begin(), rows_.end(), [&](const Operator& op) { return op.name == name; });
  if (found != rows_.end()) return *found;
  rows_.push_back({std::string(name), {}, Mixing::unknown});
  return rows_.back();
}

void Table::add(std::string_view name, std::initializer_list<Row> overloads, Mixing mixing, Form form) {
  std::vector<Overload> made;
  for (const Row& one : overloads) made.push_back({one.schema, one.run, one.in_place, parse_schema(one.schema)});
  if (form == Form::also_in_place) {
    // "__and__" in place is "__iand__".
    const std::string_view space = name.substr(0, name.find("::") + 2);
    const std::string_view own = name.substr(space.size());
    Operator& twin =
        row(own.ends_with("__") ? std::string(space) + "__i" + std::string(own.substr(2)) : std::string(name) + "_");
    twin.mixing = mixing;
    for (Overload overload : made) {
      overload.in_place = true;
      twin.overloads.push_back(std::move(overload));
    }
  }
  Operator& op = row(name);
  if (op.overloads.empty()) op.mixing = mixing;
  for (Overload& overload : made) op.overloads.push_back(std::move(overload));
}

void Table::alias(std::string_view name, std::string_view of) {
  const Operator known = row(of);
  Operator& op = row(name);
  op.overloads = known.overloads;
  op.mixing = known.mixing;
}

std::vector<Operator> Table::take() {
  std::sort(rows_.begin(), rows_.end(), [](const Operator& a, const Operator& b) { return a.name < b.name; });
  return std::move(rows_);
}

namespace {

const std::vector<Operator>& table() {
  static const std::vector<Operator> rows = [] {
    Table made;
    add_arithmetic(made);
    add_comparisons(made);
    add_mathematics(made);
    add_functions_of_two(made);
    add_activations(made);
    add_selection(made);
    add_views(made);
    add_view_lists(made);
    add_stacks(made);
    add_copies(made);
    add_creation(made);
    add_triangles(made);
    add_diagonals(made);
    add_reductions(made);
    add_norms(made);
    add_distances(made);
    add_quantization(made);
    add_scans(made);
    add_indexing(made);
    add_embedding_bags(made);
    add_scatters(made);
    add_places(made);
    add_products(made);
    add_composed_products(made);
    add_einsum(made);
    add_normalization(made);
    add_attention(made);
    add_sorting(made);
    add_order_statistics(made);
    add_convolution(made);
    add_pooling(made);
    add_resampling(made);
    add_padding(made);
    add_composites(made);
    add_losses(made);
    add_transformer_layer(made);
    add_nested(made);
    add_recurrent(made);
    add_packed_sequences(made);
    add_aliases(made);
    add_numbers(made);
    add_lists(made);
    add_description(made);
    add_refused(made);
    return made.take();
  }();
  return rows;
}

}  // namespace

bool writes_in_place(const Operator& op) {
  return std::any_of(op.overloads.begin(), op.overloads.end(),
                     [](const Overload& overload) { return overload.in_place; });
}

const Operator* find_operator(std::string_view name) {
  const std::vector<Operator>& rows = table();
  const auto found = std::lower_bound(rows.begin(), rows.end(), name,
                                      [](const Operator& op, std::string_view key) { return op.name < key; });
  return found != rows.end() && found->name == name ? &*found : nullptr;
}

std::span<const Operator> operators() { return table(); }

}  // namespace bertrt::graph
