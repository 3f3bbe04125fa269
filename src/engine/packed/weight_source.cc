#include "engine/packed/weight_source.h"

#include <cstdint>
#include <utility>

#include "bertrt/error.h"

namespace bertrt::engine::packed {
namespace {

std::string shape_text(const std::vector<std::int64_t>& shape) {
  std::string text = "[";
  for (std::size_t i = 0; i < shape.size(); ++i) text += (i == 0 ? "" : ", ") + std::to_string(shape[i]);
  return text + "]";
}

void check_shape(const model::Parameter& parameter, const std::vector<std::int64_t>& shape) {
  if (parameter.tensor.shape != shape) {
    throw Error(ErrorCode::model_mismatch, parameter.name, shape_text(shape), shape_text(parameter.tensor.shape));
  }
}

bool floating(archive::ElementType type) {
  using archive::ElementType;
  return type == ElementType::float32 || type == ElementType::float16 || type == ElementType::bfloat16 ||
         type == ElementType::float64;
}

// The archive's own memory where it already is what a packer reads.
const float* in_place(const archive::TensorView& tensor) {
  if (tensor.type != archive::ElementType::float32 || !tensor.contiguous()) return nullptr;
  const std::byte* data = tensor.storage.data() + static_cast<std::size_t>(tensor.storage_offset) * sizeof(float);
  if (reinterpret_cast<std::uintptr_t>(data) % alignof(float) != 0) return nullptr;
  return reinterpret_cast<const float*>(data);
}

}  // namespace

const model::Parameter* WeightSource::find(const std::string& name) {
  const model::Parameter* parameter = file_.find_parameter(prefix_ + name);
  if (parameter != nullptr) taken_.insert(parameter->name);
  return parameter;
}

const model::Parameter& WeightSource::require(const std::string& name) {
  const model::Parameter* parameter = find(name);
  if (parameter == nullptr) {
    throw Error(ErrorCode::model_mismatch, file_.name(), "the weight " + prefix_ + name, "none of that name");
  }
  return *parameter;
}

bool WeightSource::has(std::string_view name) {
  return !name.empty() && file_.find_parameter(prefix_ + std::string(name) + ".weight") != nullptr;
}

std::vector<float> WeightSource::vector(const std::string& name, std::size_t size) {
  const model::Parameter& parameter = require(name);
  check_shape(parameter, {static_cast<std::int64_t>(size)});
  return archive::to_float32(parameter.tensor);
}

Norm WeightSource::norm(std::string_view name, std::size_t width) {
  return {vector(std::string(name) + ".weight", width), vector(std::string(name) + ".bias", width)};
}

std::vector<std::string> WeightSource::left_over() const {
  std::vector<std::string> names;
  for (const model::Parameter& parameter : file_.parameters()) {
    if (parameter.name.starts_with(prefix_) && floating(parameter.tensor.type) && !taken_.contains(parameter.name)) {
      names.push_back(parameter.name);
    }
  }
  return names;
}

DenseParts dense_parts(WeightSource& source, std::span<const std::string> names, std::size_t out, std::size_t in) {
  DenseParts parts;
  for (const std::string& name : names) {
    const model::Parameter& weight = source.require(name + ".weight");
    check_shape(weight, {static_cast<std::int64_t>(out), static_cast<std::int64_t>(in)});
    const model::Parameter* bias = source.find(name + ".bias");
    if (bias != nullptr) check_shape(*bias, {static_cast<std::int64_t>(out)});
    parts.weights.push_back(&weight);
    parts.biases.push_back(bias);
  }
  return parts;
}

std::unique_ptr<const kernels::Linear> pack(const DenseParts& parts, DType dtype) {
  const auto in = static_cast<std::size_t>(parts.weights.front()->tensor.shape[1]);
  std::size_t out = 0;
  for (const model::Parameter* weight : parts.weights) out += static_cast<std::size_t>(weight->tensor.shape[0]);

  std::vector<float> bias;
  for (std::size_t i = 0; i < parts.biases.size(); ++i) {
    const std::size_t end = bias.size() + static_cast<std::size_t>(parts.weights[i]->tensor.shape[0]);
    if (parts.biases[i] != nullptr) {
      const std::vector<float> part = archive::to_float32(parts.biases[i]->tensor);
      bias.insert(bias.end(), part.begin(), part.end());
    }
    bias.resize(end, 0.0F);
  }

  if (parts.weights.size() == 1) {
    if (const float* weight = in_place(parts.weights.front()->tensor)) {
      return kernels::Linear::pack({weight, out * in}, bias, out, in, dtype);
    }
  }
  const auto joined = std::make_unique_for_overwrite<float[]>(out * in);
  std::size_t first = 0;
  for (const model::Parameter* weight : parts.weights) {
    const std::size_t count = weight->tensor.elements();
    archive::to_float32(weight->tensor, {joined.get() + first, count});
    first += count;
  }
  return kernels::Linear::pack({joined.get(), out * in}, bias, out, in, dtype);
}

}  // namespace bertrt::engine::packed
