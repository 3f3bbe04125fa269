#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <numbers>
#include <optional>
#include <utility>
#include <vector>

#include "bertrt/encoding.h"
#include "family/encoder_spec.h"

namespace bertrt::engine::packed {

/// A spec's forward pass written as plainly as it can be, in double precision: what the packed model is held to.
class PlainEncoder {
 public:
  using Rows = std::vector<std::vector<double>>;

  explicit PlainEncoder(const family::EncoderSpec& spec) : spec_(spec) {}

  /// States 0 … layers of one text.
  std::vector<Rows> states(const Encoding& text) const {
    std::vector<Rows> states = {embed(text)};
    for (const family::LayerSpec& layer : spec_.layers) {
      Rows rows = run_layer(layer, text, states.back());
      if (spec_.convolution && states.size() == 1) rows = convolve(text, states[0], rows);
      states.push_back(std::move(rows));
    }
    if (spec_.final_norm) states.back() = normalize(states.back(), {}, *spec_.final_norm);
    return states;
  }
  Rows pooled(const Rows& last) const { return activate(multiply({last[0]}, *spec_.pooler), family::Activation::tanh); }

  static Rows head(const family::HeadSpec& spec, Rows rows) {
    if (spec.dense) rows = activate(multiply(rows, *spec.dense), spec.activation);
    if (spec.norm) rows = normalize(rows, {}, *spec.norm);
    return multiply(rows, spec.output);
  }

 private:
  static double at(const family::Weight& weight, std::int64_t row, std::int64_t column = 0) {
    archive::TensorView one = weight.tensor;
    one.storage_offset += row * one.strides[0] + (one.strides.size() > 1 ? column * one.strides[1] : 0);
    one.shape = {1};
    one.strides = {1};
    return archive::to_float32(one)[0];
  }

  Rows embed(const Encoding& text) const {
    const family::Embeddings& from = spec_.embeddings;
    const std::int64_t width = from.words.tensor.shape[1];
    Rows rows;
    std::int64_t seen = 0;
    for (std::size_t i = 0; i < text.input_ids.size(); ++i) {
      const std::int64_t id = text.input_ids[i];
      std::int64_t position = from.first_position + static_cast<std::int64_t>(i);
      if (from.position_scheme == family::PositionScheme::counted) {
        position = id == from.padding_id ? id : from.padding_id + ++seen;
      }
      if (!text.position_ids.empty()) position = text.position_ids[i];
      const bool given = from.takes_types && !text.token_type_ids.empty();
      const std::int64_t type = given ? text.token_type_ids[i] : from.fixed_type;
      std::vector<double>& row = rows.emplace_back();
      for (std::int64_t c = 0; c < width; ++c) {
        row.push_back(at(from.words, id, c) * kept(text, id) * static_cast<double>(from.scale) +
                      (from.positions ? at(*from.positions, position, c) : 0) +
                      (from.types ? at(*from.types, type, c) : 0));
      }
    }
    if (from.norm && !from.norm_last) rows = normalize(rows, {}, *from.norm);
    if (from.projection) rows = multiply(rows, *from.projection);
    if (from.norm && from.norm_last) rows = normalize(rows, {}, *from.norm);
    const bool zero = from.zero_masked || spec_.mask == family::MaskKind::pairs;
    return zero ? zero_masked(text, std::move(rows)) : rows;
  }

  // What a word's row is multiplied with.
  double kept(const Encoding& text, std::int64_t id) const {
    if (!spec_.embeddings.dropped) return 1;
    const family::DroppedToken& from = *spec_.embeddings.dropped;
    double tokens = 0;
    double dropped = 0;
    for (std::size_t i = 0; i < text.input_ids.size(); ++i) {
      tokens += masked(text, i) ? 0 : 1;
      dropped += text.input_ids[i] == from.id ? 1 : 0;
    }
    return id == from.id ? 0 : static_cast<double>(from.kept) / (1 - dropped / tokens);
  }

  static bool masked(const Encoding& text, std::size_t token) {
    return !text.attention_mask.empty() && text.attention_mask[token] == 0;
  }
  static Rows zero_masked(const Encoding& text, Rows rows) {
    for (std::size_t i = 0; i < rows.size(); ++i) {
      if (masked(text, i)) rows[i].assign(rows[i].size(), 0);
    }
    return rows;
  }

