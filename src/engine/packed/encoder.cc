#include "engine/packed/encoder.h"

#include <algorithm>

#include "engine/packed/attention_layer.h"
#include "engine/packed/embeddings.h"
#include "engine/packed/row_pitch.h"

namespace bertrt::engine::packed {
namespace {

// A slice's memory between the layers; rows stand row_pitch() of their width apart. The feed-forward's inner rows take
// the place of what attention is done with.
struct Activations {
  float* hidden;   ///< [tokens, hidden]: what the layer reads, and makes
  float* middle;   ///< [tokens, hidden]: after attention
  float* qkv;      ///< [tokens, 3 hidden]
  float* context;  ///< [tokens, hidden]
  float* inner;    ///< [tokens, intermediate], over qkv and context
};

Activations lay_out(const EncoderWeights& weights, std::size_t tokens, std::size_t hidden,
                    kernels::AlignedBuffer& memory) {
  const std::size_t rows = tokens * row_pitch(hidden);
  const std::size_t qkv = tokens * row_pitch(3 * hidden);
  std::size_t shared = std::max(qkv + rows, tokens * row_pitch(weights.words->width()));
  for (const LayerWeights& layer : weights.stored) shared = std::max(shared, tokens * row_pitch(layer.ffn_in->out()));
  auto* base = reinterpret_cast<float*>(memory.reserve((2 * rows + shared) * sizeof(float)));
  float* inner = base + 2 * rows;
  return {base, base + rows, inner, inner + qkv, inner};
}

void gather(std::span<const std::size_t> rows, const float* from, std::size_t stride, float* to) {
  for (const std::size_t row : rows) to = std::copy_n(from + row * stride, stride, to);
}

}  // namespace

void Encoder::run(const Slice& slice, const SliceRequest& request, LayerSink sink, Workspace& workspace,
                  kernels::ThreadPool& pool) const {
  const std::size_t tokens = slice.tokens();
  const std::size_t stride = row_pitch(description_.hidden);
  const float eps = description_.layer_norm_eps;
  const Activations a = lay_out(weights_, tokens, description_.hidden, workspace.activations);

  if (weights_.projection != nullptr) {
    embed(slice, weights_, description_, pool, a.inner);
    weights_.projection->run(a.inner, tokens, a.hidden,
                             {.x_stride = row_pitch(weights_.words->width()), .y_stride = stride}, pool,
                             workspace.linear);
  } else {
    embed(slice, weights_, description_, pool, a.hidden);
  }

  const float* hidden = a.hidden;
  for (std::size_t i = 0; i < description_.layers; ++i) {
    const LayerWeights& layer = weights_.stored[weights_.layer[i]];
    const std::size_t inner_stride = row_pitch(layer.ffn_in->out());
    const bool narrow = i + 1 == description_.layers && request.first_layer > i;
    if (narrow && request.last_rows.empty()) return;

    layer.qkv->run(hidden, tokens, a.qkv, {.x_stride = stride, .y_stride = row_pitch(layer.qkv->out())}, pool,
                   workspace.linear);
    attend(slice, a.qkv, description_, weights_.relative_bias, pool, workspace.attention, a.context);

    std::size_t rows = tokens;
    const float* context = a.context;
    if (narrow) {  // what follows attention is needed for the wanted rows only
      rows = request.last_rows.size();
      gather(request.last_rows, a.context, stride, a.qkv);
      gather(request.last_rows, hidden, stride, a.qkv + rows * stride);
      context = a.qkv;
      hidden = a.qkv + rows * stride;
    }
    layer.attention_out->run(context, rows, a.middle, {.x_stride = stride, .y_stride = stride}, pool, workspace.linear);
    layer.attention_norm.run(a.middle, hidden, rows, stride, eps, pool);
    layer.ffn_in->run(a.middle, rows, a.inner,
                      {.activation = description_.activation, .x_stride = stride, .y_stride = inner_stride}, pool,
                      workspace.linear);
    layer.ffn_out->run(a.inner, rows, a.hidden, {.x_stride = inner_stride, .y_stride = stride}, pool, workspace.linear);
    layer.ffn_norm.run(a.hidden, a.middle, rows, stride, eps, pool);
    hidden = a.hidden;
    if (narrow || request.first_layer <= i) sink(i, hidden, stride);
  }
}

}  // namespace bertrt::engine::packed
