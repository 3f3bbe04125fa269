#include "engine/packed/head_names.h"

#include <array>

#include "engine/packed/weight_names.h"

namespace bertrt::engine::packed {
namespace {

constexpr std::array<MaskedLmNames, 5> kMaskedLm = {{
    {"cls.predictions.transform.dense", "cls.predictions.transform.LayerNorm", "cls.predictions.decoder",
     "cls.predictions.bias", true},                                                            // BERT
    {"lm_head.dense", "lm_head.layer_norm", "lm_head.decoder", "lm_head.bias", false},         // RoBERTa's, MPNet
    {"vocab_transform", "vocab_layer_norm", "vocab_projector", "vocab_projector.bias", true},  // DistilBERT
    {"generator_predictions.dense", "generator_predictions.LayerNorm", "generator_lm_head", "generator_lm_head.bias",
     false},                                                                                          // ELECTRA
    {"predictions.dense", "predictions.LayerNorm", "predictions.decoder", "predictions.bias", true},  // ALBERT
}};

// BERT and ALBERT classify the pooler's output; the others have a dense layer of their own.
constexpr ClassifierNames kPooled = {"", kernels::Activation::none, "classifier", true};
constexpr ClassifierNames kOwnTanh = {"classifier.dense", kernels::Activation::tanh, "classifier.out_proj", false};
constexpr ClassifierNames kOwnGelu = {"classifier.dense", kernels::Activation::gelu_erf, "classifier.out_proj", false};
constexpr ClassifierNames kOwnRelu = {"pre_classifier", kernels::Activation::relu, "classifier", false};
constexpr ClassifierNames kNextSentence = {"", kernels::Activation::none, "cls.seq_relationship", true};
constexpr ClassifierNames kTokens = {"", kernels::Activation::none, "classifier", false};
constexpr ClassifierNames kSpans = {"", kernels::Activation::none, "qa_outputs", false};

}  // namespace

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

std::string task_of(const model::ModelFile& file) {
  if (file.manifest()) return file.manifest()->task;
  const auto has = [&](std::string_view name) {
    return find_by_ending(file, std::string(name) + ".weight") != nullptr;
  };
  for (const MaskedLmNames& names : kMaskedLm) {
    if (has(names.dense)) return "masked-lm";
  }
  if (has(kSpans.output)) return "question-answering";
  if (has(kNextSentence.output)) return "next-sentence";
  if (has(kOwnTanh.output) || has(kOwnRelu.dense)) return "sequence-classification";
  // Hugging Face leaves the pooler out of models that classify tokens.
  if (has(kTokens.output))
    return has("pooler") || has("pooler.dense") ? "sequence-classification" : "token-classification";
  return "encoder";
}

}  // namespace bertrt::engine::packed
