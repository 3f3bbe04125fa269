#include "family/named_tables.h"

#include <array>

namespace bertrt::family {
namespace {

// Most families call their layers as BERT does; what differs follows.
constexpr EncoderNames kBertNames = {.layer = "encoder.layer.#.",
                                     .query = "attention.self.query",
                                     .key = "attention.self.key",
                                     .value = "attention.self.value",
                                     .attention_out = "attention.output.dense",
                                     .attention_norm = "attention.output.LayerNorm",
                                     .ffn_in = "intermediate.dense",
                                     .ffn_out = "output.dense",
                                     .ffn_norm = "output.LayerNorm",
                                     .pooler = "pooler.dense"};

// The names that decoders' code has, and what is made of it.
constexpr EncoderNames kLlamaNames{.layer = "layers.#.",
                                   .query = "self_attn.q_proj",
                                   .key = "self_attn.k_proj",
                                   .value = "self_attn.v_proj",
                                   .attention_out = "self_attn.o_proj",
                                   .attention_norm = "input_layernorm",
                                   .ffn_in = "mlp.gate_proj",
                                   .ffn_out = "mlp.down_proj",
                                   .ffn_norm = "post_attention_layernorm",
                                   .words = "embed_tokens",
                                   .embedding_norm = "",
                                   .ffn_gate = "mlp.up_proj",
                                   .final_norm = "norm"};

template <typename Change>
constexpr EncoderNames like(EncoderNames names, Change change) {
  change(names);
  return names;
}

// In the order of EncoderLayout.
constexpr std::array<EncoderNames, 19> kEncoders = {{
    // BERT, RoBERTa, CamemBERT, XLM-RoBERTa, ELECTRA
    like(kBertNames,
         [](EncoderNames& names) {
           names.projection = "embeddings_project";
           names.distances = "attention.self.distance_embedding";
         }),
    // DistilBERT
    {.layer = "transformer.layer.#.",
     .query = "attention.q_lin",
     .key = "attention.k_lin",
     .value = "attention.v_lin",
     .attention_out = "attention.out_lin",
     .attention_norm = "sa_layer_norm",
     .ffn_in = "ffn.lin1",
     .ffn_out = "ffn.lin2",
     .ffn_norm = "output_layer_norm"},
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
     .pooler = "pooler",
     .distances = "attention.distance_embedding"},
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
     .relative_bias = "encoder.relative_attention_bias.weight",
     .pooler = "pooler.dense"},
    // RemBERT
    like(kBertNames, [](EncoderNames& names) { names.projection = "encoder.embedding_hidden_mapping_in"; }),
    // RoBERTa-PreLayerNorm
    like(kBertNames,
         [](EncoderNames& names) {
           names.attention_norm = "attention.LayerNorm";
           names.ffn_norm = "intermediate.LayerNorm";
           names.final_norm = "LayerNorm";
           names.distances = "attention.self.distance_embedding";
         }),
    // XLM-RoBERTa-XL
    like(kBertNames,
         [](EncoderNames& names) {
           names.attention_norm = "attention.self_attn_layer_norm";
           names.ffn_norm = "LayerNorm";
           names.embedding_norm = "";
           names.final_norm = "encoder.LayerNorm";
           names.distances = "attention.self.distance_embedding";
         }),
    // Megatron-BERT
    like(kBertNames,
         [](EncoderNames& names) {
           names.attention_norm = "attention.ln";
           names.ffn_norm = "ln";
           names.embedding_norm = "";
           names.final_norm = "encoder.ln";
           names.distances = "attention.self.distance_embedding";
         }),
    // ModernBERT: the first layer has no norm in front of its attention
    {.layer = "layers.#.",
     .attention_out = "attn.Wo",
     .attention_norm = "attn_norm",
     .ffn_out = "mlp.Wo",
     .ffn_norm = "mlp_norm",
     .words = "embeddings.tok_embeddings",
     .embedding_norm = "embeddings.norm",
     .qkv = "attn.Wqkv",
     .ffn_both = "mlp.Wi",
     .final_norm = "final_norm"},
    // EuroBERT
    kLlamaNames,
    // NomicBERT
    {.layer = "encoder.layers.#.",
     .attention_out = "attn.out_proj",
     .attention_norm = "norm1",
     .ffn_in = "mlp.fc12",
     .ffn_out = "mlp.fc2",
     .ffn_norm = "norm2",
     .pooler = "pooler.dense",
     .embedding_norm = "emb_ln",
     .qkv = "attn.Wqkv",
     .ffn_gate = "mlp.fc11"},
    // GTE: with "pack_qkv" false, query, key and value stand by themselves
    {.layer = "encoder.layer.#.",
     .query = "attention.q_proj",
     .key = "attention.k_proj",
     .value = "attention.v_proj",
     .attention_out = "attention.o_proj",
     .attention_norm = "attn_ln",
     .ffn_out = "mlp.down_proj",
     .ffn_norm = "mlp_ln",
     .pooler = "pooler.dense",
     .qkv = "attention.qkv_proj",
     .ffn_both = "mlp.up_gate_proj",
     .gate_first = true},
    // jina-embeddings-v3
    {.layer = "encoder.layers.#.",
     .attention_out = "mixer.out_proj",
     .attention_norm = "norm1",
     .ffn_in = "mlp.fc1",
     .ffn_out = "mlp.fc2",
     .ffn_norm = "norm2",
     .pooler = "pooler.dense",
     .embedding_norm = "emb_ln",
     .qkv = "mixer.Wqkv"},
    // JinaBERT
    like(kBertNames,
         [](EncoderNames& names) {
           names.ffn_in = {};
           names.ffn_out = "mlp.wo";
           names.ffn_norm = "mlp.layernorm";
           names.ffn_both = "mlp.gated_layers";
         }),
    // JinaBERT with norms of queries and keys
    like(kBertNames,
         [](EncoderNames& names) {
           names.ffn_in = {};
           names.ffn_out = "mlp.down_layer";
           names.ffn_norm = "layer_norm_2";
           names.ffn_both = "mlp.up_gated_layer";
           names.gate_first = true;
           names.query_norm = "attention.self.layer_norm_q";
           names.key_norm = "attention.self.layer_norm_k";
           names.second_norm = "layer_norm_1";
         }),
    // ESM
    like(kBertNames,
         [](EncoderNames& names) {
           names.attention_norm = "attention.LayerNorm";
           names.ffn_norm = "LayerNorm";
           names.embedding_norm = "embeddings.layer_norm";
           names.final_norm = "encoder.emb_layer_norm_after";
         }),
    // RoFormer
    like(kBertNames,
         [](EncoderNames& names) {
           names.pooler = {};
           names.projection = "embeddings_project";
         }),
    // EmbeddingGemma
    like(kLlamaNames,
         [](EncoderNames& names) {
           names.ffn_norm = "pre_feedforward_layernorm";
           names.query_norm = "self_attn.q_norm";
           names.key_norm = "self_attn.k_norm";
           names.attention_out_norm = "post_attention_layernorm";
           names.ffn_out_norm = "post_feedforward_layernorm";
         }),
    // Qwen3-Embedding
    like(kLlamaNames,
         [](EncoderNames& names) {
           names.query_norm = "self_attn.q_norm";
           names.key_norm = "self_attn.k_norm";
         }),
}};

