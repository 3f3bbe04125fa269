#pragma once

#include <initializer_list>
#include <string_view>
#include <vector>

#include "graph/operator.h"

namespace bertrt::graph {

/// The one table while it is put together: each kind of operators adds its rows.
class Table {
 public:
  enum class Form : std::uint8_t { plain, also_in_place };

  /// One overload, as Overload has it.
  struct Row {
    std::string_view schema;
    void (*run)(Call& call) = nullptr;
    bool in_place = false;
  };

  /// Overloads of one operator; those of an operator that is there already come behind them.
  /// also_in_place: "add" gives "add_" with the same schemas too.
  void add(std::string_view name, std::initializer_list<Row> overloads, Mixing mixing = Mixing::unknown,
           Form form = Form::plain);
  /// The same for an operator by element, which works row by row and has a form in place.
  void pointwise(std::string_view name, std::initializer_list<Row> overloads) {
    add(name, overloads, Mixing::row_wise, Form::also_in_place);
  }
  /// A second name of an operator that is there already, with the overloads that it has by then.
  void alias(std::string_view name, std::string_view of);
  std::vector<Operator> take();

 private:
  Operator& row(std::string_view name);
  std::vector<Operator> rows_;
};

void add_arithmetic(Table& table);
void add_comparisons(Table& table);
void add_mathematics(Table& table);
void add_functions_of_two(Table& table);
void add_activations(Table& table);
void add_selection(Table& table);
void add_views(Table& table);
void add_view_lists(Table& table);
void add_stacks(Table& table);
void add_copies(Table& table);
void add_creation(Table& table);
void add_triangles(Table& table);
void add_diagonals(Table& table);
void add_reductions(Table& table);
void add_norms(Table& table);
void add_distances(Table& table);
void add_quantization(Table& table);
void add_aliases(Table& table);
void add_scans(Table& table);
void add_indexing(Table& table);
void add_embedding_bags(Table& table);
void add_scatters(Table& table);
void add_places(Table& table);
void add_products(Table& table);
void add_composed_products(Table& table);
void add_einsum(Table& table);
void add_normalization(Table& table);
void add_attention(Table& table);
void add_sorting(Table& table);
void add_order_statistics(Table& table);
void add_convolution(Table& table);
void add_pooling(Table& table);
void add_resampling(Table& table);
void add_padding(Table& table);
void add_composites(Table& table);
void add_losses(Table& table);
void add_transformer_layer(Table& table);
void add_nested(Table& table);
void add_recurrent(Table& table);
void add_packed_sequences(Table& table);
void add_numbers(Table& table);
void add_lists(Table& table);
void add_description(Table& table);
void add_refused(Table& table);

}  // namespace bertrt::graph
