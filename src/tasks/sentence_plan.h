#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "bertrt/embedder.h"
#include "bertrt/output.h"
#include "bertrt/session.h"
#include "family/sentence_modules.h"
#include "tasks/vector_steps.h"

namespace bertrt::tasks {

/// The sum of some layers' hidden states, weighted (WeightedLayerPooling).
struct LayerMix {
  std::size_t first = 0;       ///< of EncoderOutput::all_encoder_layers
  std::vector<float> weights;  ///< of each from there on, their sum being 1
};

/// A model's modules in the order that a vector goes through them. What is not in this form is refused.
struct SentencePlan {
  std::optional<LayerMix> mix;
  VectorSteps token_steps;
  std::vector<Pooling> pooling;  ///< empty: the tokens' vectors stay apart
  bool include_prompt = true;
  std::optional<family::MultiVectorMaskModule> mask;
  VectorSteps text_steps;  ///< behind the pooling

  /// One text's rows [tokens, token_steps.out()] from what a run with request() gave.
  std::vector<float> rows(const EncoderOutput& output, std::size_t text) const;
  RunRequest request() const;
};

/// @param width  of the hidden states
/// @param task   for messages
/// @throws Error unsupported for modules in an order that makes no sense here, model_mismatch for widths that do not
/// fit
SentencePlan plan_modules(const family::SentenceModules& modules, std::size_t width, const std::string& task);

}  // namespace bertrt::tasks
