#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "family/disentangled_config.h"
#include "family/encoder_spec.h"
#include "family/families.h"
#include "family/rotary_config.h"

namespace bertrt::family {

/// How positions come into a model without rotary ones ("position_embedding_type").
enum class PositionKind {
  absolute,            ///< a table's rows, added to the words
  alibi,               ///< JinaBERT's
  relative_key,        ///< DistanceSpec
  relative_key_query,  ///< DistanceSpec::by_key
};

/// What only an ESM's config.json has.
struct EsmConfig {
  bool first_norm = false;                    ///< "emb_layer_norm_before"
  std::optional<std::int64_t> dropped_token;  ///< "mask_token_id" under "token_dropout"
};

/// What a config.json says of a model: all that its arithmetic depends on, and what tasks ask for.
struct CheckpointConfig {
  const Family* family = nullptr;
  std::string model_type;
  std::vector<std::string> architectures;  ///< "BertForMaskedLM"; may be empty

  std::size_t vocabulary = 0;
  std::size_t hidden = 0;
  std::size_t layers = 0;
  std::size_t stored_layers = 0;  ///< ALBERT's groups; else as many as there are layers
  std::size_t heads = 0;
  std::size_t intermediate = 0;
  std::size_t embedding = 0;  ///< width of the embeddings
  std::size_t positions = 0;  ///< rows of their table
  std::size_t types = 0;      ///< rows of their table; 0: the family has none
  std::size_t buckets = 0;    ///< MPNet's, of distances
  PositionKind position_kind = PositionKind::absolute;
  Activation activation = Activation::gelu_erf;
  Activation layer_activation = Activation::gelu_erf;  ///< in the layers; elsewhere `activation`
  float layer_norm_eps = 1e-12F;
  std::int64_t padding_id = 0;  ///< what counted positions skip
  bool tied = true;             ///< the masked-lm decoder may be left out of the weights
  bool task_types = false;      ///< ERNIE adds row 0 of a table of tasks to each token
  bool summary_first = true;    ///< ELECTRA's multiple choice reads the first token, through a projection and GELU

  std::optional<DisentangledConfig> disentangled;  ///< DeBERTa's
  std::optional<RotaryConfig> rotary;              ///< of families with rotary positions
  std::optional<EsmConfig> esm;

  std::vector<std::string> findings;  ///< what could be read in another way, for people

  std::size_t num_labels = 2;
  std::vector<std::string> labels;                              ///< by class; empty where the file names none
  std::vector<std::pair<std::string, std::int64_t>> label_ids;  ///< label2id, in the file's order
  std::string problem_type;  ///< "regression", "single_label_classification", "multi_label_classification" or empty
  /// What a cross-encoder applies to its logits, a dotted torch class; empty: not said.
  std::string cross_encoder_activation;
};

/// Every key of the file changes the arithmetic and is handled, or is known to change none, or is an error: what a
/// setting of another name does cannot be told.
/// @param text  of the config.json. @param where  for messages
/// @throws Error invalid_format; unsupported for a family, key or value that is not known: it names the key, the value
///         and what is known
CheckpointConfig read_config(std::string_view text, const std::string& where);

}  // namespace bertrt::family
