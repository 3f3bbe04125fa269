#pragma once

#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "family/named_spec.h"

namespace bertrt::family {

/// Takes weights out of a file by their names below a prefix, and remembers which were taken.
class WeightTaker {
 public:
  WeightTaker(const NamedWeights& weights, std::string prefix) : weights_(weights), prefix_(std::move(prefix)) {}

  std::optional<Weight> find(std::string_view name);
  /// @param rank  dimensions that it must have. @throws Error model_mismatch
  Weight require(std::string_view name, std::size_t rank);
  /// name + ".weight" exists.
  bool has(std::string_view name) const;

  /// name.weight and, where there is one, name.bias. @throws Error model_mismatch
  Dense dense(const std::string& name);
  /// name.weight and name.bias. @throws Error model_mismatch
  LayerNorm norm(const std::string& name, float eps);

  /// The names below the prefix that hold floating-point values and were never taken.
  std::vector<std::string> left_over() const;

 private:
  const NamedWeights& weights_;
  std::string prefix_;
  std::set<std::string, std::less<>> taken_;
};

/// The name that is `name` or ends in "." + name; the shortest where there are several; empty: none.
std::string find_by_ending(const NamedWeights& weights, std::string_view name);

/// The head that a task has. @param encoder  whose words and pooler it may share. @throws as named_model
std::optional<HeadSpec> named_head(const NamedWeights& weights, const NamedConstants& constants,
                                   const std::string& task, const EncoderSpec& encoder);

}  // namespace bertrt::family
