#pragma once

#include <cstddef>
#include <functional>
#include <initializer_list>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "family/encoder_spec.h"

namespace bertrt::family {

/// A file's weights by their names, wherever they come from.
struct NamedWeights {
  std::string where;               ///< the file, for messages
  std::vector<std::string> names;  ///< of all weights and buffers, in any order
  /// nullopt when there is none of that name. Must give what it gives as long as the spec is in use.
  std::function<std::optional<Weight>(const std::string& name)> find;
};

/// Takes weights out of a file by their names below a prefix, and remembers which were taken.
class WeightTaker {
 public:
  WeightTaker(const NamedWeights& weights, std::string prefix) : weights_(weights), prefix_(std::move(prefix)) {}

  /// @throws Error model_mismatch for a weight that is no floating-point tensor
  std::optional<Weight> find(std::string_view name);
  /// @param rank  dimensions that it must have. @throws Error model_mismatch
  Weight require(std::string_view name, std::size_t rank);
  /// name + ".weight" exists.
  bool has(std::string_view name) const;

  /// name.weight and, where it has one, name.bias. @throws Error model_mismatch
  Dense dense(const std::string& name, bool bias = true);
  /// The same. @throws Error model_mismatch
  LayerNorm norm(const std::string& name, float eps, bool bias = true);

  /// Whether the weight of this full name was taken.
  bool took(std::string_view full_name) const { return taken_.contains(full_name); }

  /// The names below the prefix that hold floating-point values and were never taken.
  std::vector<std::string> left_over() const;

 private:
  const NamedWeights& weights_;
  std::string prefix_;
  std::set<std::string, std::less<>> taken_;
};

/// @throws Error model_mismatch unless the weight has this shape, which `why` explains
void check_shape(const Weight& weight, std::initializer_list<std::size_t> shape, const std::string& why);

}  // namespace bertrt::family
