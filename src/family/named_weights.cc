#include "family/named_weights.h"

#include "base/plain_text.h"
#include "bertrt/error.h"

namespace bertrt::family {
namespace {

bool floating(archive::ElementType type) {
  using archive::ElementType;
  return type == ElementType::float32 || type == ElementType::float16 || type == ElementType::bfloat16 ||
         type == ElementType::float64;
}

std::string shape_text(const std::vector<std::int64_t>& shape) {
  std::string text;
  for (const std::int64_t size : shape) text += (text.empty() ? "" : " x ") + std::to_string(size);
  return text.empty() ? "a single number" : text;
}

}  // namespace

std::optional<Weight> WeightTaker::find(std::string_view name) {
  std::string full = prefix_ + std::string(name);
  std::optional<Weight> weight = weights_.find(full);
  if (!weight) return weight;
  if (!floating(weight->tensor.type)) {
    throw Error(ErrorCode::model_mismatch, weight->name, "floating-point numbers",
                std::string(archive::to_string(weight->tensor.type)));
  }
  taken_.insert(std::move(full));
  return weight;
}

Weight WeightTaker::require(std::string_view name, std::size_t rank) {
  std::optional<Weight> weight = find(name);
  if (!weight) {
    throw Error(ErrorCode::model_mismatch, weights_.where, "the weight " + prefix_ + std::string(name),
                "none of that name");
  }
  if (weight->tensor.shape.size() != rank) {
    throw Error(ErrorCode::model_mismatch, weight->name, std::to_string(rank) + " dimensions",
                std::to_string(weight->tensor.shape.size()));
  }
  return *std::move(weight);
}

bool WeightTaker::has(std::string_view name) const {
  return !name.empty() && weights_.find(prefix_ + std::string(name) + ".weight").has_value();
}

Dense WeightTaker::dense(const std::string& name, bool bias) {
  Dense dense{require(name + ".weight", 2)};
  if (bias) dense.bias = require(name + ".bias", 1);
  return dense;
}

LayerNorm WeightTaker::norm(const std::string& name, float eps, bool bias) {
  LayerNorm norm{require(name + ".weight", 1), {}, eps};
  if (bias) norm.beta = require(name + ".bias", 1);
  return norm;
}

std::vector<std::string> WeightTaker::left_over() const {
  std::vector<std::string> names;
  for (const std::string& name : weights_.names) {
    if (!name.starts_with(prefix_) || taken_.contains(name)) continue;
    const std::optional<Weight> weight = weights_.find(name);
    if (weight && floating(weight->tensor.type)) names.push_back(name);
  }
  return names;
}

void check_shape(const Weight& weight, std::initializer_list<std::size_t> shape, const std::string& why) {
  const std::vector<std::int64_t> wanted(shape.begin(), shape.end());
  if (weight.tensor.shape == wanted) return;
  throw Error(ErrorCode::model_mismatch, weight.name, shape_text(wanted) + " (" + why + ")",
              shape_text(weight.tensor.shape));
}

}  // namespace bertrt::family
