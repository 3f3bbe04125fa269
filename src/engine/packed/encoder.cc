#include "engine/packed/encoder.h"

#include <algorithm>

#include "engine/packed/attention_layer.h"
#include "engine/packed/embeddings.h"

namespace bertrt::engine::packed {
namespace {

// A slice's memory between the layers. The feed-forward's inner rows take the place of what attention is done with.
struct Activations {
  float* hidden;   ///< [tokens, hidden]: what the layer reads
  float* middle;   ///< [tokens, hidden]: after attention
  float* qkv;      ///< [tokens, 3 hidden]
  float* context;  ///< [tokens, hidden]
  float* inner;    ///< [tokens, intermediate], over qkv and context
};

Activations lay_out(const EncoderWeights& weights, std::size_t tokens, std::size_t hidden, AlignedBuffer& memory) {
  std::size_t inner = 4 * hidden;
  for (const LayerWeights& layer : weights.stored) inner = std::max(inner, layer.ffn_in->out());
  inner = std::max(inner, weights.words->width());
  auto* base = reinterpret_cast<float*>(memory.reserve(tokens * (2 * hidden + inner) * sizeof(float)));
  float* shared = base + 2 * tokens * hidden;
  return {base, base + tokens * hidden, shared, shared + 3 * tokens * hidden, shared};
}

void gather(std::span<const std::size_t> rows, const float* from, std::size_t width, float* to) {
  for (const std::size_t row : rows) to = std::copy_n(from + row * width, width, to);
}

}  // namespace

void Encoder::run(const Slice& slice, const SliceRequest& request, LayerSink sink, Workspace& workspace,
                  ThreadPool& pool) const {
  const std::size_t tokens = slice.tokens();
  const std::size_t width = description_.hidden;
  const float eps = description_.layer_norm_eps;
  const Activations a = lay_out(weights_, tokens, width, workspace.activations);

  if (weights_.projection != nullptr) {
    embed(slice, weights_, description_, pool, a.inner);
    weights_.projection->run(a.inner, tokens, a.hidden, {}, pool, workspace.linear);
  } else {
    embed(slice, weights_, description_, pool, a.hidden);
  }

  const float* hidden = a.hidden;
  for (std::size_t i = 0; i < description_.layers; ++i) {
    const LayerWeights& layer = weights_.stored[weights_.layer[i]];
    const bool narrow = i + 1 == description_.layers && request.first_layer > i;
    if (narrow && request.last_rows.empty()) return;

    layer.qkv->run(hidden, tokens, a.qkv, {}, pool, workspace.linear);
    attend(slice, a.qkv, description_, weights_.relative_bias, pool, workspace.attention, a.context);

    std::size_t rows = tokens;
    const float* context = a.context;
    if (narrow) {  // what follows attention is needed for the wanted rows only
      rows = request.last_rows.size();
      gather(request.last_rows, a.context, width, a.qkv);
      gather(request.last_rows, hidden, width, a.qkv + rows * width);
      context = a.qkv;
      hidden = a.qkv + rows * width;
    }
    layer.attention_out->run(context, rows, a.middle, {.residual = hidden}, pool, workspace.linear);
    layer.attention_norm.run(a.middle, rows, eps, pool);
    layer.ffn_in->run(a.middle, rows, a.inner, {.activation = description_.activation}, pool, workspace.linear);
    layer.ffn_out->run(a.inner, rows, a.hidden, {.residual = a.middle}, pool, workspace.linear);
    layer.ffn_norm.run(a.hidden, rows, eps, pool);
    hidden = a.hidden;
    if (narrow || request.first_layer <= i) sink(i, hidden);
  }
}

}  // namespace bertrt::engine::packed
