#pragma once

#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "graph/operator.h"

namespace bertrt::graph {

/// The parameters of a schema of our own table. @throws std::logic_error for one that is misspelt
std::vector<Parameter> parse_schema(std::string_view schema);

/// What a caller passes: by position (no name) or by keyword.
struct Passed {
  std::string_view name;
  const Value* value = nullptr;
};

/// An overload with its arguments in the schema's order, defaults filled in.
struct Binding {
  const Overload* overload = nullptr;
  std::vector<Value> arguments;
  std::optional<Tensor> out;  ///< out=…: where the result is to be written
  bool reads_values = false;  ///< a tensor became a number
};

/// The overload that takes these arguments as they are, else the first that takes them when an int may become a float,
/// a 0-d tensor a number and an int a list of it, as TorchScript chooses.
/// @throws Error unsupported when there is none
Binding bind_arguments(const Operator& op, std::span<const Passed> passed);

}  // namespace bertrt::graph
