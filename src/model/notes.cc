#include "model/notes.h"

#include <algorithm>
#include <string>
#include <string_view>
#include <utility>

#include "model/architecture.h"

namespace bertrt::model {
namespace {

bool takes(const Method& method, std::string_view name) {
  return std::any_of(method.inputs.begin(), method.inputs.end(),
                     [&](const InputSpec& input) { return input.name == name; });
}

}  // namespace

std::vector<Finding> read_notes(const ModelFile& file) {
  std::vector<Finding> notes;
  const auto add = [&](std::string message) {
    notes.push_back({Finding::Severity::note, "forward", std::move(message)});
  };
  const Method* forward = file.find_method("forward");
  if (forward == nullptr) return notes;
  // What inputs of other names are for, the graph says.
  if (!takes(*forward, "input_ids")) return notes;
  const bool mask = takes(*forward, "attention_mask");
  const auto encoder = find_encoder(file);
  const Parameter* types =
      encoder ? file.find_parameter(encoder->prefix + "embeddings.token_type_embeddings.weight") : nullptr;
  const bool knows_types = types != nullptr && !types->tensor.shape.empty() && types->tensor.shape[0] > 1;
  if (knows_types && mask && !takes(*forward, "token_type_ids") && forward->inputs.size() == 2 &&
      forward->inputs[1].name == "attention_mask") {
    add("the second input is attention_mask: the tutorials of 2019 pass segment ids in its place, which newer "
        "libraries take for the mask. It is fed a mask here; token types are all 0, as this trace ignores them");
  }
  if (!mask) {
    add("takes no attention_mask: padding changes its answers, so texts run at their own length where that is proven");
  }
  return notes;
}

}  // namespace bertrt::model