  // The sum of a token's neighbours, each through a matrix of its own, and what the first layer gave.
  Rows convolve(const Encoding& text, const Rows& in, const Rows& layer) const {
    const family::ConvolutionSpec& from = *spec_.convolution;
    const auto& shape = from.weight.tensor.shape;
    const auto tokens = static_cast<std::ptrdiff_t>(shape[2]);
    Rows out(in.size(), std::vector<double>(spec_.hidden, 0));
    for (std::size_t i = 0; i < in.size(); ++i) {
      for (std::size_t o = 0; o < spec_.hidden && !masked(text, i); ++o) {
        const auto row = static_cast<std::int64_t>(o);
        out[i][o] = at(from.bias, row);
        for (std::ptrdiff_t t = 0; t < tokens; ++t) {
          const std::ptrdiff_t neighbour = static_cast<std::ptrdiff_t>(i) + t - tokens / 2;
          if (neighbour < 0 || neighbour >= static_cast<std::ptrdiff_t>(in.size())) continue;
          for (std::int64_t c = 0; c < shape[1]; ++c) {
            archive::TensorView one = from.weight.tensor;
            one.storage_offset += row * one.strides[0] + c * one.strides[1] + t * one.strides[2];
            one.shape = one.strides = {1};
            const auto channel = static_cast<std::size_t>(row / shape[1] * shape[1] + c);
            out[i][o] += archive::to_float32(one)[0] * in[static_cast<std::size_t>(neighbour)][channel];
          }
        }
      }
    }
    return zero_masked(text, normalize(activate(out, from.activation), layer, from.norm));
  }

  Rows run_layer(const family::LayerSpec& layer, const Encoding& text, const Rows& in) const {
    if (spec_.norm_first) {
      const Rows read = layer.attention_norm ? normalize(in, {}, *layer.attention_norm) : in;
      const auto behind = [](Rows rows, const std::optional<family::LayerNorm>& norm) {
        return norm ? normalize(std::move(rows), {}, *norm) : rows;
      };
      const Rows context = multiply(attend(layer, text, read), layer.attention_out);
      const Rows middle = add(behind(context, layer.attention_out_norm), in);
      return add(behind(feed_forward(layer, normalize(middle, {}, layer.ffn_norm)), layer.ffn_out_norm), middle);
    }
    const Rows context = attend(layer, text, in);
    Rows middle = normalize(multiply(context, layer.attention_out), in, *layer.attention_norm);
    if (layer.second_norm) middle = normalize(middle, in, *layer.second_norm);
    return normalize(feed_forward(layer, middle), middle, layer.ffn_norm);
  }

  static Rows add(Rows rows, const Rows& more) {
    for (std::size_t r = 0; r < rows.size(); ++r) {
      for (std::size_t c = 0; c < rows[r].size(); ++c) rows[r][c] += more[r][c];
    }
    return rows;
  }

  static Rows feed_forward(const family::LayerSpec& layer, const Rows& in) {
    if (layer.experts) {
      Rows sum;
      for (const std::vector<double>& row : in) sum.push_back(expert_row(layer, row));
      return sum;
    }
    Rows inner = activate(multiply(in, layer.ffn_in), layer.activation);
    if (layer.ffn_gate) {
      const Rows gate = multiply(in, *layer.ffn_gate);
      for (std::size_t r = 0; r < inner.size(); ++r) {
        for (std::size_t c = 0; c < inner[r].size(); ++c) inner[r][c] *= gate[r][c];
      }
    }
    return multiply(inner, layer.ffn_out);
  }

  // Each expert's result times its share, of those with the largest shares, and the bias.
  static std::vector<double> expert_row(const family::LayerSpec& layer, const std::vector<double>& row) {
    std::vector<double> shares = multiply({row}, layer.experts->router)[0];
    double total = 0;
    for (double& share : shares) total += share = std::exp(share);
    std::vector<double> ordered = shares;
    std::sort(ordered.rbegin(), ordered.rend());
    std::vector<double> sum;
    for (std::size_t c = 0; c < row.size(); ++c) sum.push_back(at(layer.experts->bias, static_cast<std::int64_t>(c)));
    for (std::size_t i = 0; i < shares.size(); ++i) {
      if (shares[i] < ordered[layer.experts->chosen - 1]) continue;
      const family::ExpertSpec& expert = layer.experts->experts[i];
      const Rows made = multiply(activate(multiply({row}, expert.in), layer.activation), expert.out);
      for (std::size_t c = 0; c < sum.size(); ++c) sum[c] += made[0][c] * shares[i] / total;
    }
    return sum;
  }

  static double frequency(const family::RotaryGrowth& growth, double length, std::size_t pair, std::size_t pairs) {
    const auto size = static_cast<double>(2 * pairs);
    const double times = growth.factor * length / static_cast<double>(growth.length) - (growth.factor - 1);
    return std::pow(growth.base * std::pow(times, size / (size - 2)), -2 * static_cast<double>(pair) / size);
  }

