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
  float* normed;   ///< [tokens, hidden], where norms come first: what attention and feed-forward read
  float* qkv;      ///< [tokens, 3 attention]
  float* context;  ///< [tokens, attention]
  float* inner;    ///< [tokens, intermediate], over qkv and context
  float* gate;     ///< likewise, behind inner
};

Activations lay_out(const EncoderWeights& weights, std::size_t tokens, kernels::AlignedBuffer& memory) {
  const std::size_t rows = tokens * row_pitch(weights.hidden);
  const std::size_t qkv = tokens * row_pitch(3 * weights.attention);
  const std::size_t context = tokens * row_pitch(weights.attention);
  std::size_t inner_rows = tokens * row_pitch(weights.embeddings.words->width());
  bool gated = false;
  for (const LayerWeights& layer : weights.layers) {
    inner_rows = std::max(inner_rows, tokens * row_pitch(layer.inner()));
    gated = gated || layer.ffn_gate != nullptr;
  }
  const std::size_t apart = weights.norm_first ? 3 * rows : 2 * rows;
  // Where the last layer is computed for some rows alone, these are gathered in the place of qkv.
  const std::size_t shared = std::max({qkv + context, context + rows, gated ? 2 * inner_rows : inner_rows});
  auto* base = reinterpret_cast<float*>(memory.reserve((apart + shared) * sizeof(float)));
  float* inner = base + apart;
  return {base, base + rows, base + 2 * rows, inner, inner + qkv, inner, inner + inner_rows};
}

void gather(std::span<const std::size_t> rows, const float* from, std::size_t stride, float* to) {
  for (const std::size_t row : rows) to = std::copy_n(from + row * stride, stride, to);
}

}  // namespace

// What a run of the layers has at hand.
struct Encoder::Run {
  const Slice& slice;
  const EncoderWeights& weights;
  const float* angles;  ///< of rotary positions, or null
  Activations a;
  std::size_t stride;  ///< of rows that are `hidden` wide
  Workspace& workspace;
  kernels::ThreadPool& pool;

  /// [tokens, hidden] → context. @param input  what the projections read
  void attend_to(const float* input, std::size_t index) const {
    const LayerWeights& layer = weights.layers[index];
    layer.qkv->run(input, slice.tokens(), a.qkv, {.x_stride = stride, .y_stride = row_pitch(layer.qkv->out())}, pool,
                   workspace.linear);
    const std::size_t qkv = row_pitch(layer.qkv->out());
    norm_heads(layer.query_norm, a.qkv, qkv);
    norm_heads(layer.key_norm, a.qkv + weights.attention, qkv);
    if (layer.rotary) weights.rotary.turn(*layer.rotary, angles, slice.tokens(), weights.heads, a.qkv, pool);
    attend(slice, a.qkv,
           {.width = weights.attention,
            .heads = weights.heads,
            .scale = layer.scale,
            .takes_mask = weights.takes_mask,
            .window = layer.window,
            .causal = weights.causal,
            .bias = weights.relative_bias,
            .slopes = weights.slopes,
            .disentangled = weights.disentangled.get(),
            .layer = index,
            .kernel = weights.attention_kernel},
           pool, workspace.attention, a.context);
  }

  /// All heads of each token as one row, or each as a row of its own.
  void norm_heads(const std::optional<Norm>& norm, float* heads, std::size_t row_stride) const {
    if (!norm) return;
    for (std::size_t head = 0; head < weights.attention; head += norm->gamma.size()) {
      norm->run(heads + head, nullptr, slice.tokens(), row_stride, pool);
    }
  }

  /// `input` → a.hidden, without residual or norm.
  void feed_forward(const LayerWeights& layer, const float* input, std::size_t rows) const {
    if (layer.experts != nullptr) {
      layer.experts->run(input, rows, stride, layer.activation, a.inner, a.hidden, workspace.experts, pool,
                         workspace.linear);
      return;
    }
    const std::size_t inner = row_pitch(layer.ffn_in->out());
    layer.ffn_in->run(input, rows, a.inner, {.activation = layer.activation, .x_stride = stride, .y_stride = inner},
                      pool, workspace.linear);
    if (layer.ffn_gate != nullptr) {
      layer.ffn_gate->run(input, rows, a.gate, {.x_stride = stride, .y_stride = inner}, pool, workspace.linear);
      multiply_rows(a.inner, a.gate, layer.ffn_in->out(), rows, inner, pool);
    }
    layer.ffn_out->run(a.inner, rows, a.hidden, {.x_stride = inner, .y_stride = stride}, pool, workspace.linear);
  }
};

