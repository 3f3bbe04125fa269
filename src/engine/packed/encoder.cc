#include "engine/packed/encoder.h"

#include <algorithm>

#include "engine/packed/attention_layer.h"
#include "engine/packed/embeddings.h"
#include "engine/packed/masked_rows.h"
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

Activations lay_out(const EncoderWeights& weights, std::size_t tokens, kernels::AlignedBuffer& memory) {
  const std::size_t rows = tokens * row_pitch(weights.hidden);
  const std::size_t qkv = tokens * row_pitch(3 * weights.hidden);
  std::size_t shared = std::max(qkv + rows, tokens * row_pitch(weights.embeddings.words->width()));
  for (const LayerWeights& layer : weights.layers) shared = std::max(shared, tokens * row_pitch(layer.ffn_in->out()));
  auto* base = reinterpret_cast<float*>(memory.reserve((2 * rows + shared) * sizeof(float)));
  float* inner = base + 2 * rows;
  return {base, base + rows, inner, inner + qkv, inner};
}

void gather(std::span<const std::size_t> rows, const float* from, std::size_t stride, float* to) {
  for (const std::size_t row : rows) to = std::copy_n(from + row * stride, stride, to);
}

}  // namespace

void Encoder::run(const Slice& slice, const SliceRequest& request, StateSink sink, Workspace& workspace,
                  kernels::ThreadPool& pool) const {
  const std::size_t tokens = slice.tokens();
  const std::size_t stride = row_pitch(weights_->hidden);
  const EmbeddingWeights& embeddings = weights_->embeddings;
  std::size_t depth = request.states.empty() ? 0 : request.states.back();
  const bool narrow = depth != layers() && !request.last_rows.empty();
  if (narrow) depth = layers();
  const Activations a = lay_out(*weights_, tokens, workspace.activations);

  if (embeddings.projection != nullptr) {
    embed(slice, embeddings, pool, a.inner);
    embeddings.projection->run(a.inner, tokens, a.hidden,
                               {.x_stride = row_pitch(embeddings.words->width()), .y_stride = stride}, pool,
                               workspace.linear);
  } else {
    embed(slice, embeddings, pool, a.hidden);
  }
  if (embeddings.norm_last) embeddings.norm.run(a.hidden, nullptr, tokens, stride, pool);
  if (weights_->masks_pairs) zero_masked(slice, a.hidden, stride, weights_->hidden);

  const float* convolved = nullptr;  // added to what the first layer gives, so of all rows
  if (weights_->convolution != nullptr && depth > 0) {
    convolved = weights_->convolution->run(slice, a.hidden, pool, workspace.convolution, workspace.linear);
  }

  auto next = request.states.begin();
  const auto give = [&](std::size_t state, const float* rows) {
    if (next == request.states.end() || *next != state) return;
    ++next;
    sink(state, rows, stride);
  };
  const float* hidden = a.hidden;
  give(0, hidden);
  for (std::size_t i = 0; i < depth; ++i) {
    const LayerWeights& layer = weights_->layers[i];
    const std::size_t inner_stride = row_pitch(layer.ffn_in->out());
    layer.qkv->run(hidden, tokens, a.qkv, {.x_stride = stride, .y_stride = row_pitch(layer.qkv->out())}, pool,
                   workspace.linear);
    attend(slice, a.qkv,
           {.hidden = weights_->hidden,
            .heads = weights_->heads,
            .scale = layer.scale,
            .takes_mask = weights_->takes_mask,
            .bias = weights_->relative_bias,
            .disentangled = weights_->disentangled.get(),
            .layer = i},
           pool, workspace.attention, a.context);

    std::size_t rows = tokens;
    const float* context = a.context;
    const bool convolves = i == 0 && convolved != nullptr;
    const bool last_narrow = narrow && i + 1 == depth && !convolves;
    if (last_narrow) {  // what follows attention is needed for the wanted rows only
      rows = request.last_rows.size();
      gather(request.last_rows, a.context, stride, a.qkv);
      gather(request.last_rows, hidden, stride, a.qkv + rows * stride);
      context = a.qkv;
      hidden = a.qkv + rows * stride;
    }
    layer.attention_out->run(context, rows, a.middle, {.x_stride = stride, .y_stride = stride}, pool, workspace.linear);
    layer.attention_norm.run(a.middle, hidden, rows, stride, pool);
    layer.ffn_in->run(a.middle, rows, a.inner,
                      {.activation = layer.activation, .x_stride = stride, .y_stride = inner_stride}, pool,
                      workspace.linear);
    layer.ffn_out->run(a.inner, rows, a.hidden, {.x_stride = inner_stride, .y_stride = stride}, pool, workspace.linear);
    layer.ffn_norm.run(a.hidden, a.middle, rows, stride, pool);
    hidden = a.hidden;
    if (convolves) weights_->convolution->add(slice, convolved, a.hidden, pool);
    if (last_narrow) {
      sink(i + 1, hidden, stride);
    } else if (narrow && i + 1 == depth) {
      gather(request.last_rows, hidden, stride, a.qkv);
      sink(i + 1, a.qkv, stride);
    } else {
      give(i + 1, hidden);
    }
  }
}

std::unique_ptr<const Encoder> pack_encoder(const family::EncoderSpec& spec, DType dtype, kernels::ThreadPool& pool) {
  Packer packer(pool);
  std::unique_ptr<const EncoderWeights> weights = prepare_encoder(spec, dtype, packer);
  packer.run();
  return std::make_unique<const Encoder>(std::move(weights));
}

}  // namespace bertrt::engine::packed
