#include "model/describe_encoder.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <string_view>

#include "model/architecture.h"
#include "model/class_code.h"

namespace bertrt::model {
namespace {

constexpr std::array<std::string_view, 8> kKnown = {"bert",       "roberta", "camembert", "xlm-roberta",
                                                    "distilbert", "electra", "albert",    "mpnet"};

// One reason why, thrown and caught inside of this file.
struct Unknown {
  std::string why;
};

class Describer {
 public:
  Describer(const ModelFile& file, const EncoderLayout& layout) : file_(file), layout_(layout) {}

  EncoderConfig describe() {
    EncoderConfig config;
    const auto [vocabulary, embedding] = matrix(layout_.prefix + "embeddings.word_embeddings.weight");
    config.vocab_size = vocabulary;
    config.embedding_size = embedding;
    config.max_position_embeddings = matrix(layout_.prefix + "embeddings.position_embeddings.weight").first;
    const std::string types = layout_.prefix + "embeddings.token_type_embeddings.weight";
    if (file_.find_parameter(types) != nullptr) config.type_vocab_size = matrix(types).first;

    const std::size_t layers = stored_layers(file_, layout_);
    config.hidden_size = matrix(in_layer(0, layout_.query, ".weight")).first;
    config.intermediate_size = matrix(in_layer(0, layout_.feed_forward, ".weight")).first;
    config.num_hidden_layers = layout_.architecture == "albert" ? albert_layers(layers) : layers;

    read_layer(0, config);
    for (std::size_t i = 1; i < layers; ++i) {
      EncoderConfig other = config;
      read_layer(i, other);
      if (other.num_attention_heads != config.num_attention_heads || other.hidden_act != config.hidden_act ||
          other.layer_norm_eps != config.layer_norm_eps) {
        throw Unknown{"layers 0 and " + std::to_string(i) + " differ in heads, activation or layer-norm epsilon"};
      }
    }
    if (layer_norm_eps(layout_.prefix + "embeddings.LayerNorm") != config.layer_norm_eps) {
      throw Unknown{"the embeddings' layer-norm epsilon is not the layers'"};
    }
    read_positions(config);
    return config;
  }

 private:
  std::string in_layer(std::size_t index, std::string_view module, std::string_view ending) const {
    return layer_path(layout_, index) + std::string(module) + std::string(ending);
  }

  std::pair<std::size_t, std::size_t> matrix(const std::string& name) const {
    const Parameter* parameter = file_.find_parameter(name);
    if (parameter == nullptr) throw Unknown{"no parameter " + name};
    const auto& shape = parameter->tensor.shape;
    if (shape.size() != 2 || shape[0] <= 0 || shape[1] <= 0) throw Unknown{"parameter " + name + " is no matrix"};
    return {static_cast<std::size_t>(shape[0]), static_cast<std::size_t>(shape[1])};
  }

  ClassCode code_of(const std::string& path) const { return class_code(file_, file_.module_class(path)); }

  // ALBERT runs one stored layer many times. The tracer writes a method of the layer for each time, and one of the
  // encoder for each method of the model that was traced.
  std::size_t albert_layers(std::size_t stored) const {
    if (stored != 1) throw Unknown{"more than one group of ALBERT layers"};
    if (file_.find_parameter(layout_.prefix + "encoder.albert_layer_groups.0.albert_layers.1.attention.query.weight") !=
        nullptr) {
      throw Unknown{"more than one layer in a group of ALBERT's"};
    }
    const std::size_t runs =
        code_of(layout_.prefix + "encoder.albert_layer_groups.0.albert_layers.0").methods("forward");
    const std::size_t passes = code_of(layout_.prefix + "encoder").methods("forward");
    if (passes == 0 || runs == 0 || runs % passes != 0) {
      throw Unknown{"the code does not show how often ALBERT's layer runs"};
    }
    return runs / passes;
  }

  void read_layer(std::size_t index, EncoderConfig& config) const {
    std::string path = layer_path(layout_, index);
    config.num_attention_heads = heads(path + std::string(layout_.attention), config.hidden_size);
    config.hidden_act = activation(path);
    config.layer_norm_eps = layer_norm_eps(path + std::string(layout_.layer_norm));
  }

  // The last size of the four-dimensional views that split the hidden size: [batch, sequence, heads or -1, head size].
  std::size_t heads(const std::string& path, std::size_t hidden) const {
    std::size_t result = 0;
    for (const Arguments& call : code_of(path).calls("view")) {
      if (call.size() != 2) continue;
      const std::vector<std::string> sizes = list_items(call[1]);
      if (sizes.size() != 4) continue;
      const auto size = whole_number(sizes[3]);
      if (!size || *size <= 0 || hidden % static_cast<std::size_t>(*size) != 0) continue;
      const std::size_t count = hidden / static_cast<std::size_t>(*size);
      const auto named = whole_number(sizes[2]);
      if (named && *named != -1 && static_cast<std::size_t>(*named) != count) continue;
      if (result != 0 && result != count) throw Unknown{"the code of " + path + " splits heads in two ways"};
      result = count;
    }
    if (result == 0) throw Unknown{"the code of " + path + " does not show the number of heads"};
    return result;
  }