void Encoder::run(const Slice& slice, const SliceRequest& request, StateSink sink, Workspace& workspace,
                  kernels::ThreadPool& pool) const {
  const std::size_t tokens = slice.tokens();
  const std::size_t stride = row_pitch(weights_->hidden);
  std::size_t depth = request.states.empty() ? 0 : request.states.back();
  const bool narrow = depth != layers() && !request.last_rows.empty();
  if (narrow) depth = layers();
  const Activations a = lay_out(*weights_, tokens, workspace.activations);
  embed_slice(slice, a.inner, a.hidden, workspace, pool);
  const bool turns = !weights_->rotary.empty() && depth > 0;
  const float* angles = turns ? weights_->rotary.angles(slice, pool, workspace.rotary) : nullptr;
  const Run run{slice, *weights_, angles, a, stride, workspace, pool};

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
    const float* input = hidden;
    if (weights_->norm_first && layer.attention_norm) {
      layer.attention_norm->run(a.hidden, nullptr, a.normed, tokens, stride, pool);
      input = a.normed;
    }
    run.attend_to(input, i);

    std::size_t rows = tokens;
    const float* context = a.context;
    const bool convolves = i == 0 && convolved != nullptr;
    const bool last_narrow = narrow && i + 1 == depth && !convolves;
    if (last_narrow) {  // what follows attention is needed for the wanted rows only
      rows = request.last_rows.size();
      gather(request.last_rows, a.context, row_pitch(weights_->attention), a.qkv);
      gather(request.last_rows, hidden, stride, a.qkv + rows * row_pitch(weights_->attention));
      context = a.qkv;
      hidden = a.qkv + rows * row_pitch(weights_->attention);
    }
    layer.attention_out->run(context, rows, a.middle, {.x_stride = row_pitch(weights_->attention), .y_stride = stride},
                             pool, workspace.linear);
    if (weights_->norm_first) {
      if (layer.attention_out_norm) layer.attention_out_norm->run(a.middle, nullptr, rows, stride, pool);
      layer.ffn_norm.run(a.middle, hidden, a.normed, rows, stride, pool);
      run.feed_forward(layer, a.normed, rows);
      if (layer.ffn_out_norm) layer.ffn_out_norm->run(a.hidden, nullptr, rows, stride, pool);
      add_rows(a.hidden, a.middle, weights_->hidden, rows, stride, pool);
    } else {
      layer.attention_norm->run(a.middle, hidden, rows, stride, pool);
      if (layer.second_norm) layer.second_norm->run(a.middle, hidden, rows, stride, pool);
      run.feed_forward(layer, a.middle, rows);
      layer.ffn_norm.run(a.hidden, a.middle, rows, stride, pool);
    }
    hidden = a.hidden;
    if (convolves) weights_->convolution->add(slice, convolved, a.hidden, pool);
    if (i + 1 == layers() && weights_->final_norm) weights_->final_norm->run(a.hidden, nullptr, rows, stride, pool);
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

// From ids to what the first layer reads. @param wide  memory for rows as wide as the embeddings
void Encoder::embed_slice(const Slice& slice, float* wide, float* hidden, Workspace& workspace,
                          kernels::ThreadPool& pool) const {
  const std::size_t stride = row_pitch(weights_->hidden);
  const EmbeddingWeights& embeddings = weights_->embeddings;
  const bool positions = !weights_->rotary.empty();
  if (embeddings.projection != nullptr) {
    embed(slice, embeddings, positions, pool, wide);
    embeddings.projection->run(wide, slice.tokens(), hidden,
                               {.x_stride = row_pitch(embeddings.words->width()), .y_stride = stride}, pool,
                               workspace.linear);
  } else {
    embed(slice, embeddings, positions, pool, hidden);
  }
  if (embeddings.norm && embeddings.norm_last) embeddings.norm->run(hidden, nullptr, slice.tokens(), stride, pool);
  if (embeddings.zero_masked) zero_masked(slice, hidden, stride, weights_->hidden);
}

std::unique_ptr<const Encoder> pack_encoder(const family::EncoderSpec& spec, DType dtype, kernels::ThreadPool& pool) {
  Packer packer(pool);
  std::unique_ptr<const EncoderWeights> weights = prepare_encoder(spec, dtype, false, packer);
  packer.run();
  return std::make_unique<const Encoder>(std::move(weights));
}

}  // namespace bertrt::engine::packed