  // Queries or keys of all tokens, turned by their positions.
  Rows turn(const family::LayerSpec& layer, const Encoding& text, Rows rows) const {
    if (layer.rotary >= spec_.rotary.size()) return rows;
    const family::RotarySpec& from = spec_.rotary[layer.rotary];
    const std::size_t pairs = from.frequencies.size();
    const auto position_of = [&](std::size_t token) {
      return text.position_ids.empty() ? static_cast<double>(token) : static_cast<double>(text.position_ids[token]);
    };
    double length = 0;
    for (std::size_t token = 0; token < rows.size(); ++token) length = std::max(length, position_of(token) + 1);
    for (std::size_t token = 0; token < rows.size(); ++token) {
      const double position = position_of(token);
      for (std::size_t head = 0; head < spec_.attention_width(); head += spec_.head_size()) {
        for (std::size_t i = head; i < head + pairs; ++i) {
          const bool grown = from.growth && length > static_cast<double>(from.growth->length);
          const double angle = position * (grown ? frequency(*from.growth, length, i - head, pairs)
                                                 : static_cast<double>(from.frequencies[i - head]));
          double cosine = std::cos(angle);
          double sine = std::sin(angle);
          if (!from.table.empty()) {
            const float* of_position = from.table.data() + 2 * pairs * static_cast<std::size_t>(position);
            sine = static_cast<double>(of_position[i - head]);
            cosine = static_cast<double>(of_position[pairs + i - head]);
          }
          const double a = rows[token][i];
          const double b = rows[token][i + pairs];
          rows[token][i] = (a * cosine - b * sine) * static_cast<double>(from.factor);
          rows[token][i + pairs] = (b * cosine + a * sine) * static_cast<double>(from.factor);
        }
      }
    }
    return rows;
  }

  Rows attend(const family::LayerSpec& layer, const Encoding& text, const Rows& in) const {
    const auto normed = [](Rows rows, const std::optional<family::LayerNorm>& norm) {
      return norm ? normalize_parts(std::move(rows), *norm) : rows;
    };
    const Rows query = turn(layer, text, normed(multiply(in, layer.query), layer.query_norm));
    const Rows key = turn(layer, text, normed(multiply(in, layer.key), layer.key_norm));
    Rows value = multiply(in, layer.value);
    if (layer.rotary < spec_.rotary.size() && spec_.rotary[layer.rotary].values) value = turn(layer, text, value);
    const std::size_t size = spec_.head_size();
    const bool pairs = spec_.mask == family::MaskKind::pairs;
    Rows table;
    if (spec_.disentangled) {
      const family::Weight& from = spec_.disentangled->table;
      for (std::int64_t r = 0; r < from.tensor.shape[0]; ++r) {
        std::vector<double>& row = table.emplace_back();
        for (std::int64_t c = 0; c < from.tensor.shape[1]; ++c) row.push_back(at(from, r, c));
      }
      if (spec_.disentangled->norm) table = normalize(table, {}, *spec_.disentangled->norm);
    }
    const Rows position_key = layer.position_key ? multiply(table, *layer.position_key) : Rows();
    const Rows position_query = layer.position_query ? multiply(table, *layer.position_query) : Rows();
    Rows context(in.size(), std::vector<double>(spec_.attention_width(), 0));
    for (std::size_t head = 0; head < spec_.heads; ++head) {
      for (std::size_t i = 0; i < in.size(); ++i) {
        std::vector<double> weights(in.size(), 0);
        double total = 0;
        for (std::size_t j = 0; j < in.size(); ++j) {
          const bool even = pairs && masked(text, i);
          if (spec_.causal && j > i) continue;
          if (layer.window != 0 && (i > j ? i - j : j - i) > layer.window) continue;
          if (spec_.mask != family::MaskKind::none && masked(text, j) && !even) continue;
          double score = 0;
          for (std::size_t c = head * size; c < (head + 1) * size && !even; ++c) {
            score += query[i][c] * key[j][c];
            if (layer.position_key) score += query[i][c] * position_key[row_of(i, j)][c];
            if (layer.position_query) score += key[j][c] * position_query[row_of(i, j)][c];
          }
          score *= layer.scale;
          const double apart = static_cast<double>(j) - static_cast<double>(i);
          if (!spec_.slopes.empty()) score -= static_cast<double>(spec_.slopes[head]) * std::abs(apart);
          if (layer.distances && !even) score += by_distance(*layer.distances, head * size, i, j, query[i], key[j]);
          if (spec_.relative_bias) score += bias(head, static_cast<std::ptrdiff_t>(j) - static_cast<std::ptrdiff_t>(i));
          total += weights[j] = std::exp(score);
        }
        for (std::size_t j = 0; j < in.size(); ++j) {
          for (std::size_t c = head * size; c < (head + 1) * size; ++c)
            if (total > 0) context[i][c] += weights[j] / total * value[j][c];
        }
      }
    }
    return context;
  }

