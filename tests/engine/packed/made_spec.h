#pragma once

#include <bit>
#include <cstdint>
#include <cstring>
#include <deque>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "family/encoder_spec.h"
#include "family/relative_buckets.h"
#include "kernels/ops/rows.h"

namespace bertrt::engine::packed {

/// Specs with random weights, without any file. The weights live as long as the maker does.
class SpecMaker {
 public:
  explicit SpecMaker(unsigned seed) : random_(seed) {}

  family::Weight weight(std::vector<std::int64_t> shape, float mean = 0, float deviation = 0.3F) {
    std::size_t count = 1;
    for (const std::int64_t size : shape) count *= static_cast<std::size_t>(size);
    std::normal_distribution<float> draw(mean, deviation);
    std::vector<float>& values = stored_.emplace_back(count);
    for (float& value : values) value = draw(random_);
    return view(values, std::move(shape));
  }
  family::Dense dense(std::size_t out, std::size_t in, bool bias = true) {
    family::Dense result{weight({as_size(out), as_size(in)}), {}};
    if (bias) result.bias = weight({as_size(out)});
    return result;
  }
  family::LayerNorm norm(std::size_t width, float eps) {
    return {weight({as_size(width)}, 1, 0.1F), weight({as_size(width)}), eps};
  }

  /// Two layers that differ in all that they can: scale, activation, epsilons.
  family::EncoderSpec encoder(std::size_t hidden = 24, std::size_t heads = 3, std::size_t vocabulary = 40) {
    family::EncoderSpec spec;
    spec.hidden = hidden;
    spec.heads = heads;
    spec.embeddings.words = weight({as_size(vocabulary), as_size(hidden)});
    spec.embeddings.positions = weight({32, as_size(hidden)});
    spec.embeddings.types = weight({3, as_size(hidden)});
    spec.embeddings.norm = norm(hidden, 1e-2F);
    spec.layers = {layer(hidden, 2 * hidden, 0.1F), layer(hidden, hidden + 5, 0.7F)};
    spec.layers[0].attention_norm->eps = 0.5F;
    spec.layers[1].ffn_norm.eps = 0.2F;
    spec.layers[1].activation = family::Activation::relu;
    return spec;
  }
  family::LayerSpec layer(std::size_t hidden, std::size_t inner, float scale) {
    family::LayerSpec spec;
    spec.query = dense(hidden, hidden);
    spec.key = dense(hidden, hidden, false);
    spec.value = dense(hidden, hidden);
    spec.scale = scale;
    spec.attention_out = dense(hidden, hidden);
    spec.attention_norm = norm(hidden, 1e-5F);
    spec.ffn_in = dense(inner, hidden);
    spec.ffn_out = dense(hidden, inner);
    spec.ffn_norm = norm(hidden, 1e-5F);
    return spec;
  }

  void give_experts(family::LayerSpec& layer, std::size_t hidden, std::size_t count, std::size_t chosen) {
    family::ExpertsSpec& experts = layer.experts.emplace();
    experts.router = dense(count, hidden, false);
    experts.chosen = chosen;
    experts.bias = weight({as_size(hidden)});
    for (std::size_t i = 0; i < count; ++i) {
      experts.experts.push_back({dense(2 * hidden, hidden, false), dense(hidden, 2 * hidden)});
    }
    layer.ffn_in = layer.ffn_out = {};
  }

  /// DeBERTa's attention in both layers. @param buckets_to  the distance up to which `span` buckets reach; 0: no
  /// buckets
  void disentangle(family::EncoderSpec& spec, std::size_t span, std::size_t buckets_to) {
    spec.mask = family::MaskKind::pairs;
    const std::size_t buckets = buckets_to == 0 ? 0 : span;
    spec.disentangled = {weight({as_size(2 * span), as_size(spec.hidden)}),
                         {},
                         family::disentangled_rows(span, buckets, buckets_to, "test")};
    for (family::LayerSpec& layer : spec.layers) {
      layer.position_key = dense(spec.hidden, spec.hidden, false);
      layer.position_query = dense(spec.hidden, spec.hidden);
    }
  }

  /// The same numbers, stored column after column.
  family::Weight transposed(const family::Weight& matrix) {
    const std::int64_t rows = matrix.tensor.shape[0];
    const std::int64_t columns = matrix.tensor.shape[1];
    const std::vector<float> values = archive::to_float32(matrix.tensor);
    std::vector<float>& turned = stored_.emplace_back(values.size());
    for (std::int64_t r = 0; r < rows; ++r) {
      for (std::int64_t c = 0; c < columns; ++c) {
        turned[static_cast<std::size_t>(c * rows + r)] = values[static_cast<std::size_t>(r * columns + c)];
      }
    }
    family::Weight result = view(turned, {rows, columns});
    result.tensor.strides = {1, rows};
    return result;
  }
  /// The same numbers in another type, to nearest.
  family::Weight as_type(const family::Weight& weight, archive::ElementType type) {
    const std::vector<float> values = archive::to_float32(weight.tensor);
    std::vector<float>& stored = stored_.emplace_back(2 * values.size());  // room for doubles
    if (type == archive::ElementType::float64) {
      const std::vector<double> wide(values.begin(), values.end());
      std::memcpy(stored.data(), wide.data(), wide.size() * sizeof(double));
    } else if (type == archive::ElementType::float16) {
      kernels::ops::narrow(values.data(), values.size(), reinterpret_cast<std::uint16_t*>(stored.data()));
    } else {
      auto* to = reinterpret_cast<std::uint16_t*>(stored.data());
      for (const float value : values) *to++ = static_cast<std::uint16_t>(std::bit_cast<std::uint32_t>(value) >> 16);
    }
    family::Weight result = view(stored, weight.tensor.shape);
    result.tensor.type = type;
    return result;
  }
  /// What a weight of another type holds, in fp32.
  family::Weight widened(const family::Weight& weight) {
    return view(stored_.emplace_back(archive::to_float32(weight.tensor)), weight.tensor.shape);
  }
  /// The rows of several matrices or vectors in one storage, a view of each.
  std::vector<family::Weight> fused(const std::vector<family::Weight>& parts) {
    std::vector<float>& values = stored_.emplace_back();
    for (const family::Weight& part : parts) {
      const std::vector<float> more = archive::to_float32(part.tensor);
      values.insert(values.end(), more.begin(), more.end());
    }
    std::vector<family::Weight> views;
    std::int64_t offset = 0;
    for (const family::Weight& part : parts) {
      views.push_back(view(values, part.tensor.shape));
      views.back().tensor.storage_offset = offset;
      offset += static_cast<std::int64_t>(part.tensor.elements());
    }
    return views;
  }

 private:
  static std::int64_t as_size(std::size_t size) { return static_cast<std::int64_t>(size); }

  family::Weight view(const std::vector<float>& values, std::vector<std::int64_t> shape) {
    family::Weight weight{"weight " + std::to_string(stored_.size()), {}};
    weight.tensor.shape = std::move(shape);
    std::int64_t stride = 1;
    for (std::size_t axis = weight.tensor.shape.size(); axis-- > 0; stride *= weight.tensor.shape[axis]) {
      weight.tensor.strides.insert(weight.tensor.strides.begin(), stride);
    }
    weight.tensor.storage = std::as_bytes(std::span(values));
    return weight;
  }

  std::mt19937 random_;
  std::deque<std::vector<float>> stored_;
};

}  // namespace bertrt::engine::packed
