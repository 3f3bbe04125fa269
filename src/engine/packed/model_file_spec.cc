#include "engine/packed/model_file_spec.h"

#include <algorithm>
#include <array>
#include <optional>
#include <string_view>
#include <utility>

#include "bertrt/error.h"
#include "model/architecture.h"
#include "model/describe_encoder.h"

namespace bertrt::engine::packed {
namespace {

constexpr std::array<std::string_view, 8> kArchitectures = {"bert",       "roberta", "camembert", "xlm-roberta",
                                                            "distilbert", "electra", "albert",    "mpnet"};

bool takes(const model::Method& method, std::string_view input) {
  return std::any_of(method.inputs.begin(), method.inputs.end(),
                     [&](const model::InputSpec& spec) { return spec.name == input; });
}

// The method whose inputs are ids: "forward", or "encode" where forward is something else.
const model::Method* encoder_method(const model::ModelFile& file) {
  for (const char* name : {"forward", "encode"}) {
    const model::Method* method = file.find_method(name);
    if (method != nullptr && takes(*method, "input_ids")) return method;
  }
  return nullptr;
}

model::EncoderConfig config_of(const model::ModelFile& file) {
  if (file.manifest()) return file.manifest()->config;
  std::string why_not;
  std::optional<model::EncoderConfig> found = model::describe_encoder(file, &why_not);
  if (found) return *std::move(found);
  throw Error(ErrorCode::unsupported, file.name(), "a trace whose encoder can be told from its code", why_not);
}

family::NamedConstants constants_of(const model::ModelFile& file) {
  const model::EncoderConfig config = config_of(file);
  family::NamedConstants constants;
  constants.architecture = model::guess_architecture(file);
  if (std::find(kArchitectures.begin(), kArchitectures.end(), constants.architecture) == kArchitectures.end()) {
    throw Error(ErrorCode::unsupported, file.name(),
                "an architecture that the packed engine knows (BERT, RoBERTa, DistilBERT, ELECTRA, ALBERT, MPNet)",
                constants.architecture.empty() ? "none that can be told" : constants.architecture);
  }
  if (file.manifest()) constants.task = file.manifest()->task;
  constants.layers = config.num_hidden_layers;
  constants.heads = config.num_attention_heads;
  constants.activation = family::activation_by_name(config.hidden_act, file.name());
  constants.layer_norm_eps = static_cast<float>(config.layer_norm_eps);
  constants.counted_positions = config.position_scheme == "offset" || config.position_scheme == "relative";
  constants.padding_id = config.pad_token_id;
  if (const model::Method* method = encoder_method(file)) {
    constants.takes_types = takes(*method, "token_type_ids");
    constants.takes_mask = takes(*method, "attention_mask");
  }
  return constants;
}

}  // namespace

family::NamedModel model_file_spec(const model::ModelFile& file) {
  family::NamedWeights weights;
  weights.where = file.name();
  for (const model::Parameter& parameter : file.parameters()) weights.names.push_back(parameter.name);
  weights.find = [&file](const std::string& name) -> std::optional<family::Weight> {
    const model::Parameter* parameter = file.find_parameter(name);
    if (parameter == nullptr) return std::nullopt;
    return family::Weight{parameter->name, parameter->tensor};
  };
  return family::named_model(weights, constants_of(file));
}

}  // namespace bertrt::engine::packed
