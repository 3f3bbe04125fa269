#include "engine/packed/encoder_weights.h"

#include <algorithm>
#include <cmath>
#include <string>

#include "bertrt/error.h"

namespace bertrt::engine::packed {
namespace {

using family::PositionScheme;

constexpr const char* kWhere = "EncoderSpec";

[[noreturn]] void refuse(std::string expected, std::string found) {
  throw Error(ErrorCode::model_mismatch, kWhere, std::move(expected), std::move(found));
}

void check_sizes(const family::EncoderSpec& spec) {
  const bool divides = spec.head != 0 || (spec.heads != 0 && spec.hidden % spec.heads == 0);
  if (spec.hidden == 0 || spec.heads == 0 || !divides || spec.layers.empty()) {
    refuse("layers, heads that divide the hidden size", std::to_string(spec.layers.size()) + " layers, " +
                                                            std::to_string(spec.heads) + " heads, hidden " +
                                                            std::to_string(spec.hidden));
  }
}

bool has_distances(const family::EncoderSpec& spec) {
  return std::any_of(spec.layers.begin(), spec.layers.end(),
                     [](const family::LayerSpec& layer) { return layer.distances.has_value(); });
}

// Which parts go together; each checks its own sizes.
void check_positions(const family::EncoderSpec& spec) {
  const bool pairs = spec.mask == family::MaskKind::pairs;
  const bool distances = has_distances(spec);
  for (const family::LayerSpec& layer : spec.layers) {
    if ((layer.position_key || layer.position_query) && !spec.disentangled) {
      refuse("a table of the positions that a layer projects", "none");
    }
  }
  for (const family::LayerSpec& layer : spec.layers) {
    if (!layer.attention_norm && !spec.norm_first) refuse("a norm behind attention", "none");
    if (layer.second_norm && spec.norm_first) refuse("no second norm behind attention where norms come first", "one");
    if (layer.window != 0 && (pairs || distances || spec.relative_bias || !spec.slopes.empty())) {
      refuse("no windows of attention where scores depend on distances", "one");
    }
    if (spec.causal && layer.window != 0) refuse("no windows where a token sees those before it", "one");
  }
  const bool by_distance = pairs || spec.disentangled || distances || spec.relative_bias || !spec.slopes.empty();
  if (spec.causal && by_distance) refuse("no scores of positions where a token sees those before it", "some");
  if (spec.head != 0 && by_distance) refuse("heads that divide the hidden size where positions have scores", "others");
  if (spec.disentangled && spec.mask == family::MaskKind::keys) {
    refuse("a mask of pairs, or none, where attention is disentangled", "another mask");
  }
  if (int{pairs || spec.disentangled} + int{distances} + int{spec.relative_bias.has_value()} +
          int{!spec.slopes.empty()} >
      1) {
    refuse("one way of positions in scores", "several");
  }
  const bool numbers =
      std::all_of(spec.slopes.begin(), spec.slopes.end(), [](float one) { return std::isfinite(one); });
  if (!spec.slopes.empty() && (spec.slopes.size() != spec.heads || !numbers)) {
    refuse("a finite slope for each of the heads", std::to_string(spec.slopes.size()) + " slopes");
  }
}

// What is as far apart as a text can be has a row of its own.
void check_reach(const family::EncoderSpec& spec, std::size_t max_length) {
  for (const family::LayerSpec& layer : spec.layers) {
    if (!layer.distances) continue;
    const auto& shape = layer.distances->table.tensor.shape;
    const std::size_t rows = shape.size() == 2 && shape[0] > 0 ? static_cast<std::size_t>(shape[0]) : 0;
    if (rows % 2 == 0 || max_length == 0 || max_length > (rows + 1) / 2) {
      refuse("a row for each distance within texts of " + std::to_string(max_length) + " tokens",
             std::to_string(rows) + " rows of " + layer.distances->table.name);
    }
  }
}

void check_angles(const family::EncoderSpec& spec, std::size_t max_length) {
  for (const family::RotarySpec& rotary : spec.rotary) {
    const std::size_t width = 2 * rotary.frequencies.size();
    if (rotary.table.empty() || (width != 0 && max_length != 0 && rotary.table.size() / width >= max_length)) continue;
    refuse("angles of all positions up to " + std::to_string(max_length),
           std::to_string(rotary.table.size()) + " numbers");
  }
}

// Beside layers in int8, the words' rows are integers, too, and what is small or multiplied with is in halves: their
// rounding is below that of the layers.
void prepare_embeddings(const family::EncoderSpec& spec, DType dtype, bool tied, EmbeddingWeights& to, Packer& packer) {
  const family::Embeddings& from = spec.embeddings;
  const RowFormat small = dtype == DType::int8 ? RowFormat::fp16 : RowFormat::fp32;
  to.words = packer.table(from.words, 0, dtype == DType::int8 && !tied ? RowFormat::int8 : small);
  const std::size_t width = to.words->width();
  if (from.positions.has_value() != (from.position_scheme != PositionScheme::none)) {
    refuse("a table of positions where the scheme has them", from.positions ? "a table and no scheme" : "no table");
  }
  if (from.positions) to.positions = packer.table(*from.positions, width, small);
  if (from.types) {
    to.types = packer.table(*from.types, width, small);
    if (from.fixed_type < 0 || static_cast<std::size_t>(from.fixed_type) >= to.types->rows()) {
      refuse("a token type below " + std::to_string(to.types->rows()), std::to_string(from.fixed_type));
    }
  }
  if (!std::isfinite(from.scale)) refuse("a finite scale of words", std::to_string(from.scale));
  to.scale = from.scale;
  to.position_scheme = from.position_scheme;
  to.first_position = from.first_position;
  to.padding_id = from.padding_id;
  to.takes_types = from.takes_types;
  to.fixed_type = from.fixed_type;
  to.norm_last = from.norm_last;
  to.dropped = from.dropped;
  to.takes_mask = spec.mask != family::MaskKind::none;
  to.zero_masked = from.zero_masked || spec.mask == family::MaskKind::pairs;
  if (from.norm) to.norm = norm_of(*from.norm, from.norm_last ? spec.hidden : width);
  if (from.projection) {
    if (outputs_of(*from.projection) != spec.hidden) {
      refuse("a projection to " + std::to_string(spec.hidden), std::to_string(from.projection->out()));
    }
    packer.linear(*from.projection, width, DType::fp32, to.projection);
  } else if (width != spec.hidden) {
    refuse("word embeddings as wide as the hidden size " + std::to_string(spec.hidden),
           std::to_string(width) + " and no projection");
  }
}

void prepare_layer(const family::LayerSpec& from, const family::EncoderSpec& spec, DType dtype, LayerWeights& to,
                   Packer& packer) {
  const std::size_t hidden = spec.hidden;
  const std::size_t head = spec.head_size();
  const std::size_t width = spec.attention_width();
  const family::Dense* const qkv[3] = {&from.query, &from.key, &from.value};
  for (const family::Dense* part : qkv) {
    if (outputs_of(*part) != width) {
      throw Error(ErrorCode::model_mismatch, part->weight.name, std::to_string(width) + " outputs",
                  std::to_string(part->out()));
    }
  }
  if (!std::isfinite(from.scale)) refuse("a finite scale of attention", std::to_string(from.scale));
  if (outputs_of(from.attention_out) != hidden) {
    throw Error(ErrorCode::model_mismatch, from.attention_out.weight.name, std::to_string(hidden) + " outputs",
                std::to_string(from.attention_out.out()));
  }
  packer.linear(qkv, hidden, dtype, to.qkv);
  to.scale = from.scale;
  packer.linear(from.attention_out, width, dtype, to.attention_out);
  if (from.attention_norm) to.attention_norm = norm_of(*from.attention_norm, hidden);
  if (from.second_norm) to.second_norm = norm_of(*from.second_norm, hidden);
  const auto width_of = [&](const family::LayerNorm& norm) {
    const auto& shape = norm.gamma.tensor.shape;
    return shape.size() == 1 && shape[0] == static_cast<std::int64_t>(head) ? head : width;
  };
  if (from.query_norm) to.query_norm = norm_of(*from.query_norm, width_of(*from.query_norm));
  if (from.key_norm) to.key_norm = norm_of(*from.key_norm, width_of(*from.key_norm));
  if (from.attention_out_norm) to.attention_out_norm = norm_of(*from.attention_out_norm, hidden);
  if (from.ffn_out_norm) to.ffn_out_norm = norm_of(*from.ffn_out_norm, hidden);
  to.activation = activation_of(from.activation);
  to.ffn_norm = norm_of(from.ffn_norm, hidden);
  if (from.experts) {
    to.experts = std::make_unique<const Experts>(*from.experts, hidden, dtype, packer);
    return;
  }
  const std::size_t inner = outputs_of(from.ffn_in);
  if (outputs_of(from.ffn_out) != hidden) {
    throw Error(ErrorCode::model_mismatch, from.ffn_out.weight.name, std::to_string(hidden) + " outputs",
                std::to_string(from.ffn_out.out()));
  }
  packer.linear(from.ffn_in, hidden, dtype, to.ffn_in);
  if (from.ffn_gate) {
    if (outputs_of(*from.ffn_gate) != inner) {
      throw Error(ErrorCode::model_mismatch, from.ffn_gate->weight.name, std::to_string(inner) + " outputs",
                  std::to_string(from.ffn_gate->out()));
    }
    packer.linear(*from.ffn_gate, hidden, dtype, to.ffn_gate);
  }
  packer.linear(from.ffn_out, inner, dtype, to.ffn_out);
}

}  // namespace

std::size_t longest_text(const family::EncoderSpec& spec) {
  const family::Embeddings& embeddings = spec.embeddings;
  if (embeddings.position_scheme == PositionScheme::none) return spec.max_length;
  if (!embeddings.positions) refuse("a table of positions where the scheme has them", "no table");
  const bool counted = embeddings.position_scheme == PositionScheme::counted;
  const std::int64_t first = counted ? embeddings.padding_id : embeddings.first_position;
  const std::int64_t rows = embeddings.positions->tensor.shape[0];
  const std::int64_t skipped = counted ? first + 1 : first;
  if (first < 0 || skipped >= rows) {
    refuse("a first position below " + std::to_string(rows), std::to_string(skipped));
  }
  const auto reach = static_cast<std::size_t>(rows - skipped);
  if (spec.max_length > reach) {
    refuse("texts of at most " + std::to_string(reach) + " tokens, what the positions reach",
           std::to_string(spec.max_length));
  }
  return spec.max_length == 0 ? reach : spec.max_length;
}

std::unique_ptr<EncoderWeights> prepare_encoder(const family::EncoderSpec& spec, DType dtype, bool tied,
                                                Packer& packer) {
  check_sizes(spec);
  auto weights = std::make_unique<EncoderWeights>();
  weights->hidden = spec.hidden;
  weights->heads = spec.heads;
  weights->attention = spec.attention_width();
  weights->causal = spec.causal;
  weights->takes_mask = spec.mask != family::MaskKind::none;
  weights->masks_pairs = spec.mask == family::MaskKind::pairs;
  weights->attention_kernel = kernels::ops::attention_kernel(dtype);
  prepare_embeddings(spec, dtype, tied, weights->embeddings, packer);
  weights->max_length = longest_text(spec);
  if (spec.relative_bias) {
    if (weights->max_length == 0) refuse("a longest text where positions are relative", "none");
    weights->relative_bias = RelativeBias(*spec.relative_bias, spec.heads, weights->max_length);
  }
  check_positions(spec);
  check_reach(spec, weights->max_length);
  check_angles(spec, weights->max_length);
  if (weights->masks_pairs || spec.disentangled || has_distances(spec)) {
    weights->disentangled = std::make_unique<DisentangledAttention>(spec, packer.pool());
  }
  weights->slopes = spec.slopes;
  weights->rotary = Rotary(spec.rotary, spec.head_size());
  weights->norm_first = spec.norm_first;
  if (spec.final_norm) weights->final_norm = norm_of(*spec.final_norm, spec.hidden);
  if (spec.convolution)
    weights->convolution = std::make_unique<Convolution>(*spec.convolution, spec.hidden, weights->takes_mask, dtype);
  weights->layers.resize(spec.layers.size());
  for (std::size_t i = 0; i < spec.layers.size(); ++i) {
    prepare_layer(spec.layers[i], spec, dtype, weights->layers[i], packer);
    if (spec.layers[i].rotary < spec.rotary.size()) weights->layers[i].rotary = spec.layers[i].rotary;
    weights->layers[i].window = spec.layers[i].window;
  }
  if (spec.pooler) {
    weights->pooled = outputs_of(*spec.pooler);
    packer.linear(*spec.pooler, spec.hidden, DType::fp32, weights->pooler);
  }
  return weights;
}

}  // namespace bertrt::engine::packed
