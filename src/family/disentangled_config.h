#pragma once

#include <cstddef>

#include "family/encoder_spec.h"

namespace bertrt::family {

/// What only a DeBERTa's config.json has.
struct DisentangledConfig {
  bool relative = false;         ///< "relative_attention": there is a table of positions
  std::size_t max_distance = 0;  ///< "max_relative_positions"
  std::size_t buckets = 0;       ///< "position_buckets" of v2; 0: a row for each distance
  bool by_query = false;         ///< "c2p" in "pos_att_type": queries read positions
  bool by_key = false;           ///< "p2c": keys do
  std::size_t parts = 1;         ///< of a score, by which it is scaled
  bool shared_keys = false;      ///< "share_att_key" of v2: positions are projected as tokens are
  bool norm_table = false;       ///< "layer_norm" in "norm_rel_ebd" of v2
  bool input_positions = true;   ///< "position_biased_input": absolute positions are added to the words
  std::size_t convolution = 0;   ///< "conv_kernel_size" of v2: tokens; 0: none
  std::size_t convolution_groups = 1;
  Activation convolution_activation = Activation::tanh;
  Activation pooler_activation = Activation::gelu_erf;  ///< of the dense layer in front of a classifier of texts
  bool old_decoder = true;                              ///< "legacy": the masked-lm head is BERT's

  /// Rows of the table on either side of distance 0.
  std::size_t span() const noexcept { return buckets != 0 ? buckets : max_distance; }
};

}  // namespace bertrt::family
