#include "engine/packed/weight_names.h"

#include <array>

#include "bertrt/error.h"

namespace bertrt::engine::packed {
namespace {

constexpr std::string_view kWordEmbeddings = "embeddings.word_embeddings.weight";

constexpr std::array<WeightNames, 4> kNames = {{
    // BERT, RoBERTa, CamemBERT, XLM-RoBERTa, ELECTRA
    {.layer = "encoder.layer.#.",
     .query = "attention.self.query",
     .key = "attention.self.key",
     .value = "attention.self.value",
     .attention_out = "attention.output.dense",
     .attention_norm = "attention.output.LayerNorm",
     .ffn_in = "intermediate.dense",
     .ffn_out = "output.dense",
     .ffn_norm = "output.LayerNorm",
     .projection = "embeddings_project",
     .relative_bias = "",
     .pooler = "pooler.dense"},
    // DistilBERT
    {.layer = "transformer.layer.#.",
     .query = "attention.q_lin",
     .key = "attention.k_lin",
     .value = "attention.v_lin",
     .attention_out = "attention.out_lin",
     .attention_norm = "sa_layer_norm",
     .ffn_in = "ffn.lin1",
     .ffn_out = "ffn.lin2",
     .ffn_norm = "output_layer_norm",
     .projection = "",
     .relative_bias = "",
     .pooler = ""},
    // ALBERT: a stored layer is a group of layers that share it
    {.layer = "encoder.albert_layer_groups.#.albert_layers.0.",
     .query = "attention.query",
     .key = "attention.key",
     .value = "attention.value",
     .attention_out = "attention.dense",
     .attention_norm = "attention.LayerNorm",
     .ffn_in = "ffn",
     .ffn_out = "ffn_output",
     .ffn_norm = "full_layer_layer_norm",
     .projection = "encoder.embedding_hidden_mapping_in",
     .relative_bias = "",
     .pooler = "pooler"},
    // MPNet
    {.layer = "encoder.layer.#.",
     .query = "attention.attn.q",
     .key = "attention.attn.k",
     .value = "attention.attn.v",
     .attention_out = "attention.attn.o",
     .attention_norm = "attention.LayerNorm",
     .ffn_in = "intermediate.dense",
     .ffn_out = "output.dense",
     .ffn_norm = "output.LayerNorm",
     .projection = "",
     .relative_bias = "encoder.relative_attention_bias.weight",
     .pooler = "pooler.dense"},
}};

}  // namespace

std::string WeightNames::layer_prefix(std::size_t stored_layer) const {
  std::string prefix(layer);
  return prefix.replace(prefix.find('#'), 1, std::to_string(stored_layer));
}

const model::Parameter* find_by_ending(const model::ModelFile& file, std::string_view name) {
  const model::Parameter* found = nullptr;
  for (const model::Parameter& parameter : file.parameters()) {
    const std::string_view full = parameter.name;
    if (!full.ends_with(name)) continue;
    if (full.size() > name.size() && full[full.size() - name.size() - 1] != '.') continue;
    if (found == nullptr || full.size() < found->name.size()) found = &parameter;
  }
  return found;
}

FoundNames find_names(const model::ModelFile& file) {
  const model::Parameter* words = find_by_ending(file, kWordEmbeddings);
  if (words != nullptr) {
    const std::string prefix = words->name.substr(0, words->name.size() - kWordEmbeddings.size());
    for (const WeightNames& names : kNames) {
      if (file.find_parameter(prefix + names.layer_prefix(0) + std::string(names.query) + ".weight") != nullptr) {
        return {&names, prefix};
      }
    }
  }
  throw Error(ErrorCode::unsupported, file.name(),
              "an encoder's weights under the names of BERT, RoBERTa, DistilBERT, ELECTRA, ALBERT or MPNet",
              words == nullptr ? "no word embeddings" : "other names for the layers");
}

}  // namespace bertrt::engine::packed