constexpr MaskedLmNames kBertLm = {"cls.predictions.transform.dense", "cls.predictions.transform.LayerNorm",
                                   "cls.predictions.decoder", "cls.predictions.bias", true};
constexpr MaskedLmNames kRobertaLm = {"lm_head.dense", "lm_head.layer_norm", "lm_head.decoder", "lm_head.bias", false};
constexpr MaskedLmNames kDistilLm = {"vocab_transform", "vocab_layer_norm", "vocab_projector", "vocab_projector.bias",
                                     true};
constexpr MaskedLmNames kElectraLm = {"generator_predictions.dense", "generator_predictions.LayerNorm",
                                      "generator_lm_head", "generator_lm_head.bias", false};
constexpr MaskedLmNames kAlbertLm = {"predictions.dense", "predictions.LayerNorm", "predictions.decoder",
                                     "predictions.bias", true};
constexpr MaskedLmNames kDebertaLm = {"lm_predictions.lm_head.dense", "lm_predictions.lm_head.LayerNorm", "",
                                      "lm_predictions.lm_head.bias", true};
constexpr MaskedLmNames kRemBertLm = {"cls.predictions.dense", "cls.predictions.LayerNorm", "cls.predictions.decoder",
                                      "cls.predictions.bias", true};

constexpr MaskedLmNames kModernLm = {"head.dense", "head.norm", "decoder", "decoder.bias", false};
constexpr MaskedLmNames kEuroLm = {"", "", "lm_head", "lm_head.bias", false};
constexpr MaskedLmNames kNomicLm = {"cls.predictions.transform.dense", "cls.predictions.transform.layer_norm",
                                    "cls.predictions.decoder", "cls.predictions.bias", true};
constexpr MaskedLmNames kGteLm = {"lm_head.dense", "lm_head.norm", "lm_head.decoder", "lm_head.decoder.bias", false};

using Reads = HeadSpec::Reads;

// BERT, ERNIE, RemBERT and ALBERT classify the pooler's output; the others have a dense layer of their own (DeBERTa's
// activation is a setting).
constexpr ClassifierNames kPooled = {Reads::pooled, "", Activation::none, "classifier"};
constexpr ClassifierNames kOwnTanh = {Reads::first_token, "classifier.dense", Activation::tanh, "classifier.out_proj"};
constexpr ClassifierNames kOwnGelu = {Reads::first_token, "classifier.dense", Activation::gelu_erf,
                                      "classifier.out_proj"};
constexpr ClassifierNames kOwnRelu = {Reads::first_token, "pre_classifier", Activation::relu, "classifier"};
constexpr ClassifierNames kContext = {Reads::first_token, "pooler.dense", Activation::gelu_erf, "classifier"};
constexpr ClassifierNames kSummary = {Reads::first_token, "sequence_summary.summary", Activation::gelu_erf,
                                      "classifier"};