  double by_distance(const family::DistanceSpec& from, std::size_t first, std::size_t i, std::size_t j,
                     const std::vector<double>& query, const std::vector<double>& key) const {
    const std::int64_t row =
        static_cast<std::int64_t>(i) - static_cast<std::int64_t>(j) + from.table.tensor.shape[0] / 2;
    double sum = 0;
    for (std::size_t c = 0; c < spec_.head_size(); ++c) {
      const double other = query[first + c] + (from.by_key ? key[first + c] : 0);
      sum += other * at(from.table, row, static_cast<std::int64_t>(c));
    }
    return sum * static_cast<double>(from.scale);
  }

  // Of the table of positions, for query i and key j.
  std::size_t row_of(std::size_t i, std::size_t j) const {
    const std::vector<std::int32_t>& rows = spec_.disentangled->rows;
    const auto middle = static_cast<std::ptrdiff_t>(rows.size() / 2);
    const std::ptrdiff_t distance = static_cast<std::ptrdiff_t>(i) - static_cast<std::ptrdiff_t>(j);
    return static_cast<std::size_t>(rows[static_cast<std::size_t>(middle + std::clamp(distance, -middle, middle))]);
  }

  double bias(std::size_t head, std::ptrdiff_t distance) const {
    const family::RelativeBiasSpec& from = *spec_.relative_bias;
    const auto middle = static_cast<std::ptrdiff_t>(from.rows.size() / 2);
    return at(from.table, from.rows[static_cast<std::size_t>(middle + distance)], static_cast<std::int64_t>(head));
  }

  static Rows multiply(const Rows& rows, const family::Dense& dense) {
    Rows out;
    for (const std::vector<double>& row : rows) {
      std::vector<double>& to = out.emplace_back();
      for (std::size_t o = 0; o < dense.out(); ++o) {
        const auto index = static_cast<std::int64_t>(o);
        double sum = dense.bias ? at(*dense.bias, index) : 0;
        for (std::size_t i = 0; i < row.size(); ++i)
          sum += row[i] * at(dense.weight, index, static_cast<std::int64_t>(i));
        to.push_back(sum);
      }
    }
    return out;
  }

  // Each row as one, or in parts as wide as the norm.
  static Rows normalize_parts(Rows rows, const family::LayerNorm& norm) {
    const auto width = static_cast<std::ptrdiff_t>(norm.gamma.tensor.shape[0]);
    for (std::vector<double>& row : rows) {
      for (auto part = row.begin(); part != row.end(); part += width) {
        const Rows one = normalize({{part, part + width}}, {}, norm);
        std::copy(one[0].begin(), one[0].end(), part);
      }
    }
    return rows;
  }

  static Rows normalize(Rows rows, const Rows& residual, const family::LayerNorm& norm) {
    for (std::size_t r = 0; r < rows.size(); ++r) {
      std::vector<double>& row = rows[r];
      const auto width = static_cast<double>(row.size());
      double mean = 0;
      double variance = 0;
      for (std::size_t c = 0; c < row.size(); ++c) mean += row[c] += residual.empty() ? 0 : residual[r][c];
      mean = norm.centred ? mean / width : 0;
      for (const double value : row) variance += (value - mean) * (value - mean) / width;
      for (std::size_t c = 0; c < row.size(); ++c) {
        const auto index = static_cast<std::int64_t>(c);
        row[c] = (row[c] - mean) / std::sqrt(variance + norm.eps) * at(norm.gamma, index) +
                 (norm.beta ? at(*norm.beta, index) : 0.0);
      }
    }
    return rows;
  }

  static Rows activate(Rows rows, family::Activation activation) {
    for (std::vector<double>& row : rows) {
      for (double& x : row) {
        switch (activation) {
          case family::Activation::none: break;
          case family::Activation::gelu_erf: x = x / 2 * (1 + std::erf(x / std::numbers::sqrt2)); break;
          case family::Activation::gelu_tanh:
            x = x / 2 * (1 + std::tanh(std::sqrt(2 / std::numbers::pi) * (x + 0.044715 * x * x * x)));
            break;
          case family::Activation::relu: x = std::max(x, 0.0); break;
          case family::Activation::tanh: x = std::tanh(x); break;
          case family::Activation::silu: x = x / (1 + std::exp(-x)); break;
        }
      }
    }
    return rows;
  }

  const family::EncoderSpec& spec_;
};

}  // namespace bertrt::engine::packed
