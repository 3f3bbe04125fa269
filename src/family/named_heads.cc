#include <utility>

#include "bertrt/error.h"
#include "family/named_tables.h"
#include "family/named_weights.h"

namespace bertrt::family {
namespace {

std::string weight_of(std::string_view name) { return std::string(name) + ".weight"; }

HeadSpec masked_lm(const NamedWeights& weights, const NamedConstants& constants, const EncoderSpec& encoder) {
  for (const MaskedLmNames& names : masked_lm_names()) {
    const std::string ending = weight_of(names.dense);
    const std::string found = find_by_ending(weights, ending);
    if (found.empty()) continue;
    WeightTaker taker(weights, found.substr(0, found.size() - ending.size()));
    HeadSpec head;
    head.reads = HeadSpec::Reads::tokens;
    head.dense = taker.dense(std::string(names.dense));
    head.activation = names.model_activation ? constants.activation : Activation::gelu_erf;
    head.norm = taker.norm(std::string(names.norm), constants.layer_norm_eps);
    const std::string decoder(names.decoder);
    head.output.weight = taker.has(decoder) ? taker.require(decoder + ".weight", 2) : encoder.embeddings.words;
    head.output.bias = taker.find(decoder + ".bias");
    if (!head.output.bias) head.output.bias = taker.require(names.bias, 1);
    return head;
  }
  throw Error(ErrorCode::unsupported, weights.where, "a masked-lm head under a name that is known", "none");
}

HeadSpec classifier(const NamedWeights& weights, const NamedConstants& constants, const std::string& task,
                    const EncoderSpec& encoder) {
  const ClassifierNames* names = classifier_names(task, constants.architecture);
  const std::string ending = names == nullptr ? "" : weight_of(names->output);
  const std::string found = names == nullptr ? "" : find_by_ending(weights, ending);
  if (found.empty() || (names->reads == HeadSpec::Reads::pooled && !encoder.pooler)) {
    throw Error(ErrorCode::unsupported, weights.where, "the weights of a head for " + task, "none that is known");
  }
  WeightTaker taker(weights, found.substr(0, found.size() - ending.size()));
  HeadSpec head;
  head.reads = names->reads;
  if (!names->dense.empty()) {
    head.dense = taker.dense(std::string(names->dense));
    head.activation = names->activation;
  }
  head.output = taker.dense(std::string(names->output));
  if (task == "question-answering" && head.output.out() != 2) {
    throw Error(ErrorCode::model_mismatch, found, "2 outputs, start and end", std::to_string(head.output.out()));
  }
  return head;
}

}  // namespace

std::optional<HeadSpec> named_head(const NamedWeights& weights, const NamedConstants& constants,
                                   const std::string& task, const EncoderSpec& encoder) {
  if (task == "encoder") return std::nullopt;
  if (task == "masked-lm") return masked_lm(weights, constants, encoder);
  return classifier(weights, constants, task, encoder);
}

std::string task_by_names(const NamedWeights& weights) {
  const auto has = [&](std::string_view name) { return !find_by_ending(weights, weight_of(name)).empty(); };
  const auto has_output = [&](std::string_view task, std::string_view architecture = "") {
    return has(classifier_names(task, architecture)->output);
  };
  for (const MaskedLmNames& names : masked_lm_names()) {
    if (has(names.dense)) return "masked-lm";
  }
  if (has_output("question-answering")) return "question-answering";
  if (has_output("next-sentence")) return "next-sentence";
  const std::string_view sequence = "sequence-classification";
  if (has_output(sequence, "roberta") || has(classifier_names(sequence, "distilbert")->dense)) {
    return std::string(sequence);
  }
  // Hugging Face leaves the pooler out of models that classify tokens.
  if (has_output("token-classification")) {
    return has("pooler") || has("pooler.dense") ? std::string(sequence) : "token-classification";
  }
  return "encoder";
}

}  // namespace bertrt::family
