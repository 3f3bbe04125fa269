#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "graph/tensor.h"

namespace bertrt::graph {

struct Value;

struct List {
  std::vector<Value> items;
};
struct Tuple {
  std::vector<Value> items;
};
struct Dict {
  std::vector<std::pair<std::string, Value>> items;  ///< in the order of insertion
};
/// torch.device(…): kept for its name alone, every device is this one.
struct Device {
  std::string name;
};

/// What a slot of a program can hold. Lists, tuples and dicts are shared and never changed.
struct Value {
  std::variant<std::monostate, bool, std::int64_t, double, std::string, Tensor, Device, std::shared_ptr<const List>,
               std::shared_ptr<const Tuple>, std::shared_ptr<const Dict>>
      data;

  Value() = default;
  template <typename T>
  Value(T value) : data(std::move(value)) {}  // NOLINT(google-explicit-constructor): a sum type
  static Value list(std::vector<Value> items) { return Value(std::make_shared<const List>(List{std::move(items)})); }
  static Value tuple(std::vector<Value> items) { return Value(std::make_shared<const Tuple>(Tuple{std::move(items)})); }
  static Value dict(std::vector<std::pair<std::string, Value>> items) {
    return Value(std::make_shared<const Dict>(Dict{std::move(items)}));
  }

  bool none() const noexcept { return std::holds_alternative<std::monostate>(data); }
  const Tensor* tensor() const noexcept { return std::get_if<Tensor>(&data); }
  const std::int64_t* integer() const noexcept { return std::get_if<std::int64_t>(&data); }
  const List* list() const noexcept {
    const auto* held = std::get_if<std::shared_ptr<const List>>(&data);
    return held == nullptr ? nullptr : held->get();
  }
  const Tuple* tuple() const noexcept {
    const auto* held = std::get_if<std::shared_ptr<const Tuple>>(&data);
    return held == nullptr ? nullptr : held->get();
  }
  const Dict* dict() const noexcept {
    const auto* held = std::get_if<std::shared_ptr<const Dict>>(&data);
    return held == nullptr ? nullptr : held->get();
  }
};

/// "Tensor [2, 14, 768]", "int 3", "List of 2", …; for messages.
std::string describe(const Value& value);

}  // namespace bertrt::graph
