#include "tasks/sentence_plan.h"

#include <algorithm>
#include <utility>
#include <variant>

#include "archive/tensor.h"
#include "bertrt/error.h"
#include "tasks/token_batches.h"
#include "tasks/what_it_has.h"

namespace bertrt::tasks {
namespace {

Pooling public_mode(family::PoolingMode mode) {
  switch (mode) {
    case family::PoolingMode::cls: return Pooling::cls;
    case family::PoolingMode::max: return Pooling::max;
    case family::PoolingMode::mean: return Pooling::mean;
    case family::PoolingMode::mean_sqrt_len_tokens: return Pooling::mean_sqrt_len_tokens;
    case family::PoolingMode::weightedmean: return Pooling::weightedmean;
    case family::PoolingMode::lasttoken: return Pooling::lasttoken;
  }
  return Pooling::mean;
}

LayerMix mix_of(const family::WeightedLayersModule& module, const std::string& task) {
  if (module.layer_start == 0) {
    throw Error(ErrorCode::unsupported, task + ", WeightedLayerPooling",
                "layers behind the embeddings (layer_start from 1 on)",
                "layer_start 0, which sums the embeddings, too");
  }
  LayerMix mix{module.layer_start - 1, archive::to_float32(module.weights.tensor)};
  float sum = 0;
  for (const float weight : mix.weights) sum += weight;
  for (float& weight : mix.weights) weight /= sum;
  return mix;
}

// One module after the other.
class Planner {
 public:
  Planner(std::size_t width, const std::string& task) : task_(task) {
    plan.token_steps = VectorSteps(width);
    plan.text_steps = VectorSteps(0);
  }

  void operator()(const family::TransformerModule& module) {
    if (std::exchange(has_encoder_, true)) refuse("one Transformer", "two");
    if (module.classifier) refuse("a Transformer that gives a row a token", "one for sequence-classification");
    plan.logits = module.masked_lm;
  }
  void operator()(const family::WeightedLayersModule& module) {
    if (plan.logits) refuse("WeightedLayerPooling behind a Transformer that gives hidden states", "one for fill-mask");
    if (plan.mix || !plan.token_steps.empty() || pooled_)
      refuse("WeightedLayerPooling behind the Transformer", "elsewhere");
    plan.mix = mix_of(module, task_);
  }
  void operator()(const family::PoolingModule& module) {
    if (std::exchange(pooled_, true)) refuse("one Pooling", "two");
    if (plan.mask) refuse("no MultiVectorMask in front of a Pooling", "one, which would pool some of the tokens");
    for (const family::PoolingMode mode : module.modes) plan.pooling.push_back(public_mode(mode));
    plan.include_prompt = module.include_prompt;
    plan.text_steps = VectorSteps(plan.token_steps.out() * plan.pooling.size());
  }
  void operator()(const family::DenseModule& module) { steps(module.on_tokens, "Dense").add(module); }
  void operator()(const family::NormalizeModule& module) { steps(module.on_tokens, "Normalize").add_normalize(); }
  void operator()(const family::LayerNormModule& module) { steps(false, "LayerNorm").add(module); }
  void operator()(const family::MultiVectorMaskModule& module) {
    if (plan.mask || pooled_) refuse("one MultiVectorMask and no Pooling", "more");
    plan.mask = module;
  }
  void operator()(const family::SpladePoolingModule&) { refuse("no SpladePooling", "one: see SparseEmbedder"); }
  void operator()(const family::StaticEmbeddingModule&) { refuse("an encoder", "StaticEmbedding: see Embedder::load"); }
  void operator()(const family::SparseStaticEmbeddingModule&) {
    refuse("an encoder", "SparseStaticEmbedding: see SparseEmbedder::load");
  }

  SentencePlan plan;

 private:
  [[noreturn]] void refuse(std::string expected, std::string found) const {
    throw Error(ErrorCode::unsupported, task_ + ", modules.json", std::move(expected), std::move(found));
  }

  VectorSteps& steps(bool on_tokens, const std::string& module) {
    if (on_tokens == pooled_) {
      refuse(module + (on_tokens ? " on token_embeddings in front of the pooling"
                                 : " on sentence_embedding behind a Pooling"),
             "one that stands " + std::string(pooled_ ? "behind it" : "without one in front of it"));
    }
    return on_tokens ? plan.token_steps : plan.text_steps;
  }

  const std::string& task_;
  bool has_encoder_ = false;
  bool pooled_ = false;
};

}  // namespace

std::vector<float> SentencePlan::rows(const EncoderOutput& output, std::size_t text) const {
  std::vector<float> result;
  if (logits) {
    if (!output.token_logits || output.token_logits->width() != token_steps.in()) {
      throw Error(ErrorCode::runtime, "sentence modules",
                  "token logits of " + std::to_string(token_steps.in()) + " columns",
                  output.token_logits ? std::to_string(output.token_logits->width()) : "none");
    }
    const std::span<const float> own = output.token_logits->text(text);
    result.assign(own.begin(), own.end());
  } else if (!mix) {
    const std::span<const float> last = output.last_hidden_state().text(text);
    result.assign(last.begin(), last.end());
  } else {
    const std::size_t layers = output.all_encoder_layers.size();
    if (mix->first + mix->weights.size() != layers) {
      throw Error(ErrorCode::model_mismatch, "WeightedLayerPooling",
                  "a weight for each layer from " + std::to_string(mix->first + 1) + " to " + std::to_string(layers),
                  std::to_string(mix->weights.size()) + " weights");
    }
    for (std::size_t i = 0; i < mix->weights.size(); ++i) {
      const std::span<const float> layer = output.all_encoder_layers[mix->first + i].text(text);
      result.resize(layer.size());
      for (std::size_t at = 0; at < layer.size(); ++at) result[at] += mix->weights[i] * layer[at];
    }
  }
  return token_steps.run(std::move(result));
}

RunRequest SentencePlan::request() const {
  RunRequest request;
  request.all_encoder_layers = mix.has_value();
  request.hidden_states = !logits;
  request.pooled_output = false;
  request.logits = logits;
  return request;
}

std::size_t SentencePlan::batch_tokens(std::size_t asked) const {
  return logits ? std::min(asked, logit_rows(token_steps.in())) : asked;
}

std::size_t token_width(const BertSession& session, const family::SentenceModules& modules, const std::string& task,
                        Evidence least) {
  const family::TransformerModule* transformer = modules.transformer();
  const bool logits = transformer != nullptr && transformer->masked_lm;
  return logits ? logits_width(session, task, least) : hidden_width(session, task, least);
}

SentencePlan plan_modules(const family::SentenceModules& modules, std::size_t width, const std::string& task) {
  Planner planner(width, task);
  for (const family::SentenceModule& module : modules.modules) std::visit(planner, module);
  return std::move(planner.plan);
}

}  // namespace bertrt::tasks
