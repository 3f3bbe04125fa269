#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "engine/packed/convolution.h"
#include "engine/packed/disentangled_attention.h"
#include "engine/packed/experts.h"
#include "engine/packed/norm.h"
#include "engine/packed/packer.h"
#include "engine/packed/relative_bias.h"
#include "engine/packed/rotary.h"
#include "engine/packed/row_table.h"
#include "family/encoder_spec.h"
#include "kernels/linear.h"

namespace bertrt::engine::packed {

/// From ids to the rows that the first layer reads.
struct EmbeddingWeights {
  std::shared_ptr<const RowTable> words;      ///< [vocabulary, embedding size]; a tied decoder shares it
  std::shared_ptr<const RowTable> positions;  ///< null where the model has none
  std::shared_ptr<const RowTable> types;      ///< likewise
  family::PositionScheme position_scheme = family::PositionScheme::absolute;
  std::int64_t first_position = 0;
  std::int64_t padding_id = 0;
  bool takes_types = true;
  std::int64_t fixed_type = 0;
  std::optional<Norm> norm;
  std::shared_ptr<const kernels::Linear> projection;  ///< embedding size → hidden, or null
  bool norm_last = false;                             ///< the norm stands behind the projection
  std::optional<family::DroppedToken> dropped;
  bool takes_mask = true;  ///< dropped: its share is of tokens whose attention_mask is not 0; else of all
  float scale = 1;
  bool zero_masked = false;  ///< family::Embeddings::zero_masked
};

/// One transformer layer: attention and feed-forward, each with a norm behind its residual sum or in front. Layers that
/// share their weights share what is packed.
struct LayerWeights {
  std::shared_ptr<const kernels::Linear> qkv;  ///< query, key, value side by side: [3 hidden, hidden]
  float scale = 0;
  std::optional<std::size_t> rotary;  ///< way of turning queries and keys
  std::size_t window = 0;             ///< keys at most so far away are seen; 0: all
  std::optional<Norm> query_norm;     ///< of all heads' queries as one row, or of each head's; likewise key_norm
  std::optional<Norm> key_norm;
  std::shared_ptr<const kernels::Linear> attention_out;
  std::optional<Norm> attention_out_norm;
  std::optional<Norm> attention_norm;
  std::optional<Norm> second_norm;         ///< of the layer's input and what attention_norm gave
  std::unique_ptr<const Experts> experts;  ///< null for one feed-forward, which is then empty otherwise
  std::shared_ptr<const kernels::Linear> ffn_in;
  kernels::Activation activation = kernels::Activation::none;
  std::shared_ptr<const kernels::Linear> ffn_gate;  ///< or null
  std::shared_ptr<const kernels::Linear> ffn_out;
  std::optional<Norm> ffn_out_norm;
  Norm ffn_norm;

  std::size_t inner() const noexcept { return experts != nullptr ? experts->inner() : ffn_in->out(); }
};

/// Everything that the forward pass reads: a spec with its weights packed. Holds nothing of the file behind the spec.
struct EncoderWeights {
  std::size_t hidden = 0;
  std::size_t heads = 0;
  std::size_t attention = 0;  ///< values of all heads together
  bool causal = false;
  bool takes_mask = true;
  bool masks_pairs = false;  ///< family::MaskKind::pairs
  kernels::ops::AttentionKernel attention_kernel;
  EmbeddingWeights embeddings;
  Rotary rotary;                                              ///< empty where positions turn nothing
  RelativeBias relative_bias;                                 ///< empty but for MPNet
  std::vector<float> slopes;                                  ///< family::EncoderSpec::slopes
  std::unique_ptr<const DisentangledAttention> disentangled;  ///< null but for DeBERTa and BERT's "relative_key"
  std::unique_ptr<const Convolution> convolution;             ///< likewise, and for some of those
  std::vector<LayerWeights> layers;
  bool norm_first = false;
  std::optional<Norm> final_norm;
  std::shared_ptr<const kernels::Linear> pooler;  ///< null where the model has none
  std::size_t pooled = 0;                         ///< its outputs, or 0
  std::size_t max_length = 0;                     ///< tokens of the longest text; 0: no limit
};

/// The longest text in tokens that a model of this spec takes: what its table of positions reaches, or less where the
/// spec says so; 0: no limit. @throws Error model_mismatch
std::size_t longest_text(const family::EncoderSpec& spec);

/// Checks the spec and gives its weights to the packer: what is returned is whole when the packer has run, and must
/// not be moved until then.
/// @param dtype  of the layers' products; the rest is fp32, beside int8 tables in int8 and halves
/// @param tied   whether a head multiplies with the words' table
/// @throws Error model_mismatch (sizes that do not fit each other), unsupported
std::unique_ptr<EncoderWeights> prepare_encoder(const family::EncoderSpec& spec, DType dtype, bool tied,
                                                Packer& packer);

}  // namespace bertrt::engine::packed