constexpr ClassifierNames kModern = {Reads::first_token, "head.dense", Activation::gelu_erf, "classifier", "head.norm"};
constexpr ClassifierNames kModernTokens = {Reads::tokens, "head.dense", Activation::gelu_erf, "classifier",
                                           "head.norm"};
constexpr ClassifierNames kEuro = {Reads::late, "dense", Activation::gelu_erf, "classifier"};
constexpr ClassifierNames kDecoder = {Reads::last_token, "", Activation::none, "score", "", false};
constexpr ClassifierNames kDecoderTokens = {Reads::tokens, "", Activation::none, "score"};
constexpr ClassifierNames kNextSentence = {Reads::pooled, "", Activation::none, "cls.seq_relationship"};
constexpr ClassifierNames kOrder = {Reads::pooled, "", Activation::none, "sop_classifier.classifier"};
constexpr ClassifierNames kReplaced = {Reads::tokens, "discriminator_predictions.dense", Activation::none,
                                       "discriminator_predictions.dense_prediction"};
constexpr ClassifierNames kTokens = {Reads::tokens, "", Activation::none, "classifier"};
constexpr ClassifierNames kSpans = {Reads::tokens, "", Activation::none, "qa_outputs"};

bool is_decoder(std::string_view model_type) noexcept { return model_type == "qwen3" || model_type == "gemma3_text"; }

bool is_deberta(std::string_view model_type) noexcept { return model_type == "deberta" || model_type == "deberta-v2"; }

ClassifierNames sequence_classifier(std::string_view model_type) noexcept {
  for (const std::string_view pooled :
       {"bert", "ernie", "rembert", "albert", "megatron-bert", "nomic_bert", "gte", "new"}) {
    if (model_type == pooled) return kPooled;
  }
  if (model_type == "distilbert") return kOwnRelu;
  if (model_type == "modernbert") return kModern;
  if (model_type == "eurobert") return kEuro;
  if (is_decoder(model_type)) return kDecoder;
  if (is_deberta(model_type)) return kContext;
  return model_type == "electra" ? kOwnGelu : kOwnTanh;
}

}  // namespace

std::string EncoderNames::layer_prefix(std::size_t stored_layer) const {
  std::string prefix(layer);
  return prefix.replace(prefix.find('#'), 1, std::to_string(stored_layer));
}

const EncoderNames& encoder_names(EncoderLayout layout) noexcept { return kEncoders[static_cast<std::size_t>(layout)]; }

std::string word_embeddings(EncoderLayout layout) {
  const auto index = static_cast<std::size_t>(layout);
  const std::string_view words = index < kEncoders.size() ? kEncoders[index].words : kEncoders.front().words;
  return std::string(words) + ".weight";
}

MaskedLmNames masked_lm_names(std::string_view model_type, bool old_decoder) noexcept {
  if (is_deberta(model_type)) return old_decoder ? kBertLm : kDebertaLm;
  if (model_type == "bert" || model_type == "ernie" || model_type == "megatron-bert" || model_type == "roformer") {
    return kBertLm;
  }
  if (model_type == "modernbert") return kModernLm;
  if (model_type == "eurobert") return kEuroLm;
  if (model_type == "nomic_bert") return kNomicLm;
  if (model_type == "gte" || model_type == "new") return kGteLm;
  if (model_type == "distilbert") return kDistilLm;
  if (model_type == "electra") return kElectraLm;
  if (model_type == "albert") return kAlbertLm;
  return model_type == "rembert" ? kRemBertLm : kRobertaLm;
}

ClassifierNames classifier_names(HeadKind kind, std::string_view model_type) noexcept {
  switch (kind) {
    case HeadKind::next_sentence: return kNextSentence;
    case HeadKind::sentence_order: return kOrder;
    case HeadKind::token_classification:
      if (is_decoder(model_type)) return kDecoderTokens;
      return model_type == "modernbert" ? kModernTokens : kTokens;
    case HeadKind::question_answering: return model_type == "modernbert" ? kModernTokens : kSpans;
    case HeadKind::replaced_token: return kReplaced;
    case HeadKind::multiple_choice:
      if (model_type == "distilbert") return kOwnRelu;
      if (model_type == "modernbert") return kModern;
      if (is_deberta(model_type)) return kContext;
      return model_type == "electra" ? kSummary : kPooled;
    default: return sequence_classifier(model_type);
  }
}

std::string_view to_string(HeadKind kind) noexcept {
  switch (kind) {
    case HeadKind::masked_lm: return "masked-lm";
    case HeadKind::next_sentence: return "next-sentence";
    case HeadKind::sentence_order: return "sentence-order";
    case HeadKind::replaced_token: return "replaced-token";
    case HeadKind::sequence_classification: return "sequence-classification";
    case HeadKind::token_classification: return "token-classification";
    case HeadKind::question_answering: return "question-answering";
    case HeadKind::multiple_choice: return "multiple-choice";
  }
  return "unknown";
}

}  // namespace bertrt::family
