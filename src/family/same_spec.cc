#include "family/same_spec.h"

#include <algorithm>

namespace bertrt::family {
namespace {

bool same_scales(const archive::TensorView& a, const archive::TensorView& b) {
  if (a.row_scales == nullptr || b.row_scales == nullptr) return a.row_scales == b.row_scales;
  return std::equal(a.row_scales.get(), a.row_scales.get() + a.shape[0], b.row_scales.get());
}
bool same(const Weight& a, const Weight& b) {
  return a.tensor.storage.data() == b.tensor.storage.data() && a.tensor.storage_offset == b.tensor.storage_offset &&
         a.tensor.shape == b.tensor.shape && a.tensor.strides == b.tensor.strides && a.tensor.type == b.tensor.type &&
         same_scales(a.tensor, b.tensor);
}
bool same(const Dense& a, const Dense& b);
bool same(const LayerNorm& a, const LayerNorm& b);
bool same(const RelativeBiasSpec& a, const RelativeBiasSpec& b);
bool same(const DisentangledSpec& a, const DisentangledSpec& b);
bool same(const ConvolutionSpec& a, const ConvolutionSpec& b);
bool same(const DistanceSpec& a, const DistanceSpec& b);
bool same(const DroppedToken& a, const DroppedToken& b);

template <typename T>
bool same(const std::optional<T>& a, const std::optional<T>& b) {
  return a.has_value() == b.has_value() && (!a || same(*a, *b));
}
bool same(const Dense& a, const Dense& b) { return same(a.weight, b.weight) && same(a.bias, b.bias); }
bool same(const LayerNorm& a, const LayerNorm& b) {
  return same(a.gamma, b.gamma) && same(a.beta, b.beta) && a.eps == b.eps && a.centred == b.centred;
}

// As far as both know the rows.
bool same_rows(const std::vector<std::int32_t>& a, const std::vector<std::int32_t>& b) {
  const std::vector<std::int32_t>& less = a.size() < b.size() ? a : b;
  const std::vector<std::int32_t>& more = a.size() < b.size() ? b : a;
  return std::equal(less.begin(), less.end(),
                    more.begin() + static_cast<std::ptrdiff_t>((more.size() - less.size()) / 2));
}

bool same(const RelativeBiasSpec& a, const RelativeBiasSpec& b) {
  return same(a.table, b.table) && same_rows(a.rows, b.rows);
}
bool same(const DisentangledSpec& a, const DisentangledSpec& b) {
  return same(a.table, b.table) && same(a.norm, b.norm) && same_rows(a.rows, b.rows);
}

bool same(const ConvolutionSpec& a, const ConvolutionSpec& b) {
  return same(a.weight, b.weight) && same(a.bias, b.bias) && a.activation == b.activation && same(a.norm, b.norm);
}

bool same(const DistanceSpec& a, const DistanceSpec& b) {
  return same(a.table, b.table) && a.by_key == b.by_key && a.scale == b.scale;
}

bool same(const DroppedToken& a, const DroppedToken& b) { return a.id == b.id && a.kept == b.kept; }

bool same(const Embeddings& a, const Embeddings& b) {
  return same(a.words, b.words) && same(a.positions, b.positions) && same(a.types, b.types) &&
         a.position_scheme == b.position_scheme && a.first_position == b.first_position &&
         a.padding_id == b.padding_id && a.takes_types == b.takes_types && a.fixed_type == b.fixed_type &&
         a.scale == b.scale && same(a.norm, b.norm) && same(a.projection, b.projection) && same(a.dropped, b.dropped) &&
         a.zero_masked == b.zero_masked && a.norm_last == b.norm_last;
}

bool same(const LayerSpec& a, const LayerSpec& b) {
  return same(a.query, b.query) && same(a.key, b.key) && same(a.value, b.value) && a.scale == b.scale &&
         same(a.position_key, b.position_key) && same(a.position_query, b.position_query) &&
         same(a.query_norm, b.query_norm) && same(a.key_norm, b.key_norm) && same(a.distances, b.distances) &&
         same(a.attention_out, b.attention_out) && same(a.attention_out_norm, b.attention_out_norm) &&
         same(a.ffn_out_norm, b.ffn_out_norm) && same(a.attention_norm, b.attention_norm) &&
         same(a.second_norm, b.second_norm) && a.rotary == b.rotary && !a.experts && !b.experts &&
         same(a.ffn_in, b.ffn_in) && a.activation == b.activation && same(a.ffn_gate, b.ffn_gate) &&
         same(a.ffn_out, b.ffn_out) && same(a.ffn_norm, b.ffn_norm);
}

}  // namespace

bool same_spec(const EncoderSpec& a, const EncoderSpec& b) {
  return a.hidden == b.hidden && a.heads == b.heads && a.head_size() == b.head_size() && a.causal == b.causal &&
         a.mask == b.mask && same(a.embeddings, b.embeddings) && same(a.relative_bias, b.relative_bias) &&
         a.slopes == b.slopes && same(a.disentangled, b.disentangled) && same(a.convolution, b.convolution) &&
         same(a.pooler, b.pooler) && a.norm_first == b.norm_first && same(a.final_norm, b.final_norm) &&
         a.rotary == b.rotary &&
         std::equal(a.layers.begin(), a.layers.end(), b.layers.begin(), b.layers.end(),
                    [](const LayerSpec& x, const LayerSpec& y) { return same(x, y); });
}

bool same_weight(const Weight& a, const Weight& b) { return same(a, b); }
bool same_dense(const Dense& a, const Dense& b) { return same(a, b); }
bool same_positions(const DisentangledSpec& a, const DisentangledSpec& b) { return same(a, b); }

bool same_head(const HeadSpec& a, const HeadSpec& b) {
  return a.reads == b.reads && a.padding_id == b.padding_id && same(a.dense, b.dense) && a.activation == b.activation &&
         same(a.norm, b.norm) && same(a.output, b.output);
}

}  // namespace bertrt::family
