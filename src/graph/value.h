#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "graph/tensor.h"

namespace bertrt::graph {

struct Value;

/// Values within values: bounded in depth and in how many stand inside, so that walking one needs no bound of its own.
struct Nesting {
  static constexpr std::size_t kMaxDepth = 64;
  static constexpr std::size_t kMaxValues = std::size_t{1} << 20U;
  std::size_t depth = 1;
  std::size_t values = 0;  ///< all that stand inside, shared ones as often as they stand there
};

struct List : Nesting {
  std::vector<Value> items;
};
struct Tuple : Nesting {
  std::vector<Value> items;
};
struct Dict : Nesting {
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
  /// Of anything but a tensor: depends on the values of the model's inputs, not on their shapes alone.
  bool varies = false;

  Value() = default;
  template <typename T>
  Value(T value) : data(std::move(value)) {}  // NOLINT(google-explicit-constructor): a sum type
  /// @throws Error runtime for what is nested deeper, or holds more, than Nesting allows (so do tuple and dict)
  static Value list(std::vector<Value> items);
  static Value list(const Sizes& integers);
  static Value tuple(std::vector<Value> items);
  static Value dict(std::vector<std::pair<std::string, Value>> items);

  bool none() const noexcept { return std::holds_alternative<std::monostate>(data); }
  const Tensor* tensor() const noexcept { return std::get_if<Tensor>(&data); }
  const std::int64_t* integer() const noexcept { return std::get_if<std::int64_t>(&data); }
  const double* real() const noexcept { return std::get_if<double>(&data); }
  const bool* boolean() const noexcept { return std::get_if<bool>(&data); }
  const std::string* text() const noexcept { return std::get_if<std::string>(&data); }
  const Device* device() const noexcept { return std::get_if<Device>(&data); }
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
/// The value or a tensor inside of it depends on the values of the model's inputs.
bool varies(const Value& value);

}  // namespace bertrt::graph