  std::string activation(const std::string& layer) const {
    std::string path = layer + std::string(layout_.activation);
    if (file_.module_class(path).empty()) {
      path = layer + std::string(layout_.activation_caller);
      if (path.ends_with('.')) path.pop_back();
    }
    const ClassCode code = code_of(path);
    for (const Arguments& call : code.calls("gelu")) {
      const bool tanh = std::any_of(call.begin(), call.end(), [](const std::string& argument) {
        return argument.find("tanh") != std::string::npos;
      });
      return tanh ? "gelu_pytorch_tanh" : "gelu";
    }
    if (!code.calls("erf").empty()) return "gelu";
    if (!code.calls("tanh").empty() && !code.calls("pow").empty()) return "gelu_new";
    if (!code.calls("relu").empty()) return "relu";
    if (!code.calls("silu").empty()) return "silu";
    throw Unknown{"the code of " + path + " has no activation that is known"};
  }

  double layer_norm_eps(const std::string& path) const {
    const ClassCode code = code_of(path);
    for (const Arguments& call : code.calls("layer_norm")) {
      if (call.size() == 4) return 1e-5;  // the operator's default, which the printed code leaves out
      if (call.size() < 5) break;
      if (const auto eps = number(call[4])) return *eps;
    }
    // pytorch-pretrained-bert wrote it out: sqrt(variance + epsilon).
    for (const Arguments& call : code.calls("sqrt")) {
      if (call.size() != 1) continue;
      const std::vector<std::string> sum = call_arguments(call[0], "torch.add");
      if (sum.size() == 2) {
        if (const auto eps = number(sum[1])) return *eps;
      }
    }
    throw Unknown{"the code of " + path + " does not show an epsilon"};
  }

  // A number as it is written, or a constant's value.
  std::optional<double> number(const std::string& text) const {
    constexpr std::string_view kConstant = "CONSTANTS.c";
    if (!text.starts_with(kConstant)) return real_number(text);
    const auto index = whole_number(text.substr(kConstant.size()));
    const archive::TensorView* constant =
        index && *index >= 0 ? file_.constant(static_cast<std::size_t>(*index)) : nullptr;
    if (constant == nullptr || constant->elements() != 1) return std::nullopt;
    return scalar(*constant);
  }

  void read_positions(EncoderConfig& config) const {
    const ClassCode embeddings = code_of(layout_.prefix + "embeddings");
    const bool counted = !embeddings.calls("cumsum").empty();
    config.position_scheme = counted ? "offset" : "absolute";
    if (layout_.architecture == "mpnet") {
      config.position_scheme = "relative";
      config.relative_attention_num_buckets = matrix(layout_.prefix + "encoder.relative_attention_bias.weight").first;
    }
    const bool family = layout_.architecture == "roberta" || layout_.architecture == "camembert" ||
                        layout_.architecture == "xlm-roberta" || layout_.architecture == "mpnet";
    if (family != counted) throw Unknown{"positions are not counted as " + layout_.architecture + " counts them"};
    if (counted) {
      for (const Arguments& call : embeddings.calls("ne")) {
        const auto pad = call.size() == 2 ? whole_number(call[1]) : std::nullopt;
        if (pad) config.pad_token_id = *pad;
        if (pad) return;
      }
      throw Unknown{"the code of the embeddings does not show the padding's id"};
    }
    for (const Arguments& call : code_of(layout_.prefix + "embeddings.word_embeddings").calls("embedding")) {
      const auto pad = call.size() >= 3 ? whole_number(call[2]) : std::nullopt;
      if (pad && *pad >= 0) config.pad_token_id = *pad;
    }
  }

  const ModelFile& file_;
  const EncoderLayout& layout_;
};

}  // namespace

std::optional<EncoderConfig> describe_encoder(const ModelFile& file, std::string* why_not) {
  const auto refuse = [&](std::string why) {
    if (why_not != nullptr) *why_not = std::move(why);
    return std::nullopt;
  };
  const auto layout = find_encoder(file);
  if (!layout) return refuse("no encoder with Hugging Face's parameter names");
  if (std::find(kKnown.begin(), kKnown.end(), layout->architecture) == kKnown.end()) {
    return refuse("architecture " + layout->architecture + " is not known");
  }
  try {
    return Describer(file, *layout).describe();
  } catch (const Unknown& unknown) {
    return refuse(unknown.why);
  }
}

}  // namespace bertrt::model
