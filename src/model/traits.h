#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "bertrt/output.h"
#include "model/model_file.h"

namespace bertrt::model {

/// What a model's sizes are, from its manifest or, for a bare trace, from its weights' names and shapes.
/// 0 stands for "cannot be told".
struct ModelTraits {
  std::size_t hidden_size = 0;
  std::size_t num_layers = 0;
  std::size_t vocab_size = 0;       ///< rows of the word embedding
  std::size_t type_vocab_size = 0;  ///< rows of the token-type embedding
  std::size_t max_length = 0;       ///< longest text in tokens that the position embedding has rows for
  std::int64_t first_position = 0;  ///< position of the first token: 2 in the RoBERTa family
  std::int64_t pad_token_id = 0;
  std::size_t traced_batch = 0;
  std::size_t traced_length = 0;
  /// What a trace's graph shows: a text alone is right at its own length, from the shortest to the longest (0: no
  /// limit). The shortest is 0 where there is no graph, or one length alone is right.
  std::size_t shortest_alone = 0;
  std::size_t longest_alone = 0;
  std::string alone_why;
  /// What the inputs are called, in the trace's order, where the graph was read; empty: as the file has them.
  std::vector<std::string> inputs;
  /// What is known of the outputs, by the names that their places in the result have; empty: nothing.
  std::vector<OutputInfo> outputs;
};

/// @param pad_token_id  the tokenizer's, where the session has one; it wins over a guess, not over the manifest
ModelTraits read_traits(const ModelFile& file, std::optional<std::int64_t> pad_token_id);

}  // namespace bertrt::model
