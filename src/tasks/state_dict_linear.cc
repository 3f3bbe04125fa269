#include "tasks/state_dict_linear.h"

#include <optional>
#include <string>
#include <utility>

#include "archive/state_dict.h"
#include "base/plain_text.h"
#include "bertrt/error.h"

namespace bertrt::tasks {

VectorSteps read_linear(std::span<const std::byte> file, const std::string& where, std::size_t in) {
  const archive::StateDict state = archive::read_state_dict(file, where);
  std::optional<family::Weight> weight;
  family::DenseModule module;
  for (const archive::NamedTensor& tensor : state.tensors) {
    if (tensor.name == "weight" && tensor.tensor.shape.size() == 2) {
      weight = family::Weight{tensor.name, tensor.tensor};
    } else if (tensor.name == "bias" && tensor.tensor.shape.size() == 1) {
      module.dense.bias = family::Weight{tensor.name, tensor.tensor};
    } else {
      throw Error(ErrorCode::unsupported, where, "a linear layer's weight [out, in] and bias [out]",
                  base::printable(tensor.name));
    }
  }
  if (!weight) throw Error(ErrorCode::model_mismatch, where, "a linear layer's weight", "none");
  module.dense.weight = *std::move(weight);
  VectorSteps steps(in);
  steps.add(module);
  return steps;
}

}  // namespace bertrt::tasks
