#pragma once

#include <cstddef>
#include <memory>
#include <vector>

#include "engine/packed/description.h"
#include "engine/packed/norm.h"
#include "engine/packed/relative_bias.h"
#include "engine/packed/row_table.h"
#include "engine/packed/weight_names.h"
#include "kernels/linear.h"
#include "model/model_file.h"

namespace bertrt::engine::packed {

/// One stored transformer layer: LayerNorm after each half, as the whole family has it.
struct LayerWeights {
  std::unique_ptr<const kernels::Linear> qkv;  ///< query, key, value side by side: [3 hidden, hidden]
  std::unique_ptr<const kernels::Linear> attention_out;
  Norm attention_norm;
  std::unique_ptr<const kernels::Linear> ffn_in;
  std::unique_ptr<const kernels::Linear> ffn_out;
  Norm ffn_norm;
};

/// An encoder's weights, packed. They hold nothing of the file they came from.
struct EncoderWeights {
  std::shared_ptr<const RowTable> words;  ///< [vocabulary, embedding size]; a tied decoder shares it
  RowTable positions;
  RowTable types;  ///< no rows where the model has none
  Norm embedding_norm;
  std::unique_ptr<const kernels::Linear> projection;  ///< embedding size → hidden, or null
  RelativeBias relative_bias;                         ///< empty but for MPNet
  std::vector<LayerWeights> stored;
  std::vector<std::size_t> layer;                 ///< [layers]: which stored layer; ALBERT's share
  std::shared_ptr<const kernels::Linear> pooler;  ///< null where the file has none
  std::size_t max_length = 0;                     ///< tokens that the position table reaches
};

/// Takes and packs the weights, on all threads of the pool.
/// @throws Error model_mismatch, unsupported (weights that this forward pass has no use for)
EncoderWeights load_encoder_weights(const model::ModelFile& file, const FoundNames& names,
                                    const EncoderDescription& description, DType dtype, kernels::ThreadPool& pool);

}  // namespace bertrt::engine::packed
