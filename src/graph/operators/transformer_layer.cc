#include <cmath>
#include <limits>
#include <vector>

#include "graph/operators/arithmetic.h"
#include "graph/operators/common.h"
#include "graph/operators/composites.h"
#include "graph/operators/normalization.h"
#include "graph/operators/products.h"
#include "graph/operators/scalar.h"
#include "graph/operators/table.h"

// What torch.nn.MultiheadAttention and TransformerEncoderLayer are in a trace that was made without gradients.
namespace bertrt::graph {
namespace {

Tensor linear(Call& c, const Tensor& x, const Tensor& weight, const Tensor& bias) {
  return made_by(c, "aten::linear", {Value(x), Value(weight), Value(bias)});
}

struct Attention {
  std::int64_t heads = 0;
  Tensor qkv_weight;  ///< [3 * width, width]
  Tensor qkv_bias;
  Tensor output_weight;
  Tensor output_bias;
  std::optional<Tensor> mask;  ///< true (not 0) hides
  std::optional<std::int64_t> mask_kind;
};

Attention read_attention(const Call& c, std::size_t heads, std::size_t mask, std::size_t mask_kind,
                         std::int64_t width) {
  Attention attention{c.integer(heads),
                      c.tensor(heads + 1),
                      c.tensor(heads + 2),
                      c.tensor(heads + 3),
                      c.tensor(heads + 4),
                      c.optional_tensor(mask),
                      {}};
  if (c.has(mask_kind)) attention.mask_kind = c.integer(mask_kind);
  if (attention.heads < 1 || width % attention.heads != 0) {
    c.fail("heads that share " + std::to_string(width) + " evenly", std::to_string(attention.heads));
  }
  if (attention.qkv_weight.sizes() != Sizes{3 * width, width} || attention.qkv_bias.sizes() != Sizes{3 * width}) {
    c.fail("a weight of query, key and value", to_string(attention.qkv_weight.sizes()));
  }
  return attention;
}

/// [texts, tokens, width] -> [texts, heads, tokens, width / heads]
Tensor by_heads(Call& c, const Tensor& x, std::int64_t heads) {
  return transposed(reshaped(c, x, {x.size(0), x.size(1), heads, x.size(2) / heads}), 1, 2);
}

/// The mask as [texts or 1, heads or 1, queries or 1, keys].
Tensor mask_of_scores(Call& c, const Attention& attention, const Tensor& scores) {
  const Tensor& mask = *attention.mask;
  const std::int64_t kind = attention.mask_kind.value_or(-1);
  Tensor wide = mask;
  if (kind == 0 && mask.rank() == 2) {  // queries, keys
    wide = unsqueezed(unsqueezed(mask, 0), 0);
  } else if (kind == 1 && mask.rank() == 2) {  // texts, keys
    wide = unsqueezed(unsqueezed(mask, 1), 1);
  } else if (kind != 2 || mask.rank() != 4) {
    c.fail("a mask of queries or keys (kind 0, 1 or 2)", to_string(mask.sizes()) + " of kind " + std::to_string(kind));
  }
  if (broadcast(wide.sizes(), scores.sizes()) != scores.sizes()) {
    c.fail("a mask that fits " + to_string(scores.sizes()), to_string(mask.sizes()));
  }
  return cast(c, wide, ElementType::boolean);
}

/// All of them [texts, tokens, width]; `weights` becomes [texts, heads, queries, keys].
Tensor attend(Call& c, const Attention& attention, const Tensor& query, const Tensor& key, const Tensor& value,
              Tensor* weights) {
  const std::int64_t width = query.size(2);
  const auto projected = [&](const Tensor& x, std::int64_t part) {
    return by_heads(c,
                    linear(c, x, narrowed(attention.qkv_weight, 0, part * width, width),
                           narrowed(attention.qkv_bias, 0, part * width, width)),
                    attention.heads);
  };
  const Tensor q = projected(query, 0);
  const double scale = 1 / std::sqrt(static_cast<double>(width / attention.heads));
  Tensor scores = matrix_product(c, product_of(c, q, wrap(Value(scale))), transposed(projected(key, 1), 2, 3));
  if (attention.mask) {
    constexpr double kHidden = -std::numeric_limits<double>::infinity();
    scores =
        made_by(c, "aten::masked_fill", {Value(scores), Value(mask_of_scores(c, attention, scores)), Value(kHidden)});
  }
  scores = softmax_of(c, scores, 3, false);
  if (weights != nullptr) *weights = scores;
  const Tensor seen = contiguous(c, transposed(matrix_product(c, scores, projected(value, 2)), 1, 2));
  return linear(c, reshaped(c, seen, query.sizes()), attention.output_weight, attention.output_bias);
}

void check_states(const Call& c, const Tensor& x, std::int64_t width) {
  if (x.rank() != 3 || x.size(2) != width || !is_floating(x.type()) || x.size(1) == 0) {
    c.fail("states [texts, tokens, " + std::to_string(width) + "]", to_string(x.sizes()));
  }
}

/// (query, key, value, width, heads, 4 weights, mask, need_weights, average_weights, mask_kind)
void multi_head_attention(Call& c) {
  const std::int64_t width = c.integer(3);
  for (const std::size_t i : {0, 1, 2}) check_states(c, c.tensor(i), width);
  const Attention attention = read_attention(c, 4, 9, 12, width);
  Tensor weights;
  const Tensor out = attend(c, attention, c.tensor(0), c.tensor(1), c.tensor(2), &weights);
  if (!c.flag(10)) return c.give(Value::tuple({Value(out), Value()}));
  if (c.flag(11)) {
    weights = made_by(c, "aten::mean", {Value(weights), Value::list(Sizes{1}), Value(false), Value()}, 1);
  }
  c.give(Value::tuple({Value(out), Value(weights)}));
}

Tensor normed(Call& c, const Tensor& x, std::size_t weight, double eps) {
  return made_by(
      c, "aten::layer_norm",
      {Value(x), Value::list(Sizes{x.size(2)}), c.argument(weight), c.argument(weight + 1), Value(eps), Value(true)});
}

/// (states, width, heads, 4 weights of attention, use_gelu, norm_first, eps, 2 norms, 2 layers, mask, mask_kind)
void encoder_layer(Call& c) {
  const Tensor& x = c.tensor(0);
  const std::int64_t width = c.integer(1);
  check_states(c, x, width);
  const Attention attention = read_attention(c, 2, 18, 19, width);
  const bool in_front = c.flag(8);
  const double eps = c.real(9);
  const auto sum = [&](const Tensor& a, const Tensor& b) { return sum_of(c, a, b, Value(std::int64_t{1})); };
  const Tensor seen = in_front ? normed(c, x, 10, eps) : x;
  Tensor states = sum(attend(c, attention, seen, seen, seen, nullptr), x);
  if (!in_front) states = normed(c, states, 10, eps);
  Tensor wide = linear(c, in_front ? normed(c, states, 12, eps) : states, c.tensor(14), c.tensor(15));
  wide = c.flag(7) ? made_by(c, "aten::gelu", {Value(wide), Value(std::string("none"))})
                   : made_by(c, "aten::relu", {Value(wide)});
  states = sum(linear(c, wide, c.tensor(16), c.tensor(17)), states);
  c.give(in_front ? states : normed(c, states, 12, eps));
}

}  // namespace

void add_transformer_layer(Table& t) {
  t.add("aten::_native_multi_head_attention",
        {{"_native_multi_head_attention(Tensor query, Tensor key, Tensor value, int embed_dim, int num_head, Tensor "
          "qkv_weight, Tensor qkv_bias, Tensor proj_weight, Tensor proj_bias, Tensor? mask=None, bool "
          "need_weights=True, bool average_attn_weights=True, int? mask_type=None) -> (Tensor, Tensor)",
          multi_head_attention}});
  t.add("aten::_transformer_encoder_layer_fwd",
        {{"_transformer_encoder_layer_fwd(Tensor src, int embed_dim, int num_heads, Tensor qkv_weight, Tensor "
          "qkv_bias, Tensor proj_weight, Tensor proj_bias, bool use_gelu, bool norm_first, float eps, Tensor "
          "norm_weight_1, Tensor norm_bias_1, Tensor norm_weight_2, Tensor norm_bias_2, Tensor ffn_weight_1, Tensor "
          "ffn_bias_1, Tensor ffn_weight_2, Tensor ffn_bias_2, Tensor? mask=None, int? mask_type=None) -> Tensor",
          encoder_layer}});
}

}  // namespace bertrt::graph
