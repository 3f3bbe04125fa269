#include "model/architecture.h"

#include <algorithm>
#include <array>
#include <string_view>

namespace bertrt::model {
namespace {

constexpr std::string_view kWordEmbeddings = "embeddings.word_embeddings.weight";

// Rows are tried from the top; the first whose probe is a parameter names the family.
struct Family {
  std::string_view architecture;
  std::string_view probe;  // a parameter below the prefix
};
constexpr std::array<Family, 10> kFamilies = {{
    {"distilbert", "transformer.layer.0.attention.q_lin.weight"},
    {"albert", "encoder.albert_layer_groups.0.albert_layers.0.attention.query.weight"},
    {"mpnet", "encoder.layer.0.attention.attn.q.weight"},
    {"deberta-v2", "encoder.layer.0.attention.self.query_proj.weight"},
    {"deberta", "encoder.layer.0.attention.self.in_proj.weight"},
    {"longformer", "encoder.layer.0.attention.self.query_global.weight"},
    {"mobilebert", "encoder.layer.0.bottleneck.input.dense.weight"},
    {"ibert", "encoder.layer.0.attention.self.query.weight_integer"},
    {"electra", "embeddings_project.weight"},
    {"bert", "encoder.layer.0.attention.self.query.weight"},
}};

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

std::optional<EncoderPlace> find_encoder(const ModelFile& file) {
  for (const Parameter& words : file.parameters()) {
    if (!words.name.ends_with(kWordEmbeddings)) continue;
    const std::string prefix = words.name.substr(0, words.name.size() - kWordEmbeddings.size());
    for (const Family& family : kFamilies) {
      if (file.find_parameter(prefix + std::string(family.probe)) == nullptr) continue;
      EncoderPlace found{std::string(family.architecture), prefix};
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

}  // namespace bertrt::model
