#include "engine/packed/description.h"

#include <algorithm>
#include <array>
#include <optional>
#include <string_view>
#include <utility>

#include "bertrt/error.h"
#include "engine/packed/head_names.h"
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

}  // namespace

kernels::Activation activation_by_name(const std::string& name, const std::string& where) {
  if (name == "gelu" || name == "gelu_python") return kernels::Activation::gelu_erf;
  if (name == "gelu_new" || name == "gelu_pytorch_tanh" || name == "gelu_fast") return kernels::Activation::gelu_tanh;
  if (name == "relu") return kernels::Activation::relu;
  if (name == "tanh") return kernels::Activation::tanh;
  throw Error(ErrorCode::unsupported, where, "activation gelu, gelu_new, gelu_pytorch_tanh, gelu_fast, relu or tanh",
              name.empty() ? "none named" : name);
}

EncoderDescription describe(const model::ModelFile& file) {
  EncoderDescription description;
  model::EncoderConfig config;
  if (file.manifest()) {
    config = file.manifest()->config;
  } else {
    std::string why_not;
    std::optional<model::EncoderConfig> found = model::describe_encoder(file, &why_not);
    if (!found) {
      throw Error(ErrorCode::unsupported, file.name(), "a trace whose encoder can be told from its code", why_not);
    }
    config = std::move(*found);
  }
  description.task = task_of(file);
  description.architecture = model::guess_architecture(file);
  if (std::find(kArchitectures.begin(), kArchitectures.end(), description.architecture) == kArchitectures.end()) {
    throw Error(ErrorCode::unsupported, file.name(),
                "an architecture that the packed engine knows (BERT, RoBERTa, DistilBERT, ELECTRA, ALBERT, MPNet)",
                description.architecture.empty() ? "none that can be told" : description.architecture);
  }
  description.hidden = config.hidden_size;
  description.layers = config.num_hidden_layers;
  description.heads = config.num_attention_heads;
  description.activation = activation_by_name(config.hidden_act, file.name());
  description.layer_norm_eps = static_cast<float>(config.layer_norm_eps);
  description.offset_positions = config.position_scheme == "offset" || config.position_scheme == "relative";
  description.pad_token_id = config.pad_token_id;
  if (const model::Method* method = encoder_method(file)) {
    description.takes_token_types = takes(*method, "token_type_ids");
    description.takes_mask = takes(*method, "attention_mask");
  }
  if (description.hidden == 0 || description.layers == 0 || description.heads == 0 ||
      description.hidden % description.heads != 0 || description.pad_token_id < 0) {
    throw Error(ErrorCode::model_mismatch, file.name(), "layers, heads that divide the hidden size, a padding id",
                std::to_string(description.layers) + " layers, " + std::to_string(description.heads) +
                    " heads, hidden " + std::to_string(description.hidden) + ", padding " +
                    std::to_string(description.pad_token_id));
  }
  return description;
}

}  // namespace bertrt::engine::packed
