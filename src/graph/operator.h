#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "graph/value.h"

namespace bertrt::graph {

class Call;

/// One parameter of an overload's schema.
struct Parameter {
  enum class Kind : std::uint8_t { tensor, integer, real, boolean, number, text, device, any };
  std::string name;
  Kind kind = Kind::any;
  bool list = false;
  std::int64_t length = 0;  ///< int[2]: a single int stands for 2 of it; 0: it does not
  bool optional = false;
  bool optional_items = false;  ///< Tensor?[]
  bool keyword_only = false;
  bool has_default = false;
  Value value;  ///< its default
};

/// One overload of an operator: its schema as ATen writes it, and what it does. The same function gives the shape of
/// the result, its integer values and its plain evaluation: where an argument has no bytes, neither has the result.
struct Overload {
  std::string_view schema;  ///< "add.Tensor(Tensor self, Tensor other, *, Scalar alpha=1) -> Tensor"
  void (*run)(Call& call) = nullptr;
  bool in_place = false;  ///< the result is written into the first argument ("add_", with add's schema)
  std::vector<Parameter> parameters = {};  ///< of the schema; filled by the table
};

/// How the rows of one text in a batch relate to those of others.
enum class Mixing : std::uint8_t {
  unknown,   ///< may mix texts: never run over several texts at once
  row_wise,  ///< each row of the result depends on the same row of the arguments alone
};

/// An entry of the one table of what exists (operators.cc).
struct Operator {
  std::string name;  ///< "aten::add", "prim::NumToTensor"
  std::vector<Overload> overloads;
  Mixing mixing = Mixing::unknown;
};

/// Whether calls of it may write into their first argument.
bool writes_in_place(const Operator& op);

/// Null for an operator that nobody knows. Thread-safe, as is operators().
const Operator* find_operator(std::string_view name);
/// All of them, for the differential test.
std::span<const Operator> operators();

}  // namespace bertrt::graph
