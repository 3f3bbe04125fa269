#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "family/encoder_spec.h"

namespace bertrt::family {

/// A file's weights by their names, wherever they come from: a trace's parameters, a folder's safetensors.
struct NamedWeights {
  std::string where;               ///< the file, for messages
  std::vector<std::string> names;  ///< of all weights and buffers, in any order
  /// nullopt when there is none of that name. Must give what it gives as long as the spec is in use.
  std::function<std::optional<Weight>(const std::string& name)> find;
};

/// What the weights' names and shapes do not tell.
struct NamedConstants {
  std::string architecture;  ///< Hugging Face's model_type; which head a classifier has hangs on it
  std::string task;          ///< "encoder", "masked-lm", …; empty: told by the names (task_by_names)
  std::size_t layers = 0;    ///< that run; a multiple of the stored ones
  std::size_t heads = 0;
  Activation activation = Activation::gelu_erf;
  float layer_norm_eps = 1e-12F;
  bool counted_positions = false;  ///< RoBERTa's rule
  std::int64_t padding_id = 0;     ///< that it skips
  bool takes_types = true;
  bool takes_mask = true;
};

/// An encoder and the head on it.
struct NamedModel {
  std::string task;
  EncoderSpec encoder;
  std::optional<HeadSpec> head;  ///< nothing for the task "encoder"
};

/// Hugging Face's names and constants as a spec: the families of BERT, DistilBERT, ALBERT and MPNet (named_tables.h).
///
/// Every weight below the encoder's prefix must be one that the family has. Sizes are not compared with each other
/// here: who packs the spec does that.
/// @throws Error unsupported for names that are no known family's, a weight that the family has not, a head that is
///         not known; model_mismatch for a weight that is missing or has another number of dimensions
NamedModel named_model(const NamedWeights& weights, const NamedConstants& constants);

/// The task whose head's weights a file has: "masked-lm", "question-answering", "sequence-classification",
/// "token-classification", "next-sentence", or "encoder" for none of them.
std::string task_by_names(const NamedWeights& weights);

/// The activation that Hugging Face calls `name` ("gelu", "gelu_new", …). @throws Error unsupported
Activation activation_by_name(std::string_view name, const std::string& where);

}  // namespace bertrt::family
