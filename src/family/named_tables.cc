#include "family/named_tables.h"

#include <array>

namespace bertrt::family {
namespace {

constexpr std::array<EncoderNames, 4> kEncoders = {{
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

constexpr std::array<MaskedLmNames, 5> kMaskedLm = {{
    {"cls.predictions.transform.dense", "cls.predictions.transform.LayerNorm", "cls.predictions.decoder",
     "cls.predictions.bias", true},                                                            // BERT
    {"lm_head.dense", "lm_head.layer_norm", "lm_head.decoder", "lm_head.bias", false},         // RoBERTa's, MPNet
    {"vocab_transform", "vocab_layer_norm", "vocab_projector", "vocab_projector.bias", true},  // DistilBERT
    {"generator_predictions.dense", "generator_predictions.LayerNorm", "generator_lm_head", "generator_lm_head.bias",
     false},                                                                                          // ELECTRA
    {"predictions.dense", "predictions.LayerNorm", "predictions.decoder", "predictions.bias", true},  // ALBERT
}};

using Reads = HeadSpec::Reads;

// BERT and ALBERT classify the pooler's output; the others have a dense layer of their own.
constexpr ClassifierNames kPooled = {Reads::pooled, "", Activation::none, "classifier"};
constexpr ClassifierNames kOwnTanh = {Reads::first_token, "classifier.dense", Activation::tanh, "classifier.out_proj"};
constexpr ClassifierNames kOwnGelu = {Reads::first_token, "classifier.dense", Activation::gelu_erf,
                                      "classifier.out_proj"};
constexpr ClassifierNames kOwnRelu = {Reads::first_token, "pre_classifier", Activation::relu, "classifier"};
constexpr ClassifierNames kNextSentence = {Reads::pooled, "", Activation::none, "cls.seq_relationship"};
constexpr ClassifierNames kTokens = {Reads::tokens, "", Activation::none, "classifier"};
constexpr ClassifierNames kSpans = {Reads::tokens, "", Activation::none, "qa_outputs"};

}  // namespace

std::string EncoderNames::layer_prefix(std::size_t stored_layer) const {
  std::string prefix(layer);
  return prefix.replace(prefix.find('#'), 1, std::to_string(stored_layer));
}

std::span<const EncoderNames> encoder_names() noexcept { return kEncoders; }
std::span<const MaskedLmNames> masked_lm_names() noexcept { return kMaskedLm; }

const ClassifierNames* classifier_names(std::string_view task, std::string_view architecture) noexcept {
  if (task == "token-classification") return &kTokens;
  if (task == "question-answering") return &kSpans;
  if (task == "next-sentence") return &kNextSentence;
  if (task != "sequence-classification") return nullptr;
  if (architecture == "bert" || architecture == "albert") return &kPooled;
  if (architecture == "distilbert") return &kOwnRelu;
  if (architecture == "electra") return &kOwnGelu;
  return &kOwnTanh;
}

}  // namespace bertrt::family
