#include "model/architecture.h"

#include <algorithm>
#include <array>

namespace bertrt::model {
namespace {

constexpr std::string_view kWordEmbeddings = "embeddings.word_embeddings.weight";

// Rows are tried from the top; the first whose probe is a parameter names the family.
struct Family {
  std::string_view architecture;
  std::string_view probe;  // a parameter below the prefix
  EncoderLayout layout;
};

EncoderLayout layout(std::string_view layer, std::string_view query, std::string_view attention,
                     std::string_view activation, std::string_view activation_caller, std::string_view feed_forward,
                     std::string_view layer_norm) {
  return {{}, {}, layer, query, attention, activation, activation_caller, feed_forward, layer_norm};
}

const EncoderLayout& bert_layout() {
  static const EncoderLayout kLayout =
      layout("encoder.layer.#.", "attention.self.query", "attention.self", "intermediate.intermediate_act_fn",
             "intermediate", "intermediate.dense", "output.LayerNorm");
  return kLayout;
}

const std::array<Family, 10>& families() {
  static const std::array<Family, 10> kFamilies = {{
      {"distilbert", "transformer.layer.0.attention.q_lin.weight",
       layout("transformer.layer.#.", "attention.q_lin", "attention", "ffn.activation", "ffn", "ffn.lin1",
              "output_layer_norm")},
      {"albert", "encoder.albert_layer_groups.0.albert_layers.0.attention.query.weight",
       layout("encoder.albert_layer_groups.#.albert_layers.0.", "attention.query", "attention", "activation", "", "ffn",
              "full_layer_layer_norm")},
      {"mpnet", "encoder.layer.0.attention.attn.q.weight",
       layout("encoder.layer.#.", "attention.attn.q", "attention.attn", "intermediate.intermediate_act_fn",
              "intermediate", "intermediate.dense", "output.LayerNorm")},
      {"deberta-v2", "encoder.layer.0.attention.self.query_proj.weight", bert_layout()},
      {"deberta", "encoder.layer.0.attention.self.in_proj.weight", bert_layout()},
      {"longformer", "encoder.layer.0.attention.self.query_global.weight", bert_layout()},
      {"mobilebert", "encoder.layer.0.bottleneck.input.dense.weight", bert_layout()},
      {"ibert", "encoder.layer.0.attention.self.query.weight_integer", bert_layout()},
      {"electra", "embeddings_project.weight", bert_layout()},
      {"bert", "encoder.layer.0.attention.self.query.weight", bert_layout()},
  }};
  return kFamilies;
}

// "xlm-roberta" for ".../transformers/models/xlm_roberta/modeling_xlm_roberta.py", or for a class of that module that
// torch gave a name of its own (…/modeling_xlm_roberta/___torch_mangle_3.py); empty for other paths.
std::string model_type_in_path(std::string_view entry) {
  constexpr std::string_view kModule = "/modeling_";
  const std::size_t at = entry.rfind(kModule);
  if (at == std::string_view::npos) return {};
  std::string_view name = entry.substr(at + kModule.size());
  name = name.substr(0, std::min(name.find('/'), name.find('.')));
  std::string type(name);
  std::replace(type.begin(), type.end(), '_', '-');
  return type;
}

// What the code's paths say about the class that holds the word embeddings.
std::string model_type_of_embeddings(const ModelFile& file, const std::string& prefix) {
  std::string_view name = file.module_class(prefix + "embeddings");
  std::string entry(name.substr(0, name.rfind('.')));
  std::replace(entry.begin(), entry.end(), '.', '/');
  return model_type_in_path(entry);
}

// Positions that are counted along the tokens which are no padding: RoBERTa's rule.
bool counts_positions(const ModelFile& file) {
  return std::any_of(file.code().begin(), file.code().end(),
                     [](const auto& entry) { return entry.second.find("torch.cumsum(") != std::string::npos; });
}

}  // namespace

std::optional<EncoderLayout> find_encoder(const ModelFile& file) {
  for (const Parameter& words : file.parameters()) {
    if (!words.name.ends_with(kWordEmbeddings)) continue;
    const std::string prefix = words.name.substr(0, words.name.size() - kWordEmbeddings.size());
    for (const Family& family : families()) {
      if (file.find_parameter(prefix + std::string(family.probe)) == nullptr) continue;
      EncoderLayout found = family.layout;
      found.prefix = prefix;
      found.architecture = family.architecture;
      if (family.architecture == "bert") {
        const std::string type = model_type_of_embeddings(file, prefix);
        if (!type.empty()) found.architecture = type;
        if (found.architecture == "bert" && counts_positions(file)) found.architecture = "roberta";
      }
      return found;
    }
  }
  return std::nullopt;
}

std::string guess_architecture(const ModelFile& file) {
  if (file.manifest() && !file.manifest()->architecture.empty()) return file.manifest()->architecture;
  const auto found = find_encoder(file);
  return found ? found->architecture : std::string();
}

std::string layer_path(const EncoderLayout& layout, std::size_t index) {
  std::string path(layout.layer);
  path.replace(path.find('#'), 1, std::to_string(index));
  return layout.prefix + path;
}

std::size_t stored_layers(const ModelFile& file, const EncoderLayout& layout) {
  std::size_t count = 0;
  while (file.find_parameter(layer_path(layout, count) + std::string(layout.query) + ".weight") != nullptr) ++count;
  return count;
}

}  // namespace bertrt::model
