#include "engine/packed/description.h"

#include <algorithm>
#include <array>
#include <string_view>

#include "bertrt/error.h"

namespace bertrt::engine::packed {
namespace {

constexpr std::array<std::string_view, 8> kArchitectures = {"bert",       "roberta", "camembert", "xlm-roberta",
                                                            "distilbert", "electra", "albert",    "mpnet"};

bool takes(const model::Method& method, std::string_view input) {
  return std::any_of(method.inputs.begin(), method.inputs.end(),
                     [&](const model::InputSpec& spec) { return spec.name == input; });
}

}  // namespace

Activation activation_by_name(const std::string& name, const std::string& where) {
  if (name == "gelu" || name == "gelu_python") return Activation::gelu_erf;
  if (name == "gelu_new" || name == "gelu_pytorch_tanh" || name == "gelu_fast") return Activation::gelu_tanh;
  if (name == "relu") return Activation::relu;
  if (name == "tanh") return Activation::tanh;
  throw Error(ErrorCode::unsupported, where, "activation gelu, gelu_new, gelu_pytorch_tanh, gelu_fast, relu or tanh",
              name.empty() ? "none named" : name);
}

EncoderDescription describe(const model::ModelFile& file) {
  if (!file.manifest()) {
    throw Error(ErrorCode::unsupported, file.name(), "a manifest that describes the encoder", "a bare trace");
  }
  const model::Manifest& manifest = *file.manifest();
  const model::EncoderConfig& config = manifest.config;
  if (std::find(kArchitectures.begin(), kArchitectures.end(), manifest.architecture) == kArchitectures.end()) {
    throw Error(ErrorCode::unsupported, file.name(),
                "an architecture that the packed engine knows (BERT, RoBERTa, DistilBERT, ELECTRA, ALBERT, MPNet)",
                manifest.architecture.empty() ? "none named" : manifest.architecture);
  }
  EncoderDescription description;
  description.architecture = manifest.architecture;
  description.task = manifest.task;
  description.hidden = config.hidden_size;
  description.layers = config.num_hidden_layers;
  description.heads = config.num_attention_heads;
  description.activation = activation_by_name(config.hidden_act, file.name());
  description.layer_norm_eps = static_cast<float>(config.layer_norm_eps);
  description.offset_positions = config.position_scheme == "offset" || config.position_scheme == "relative";
  description.pad_token_id = config.pad_token_id;
  if (const model::Method* method = file.find_method("forward")) {
    description.takes_token_types = takes(*method, "token_type_ids");
    description.takes_mask = takes(*method, "attention_mask");
  }
  if (description.hidden == 0 || description.layers == 0 || description.heads == 0 ||
      description.hidden % description.heads != 0) {
    throw Error(ErrorCode::model_mismatch, file.name(), "layers, and heads that divide the hidden size",
                std::to_string(description.layers) + " layers, " + std::to_string(description.heads) +
                    " heads, hidden " + std::to_string(description.hidden));
  }
  return description;
}

}  // namespace bertrt::engine::packed
