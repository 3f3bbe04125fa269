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
  bool logits = false;  ///< the tokens' rows are the masked-language head's logits, not hidden states
  std::optional<LayerMix> mix;
  VectorSteps token_steps;
  std::vector<Pooling> pooling;  ///< empty: the tokens' vectors stay apart
  bool include_prompt = true;
  std::optional<family::MultiVectorMaskModule> mask;
  VectorSteps text_steps;  ///< behind the pooling

  /// One text's rows [tokens, token_steps.out()] from what a run with request() gave.
  std::vector<float> rows(const EncoderOutput& output, std::size_t text) const;
  RunRequest request() const;
  /// At most `asked`: of logits only as many tokens at a time as memory should hold.
  std::size_t batch_tokens(std::size_t asked) const;
};

/// Columns of the tokens' rows that the modules read: of the hidden states, or of the token logits where the
/// Transformer has a masked-language head ("transformer_task": "fill-mask").
/// @throws Error as hidden_width
std::size_t token_width(const BertSession& session, const family::SentenceModules& modules, const std::string& task,
                        Evidence least);

/// @param width  of the tokens' rows, see token_width
/// @param task   for messages
/// @throws Error unsupported for modules in an order that makes no sense here, model_mismatch for widths that do not
/// fit
SentencePlan plan_modules(const family::SentenceModules& modules, std::size_t width, const std::string& task);

}  // namespace bertrt::tasks
