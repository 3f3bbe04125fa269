#pragma once

#include <memory>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "engine/packed/norm.h"
#include "kernels/linear.h"
#include "model/model_file.h"

namespace bertrt::engine::packed {

/// Takes weights out of a model file by name, checks their shapes, and remembers which were taken.
///
/// Reading (vector, norm, pack) is safe on many threads once the names were noted by the same calls' `require`.
class WeightSource {
 public:
  WeightSource(const model::ModelFile& file, std::string prefix) : file_(file), prefix_(std::move(prefix)) {}

  /// The parameter prefix + name, or null. Notes that it was asked for.
  const model::Parameter* find(const std::string& name);
  /// The same, never null. @throws Error model_mismatch
  const model::Parameter& require(const std::string& name);
  /// name + ".weight" exists.
  bool has(std::string_view name);

  /// A vector of `size` values. @throws Error model_mismatch
  std::vector<float> vector(const std::string& name, std::size_t size);
  /// name.weight and name.bias.
  Norm norm(std::string_view name, std::size_t width);

  /// The names under the prefix that hold floating-point values and were never asked for.
  std::vector<std::string> left_over() const;

  const model::ModelFile& file() const noexcept { return file_; }

 private:
  const model::ModelFile& file_;
  std::string prefix_;
  std::set<std::string, std::less<>> taken_;
};

/// A linear layer's stored parts: several that read the same input are packed as one, output after output.
struct DenseParts {
  std::vector<const model::Parameter*> weights;  ///< each [out_i, in]
  std::vector<const model::Parameter*> biases;   ///< each [out_i], or null
};

/// Finds name.weight and name.bias of each name. @throws Error model_mismatch unless each weight is [out, in]
DenseParts dense_parts(WeightSource& source, std::span<const std::string> names, std::size_t out, std::size_t in);

/// Packs them. Safe on many threads.
std::unique_ptr<const kernels::Linear> pack(const DenseParts& parts, DType dtype);

}  // namespace bertrt::engine::packed
