#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "family/encoder_spec.h"
#include "family/named_tables.h"

namespace bertrt::family {

/// A family as Hugging Face builds it: what its config.json leaves out, and what its weights are called. The defaults
/// are those of transformers 5.23.
struct Family {
  std::string_view model_type;       ///< in config.json; one of two families that share theirs has a name of its own
  std::string_view prefix;           ///< of the encoder's weights under a head; a bare encoder has none
  std::string_view old_prefix = {};  ///< what files made by other code have in its place
  EncoderLayout layout = EncoderLayout::bert;
  std::size_t vocabulary = 30522;
  std::size_t hidden = 768;
  std::size_t layers = 12;
  std::size_t heads = 12;
  std::size_t intermediate = 3072;
  std::size_t embedding = 0;  ///< width of the embeddings; 0: there is no such key, they are as wide as the layers
  std::string_view embedding_key = "embedding_size";
  std::string_view activation = "gelu";
  std::int64_t padding_id = 0;
  bool types = true;                               ///< has token types
  std::size_t type_rows = 2;                       ///< of their table
  std::size_t least_types = 1;                     ///< that config.json may say; 0: no table at all
  bool counted_positions = false;                  ///< RoBERTa's rule
  float eps = 1e-12F;                              ///< of layer norms
  std::string_view eps_key = "layer_norm_eps";     ///< empty: layer norms have `eps` whatever config.json says
  std::string_view activation_key = "hidden_act";  ///< empty: it is `activation` whatever config.json says
  std::size_t positions = 512;                     ///< rows of their table, or the longest text where there is none
  bool norm_first = false;                         ///< norms stand in front of attention and feed-forward
  bool centred = true;                             ///< LayerNorm; else RMSNorm
  double theta = 0;                                ///< base of rotary positions; 0: there are none
  bool tied = true;
};

/// JinaBERT's name here: its config.json has model_type "bert" and position_embedding_type "alibi".
inline constexpr std::string_view kJinaBert = "bert (alibi)";
/// The same for what its code calls qk-post-norm; only the weights' names tell which of the two it is.
inline constexpr std::string_view kJinaCodeBert = "bert (alibi, with norms of queries and keys)";

/// Whether no config.json has this name.
bool of_our_own(std::string_view model_type) noexcept;

/// Null for a family that is not known.
const Family* find_family(std::string_view model_type) noexcept;
/// "albert, bert, …", for messages.
std::string family_names();
/// Why a family that people know is not read from a folder; empty for one that nobody here has heard of.
std::string_view why_not_known(std::string_view model_type) noexcept;

/// The activation that Hugging Face calls `name` ("gelu", "gelu_new", …). @throws Error unsupported
Activation activation_by_name(std::string_view name, const std::string& where);

}  // namespace bertrt::family
