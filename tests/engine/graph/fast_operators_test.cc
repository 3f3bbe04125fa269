#include "engine/graph/fast_operators.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <random>
#include <string>
#include <vector>

#include "graph/evaluate.h"

// Each fast kernel against the plain evaluation of the same call: shapes, layouts and masks of all kinds.
namespace bertrt::engine::graph {
namespace {

using bertrt::graph::ElementType;
using bertrt::graph::Program;
using bertrt::graph::Sizes;
using bertrt::graph::Tensor;
using bertrt::graph::Value;

class Fast : public ::testing::Test {
 protected:
  Tensor random(const Sizes& sizes) {
    const Tensor tensor = Tensor::make(ElementType::float32, sizes);
    for (std::int64_t i = 0; i < tensor.elements(); ++i) tensor.mutable_data<float>()[i] = normal_(engine_);
    return tensor;
  }

  // [1, heads, tokens, size] as it is seen through permute of [1, tokens, heads, size].
  Tensor heads(std::int64_t heads, std::int64_t tokens, std::int64_t size) {
    return random({1, tokens, heads, size})
        .view_as({1, heads, tokens, size}, {tokens * heads * size, size, heads * size, 1}, 0);
  }

  // Calls an operator on values, those of `stored` as constants, plainly and fast. Says whether a fast kernel ran.
  bool agree(const std::string& name, const std::vector<Value>& values, const std::vector<std::size_t>& stored = {}) {
    Program program;
    program.entries = {"test"};
    bertrt::graph::Instruction call;
    call.op = bertrt::graph::find_operator(name);
    std::vector<std::pair<bertrt::graph::Slot, Value>> given;
    for (std::size_t i = 0; i < values.size(); ++i) {
      const bertrt::graph::Slot slot = program.slots++;
      call.arguments.push_back({values[i].text() != nullptr ? "approximate" : "", slot});
      if (std::find(stored.begin(), stored.end(), i) != stored.end()) {
        program.constants.push_back({slot, bertrt::graph::Constant::Origin::attribute, "w", values[i]});
      } else {
        given.emplace_back(slot, values[i]);
      }
    }
    call.outputs = {program.slots};
    program.result = program.slots++;
    program.instructions = {call};
    bertrt::graph::EvaluateOptions options;
    options.given = given;
    const Value plain = bertrt::graph::evaluate(program, {}, options).result;
    const FastOperators fast(program);
    bool ran = false;
    options.substitute = [&](const bertrt::graph::Event& event, Value& result) {
      ran = fast.run(event, result, kernels::ThreadPool::shared());
      return ran;
    };
    const Value quick = bertrt::graph::evaluate(program, {}, options).result;
    const Tensor& a = *plain.tensor();
    const Tensor& b = *quick.tensor();
    EXPECT_EQ(a.sizes(), b.sizes()) << name;
    for (std::size_t axis = 0; axis < a.sizes().size(); ++axis) {
      if (a.sizes()[axis] > 1) {
        EXPECT_EQ(a.strides()[axis], b.strides()[axis]) << name << " axis " << axis;
      }
    }
    const auto x = bertrt::graph::to_floats(a);
    const auto y = bertrt::graph::to_floats(b);
    for (std::size_t i = 0; i < x.size() && i < y.size(); ++i) {
      EXPECT_TRUE(std::abs(x[i] - y[i]) <= 2e-5F * std::max(1.0F, std::abs(x[i])) ||
                  (std::isnan(x[i]) && std::isnan(y[i])))
          << name << ": " << y[i] << " for " << x[i] << " at " << i;
    }
    return ran;
  }

  bool attention_agrees(const Tensor& q, const Tensor& k, const Tensor& v, Value mask = {}) {
    return agree("aten::scaled_dot_product_attention",
                 {Value(q), Value(k), Value(v), std::move(mask), Value(0.0), Value(false)});
  }

  std::mt19937 engine_{11};
  std::normal_distribution<float> normal_;
};

TEST_F(Fast, Attention) {
  for (const std::int64_t tokens : {1, 2, 5, 33}) {
    EXPECT_TRUE(attention_agrees(heads(3, tokens, 8), heads(3, tokens, 8), heads(3, tokens, 8)));
    EXPECT_TRUE(attention_agrees(random({1, 3, tokens, 8}), random({1, 3, tokens, 8}), random({1, 3, tokens, 8})));
  }
  EXPECT_TRUE(attention_agrees(heads(1, 7, 16), heads(1, 7, 16), heads(1, 7, 16)));
}

TEST_F(Fast, AttentionWithMasks) {
  const Tensor q = heads(3, 6, 8);
  const Tensor k = heads(3, 6, 8);
  const Tensor v = heads(3, 6, 8);
  for (const Sizes& sizes : {Sizes{6, 6}, Sizes{1, 6}, Sizes{6, 1}, Sizes{1, 1, 6, 6}, Sizes{1, 3, 6, 6},
                             Sizes{1, 3, 1, 6}, Sizes{1, 1, 1, 6}, Sizes{3, 6, 6}, Sizes{1, 6, 6}}) {
    EXPECT_TRUE(attention_agrees(q, k, v, Value(random(sizes)))) << bertrt::graph::to_string(sizes);
    Tensor seen = Tensor::make(ElementType::boolean, sizes);
    for (std::int64_t i = 0; i < seen.elements(); ++i) seen.mutable_data<std::uint8_t>()[i] = i % 3 != 1;
    attention_agrees(q, k, v, Value(seen));
  }
  // No key is seen by any query: whatever comes out, it is what the plain evaluation says.
  attention_agrees(q, k, v, Value(Tensor::make(ElementType::boolean, {1, 1, 6, 6})));
  Tensor hidden = Tensor::make(ElementType::float32, {1, 1, 1, 6});
  std::fill_n(hidden.mutable_data<float>(), 6, std::numeric_limits<float>::lowest());
  attention_agrees(q, k, v, Value(hidden));
}

TEST_F(Fast, AttentionThatItHasNoKernelFor) {
  EXPECT_FALSE(attention_agrees(heads(3, 6, 8), heads(3, 5, 8), heads(3, 5, 8)));
  EXPECT_FALSE(attention_agrees(random({2, 3, 6, 8}), random({2, 3, 6, 8}), random({2, 3, 6, 8})));
}

TEST_F(Fast, Products) {
  EXPECT_TRUE(agree("aten::matmul", {Value(random({2, 3, 5, 7})), Value(random({2, 3, 7, 4}))}));
  EXPECT_TRUE(agree("aten::bmm", {Value(random({3, 5, 7})), Value(random({3, 7, 1}))}));
  EXPECT_TRUE(agree("aten::mm", {Value(random({5, 70})), Value(random({70, 130}))}));
  // Keys turned, and heads seen through permute.
  const Tensor k = heads(3, 6, 8);
  const Tensor turned = k.view_as({1, 3, 8, 6}, {k.stride(0), k.stride(1), k.stride(3), k.stride(2)}, 0);
  EXPECT_TRUE(agree("aten::matmul", {Value(heads(3, 6, 8)), Value(turned)}));
  EXPECT_TRUE(agree("aten::matmul", {Value(random({1, 3, 6, 6})), Value(heads(3, 6, 8))}));
  EXPECT_FALSE(agree("aten::matmul", {Value(random({2, 1, 5, 7})), Value(random({2, 3, 7, 4}))}));
  EXPECT_FALSE(agree("aten::matmul", {Value(random({5, 7})), Value(random({7}))}));
}

// Quantized layers: integers by integers where zero points are 0, floats else.
TEST_F(Fast, LinearOfIntegers) {
  for (const std::int64_t rows : {1, 9}) {
    for (const std::int64_t schemes : {std::int64_t{1}, rows}) {
      const Tensor weight = Tensor::make(ElementType::int8, {rows, 45});
      for (std::int64_t i = 0; i < weight.elements(); ++i) {
        weight.mutable_data<std::int8_t>()[i] = static_cast<std::int8_t>(i * 37 % 256 - 128);  // -128 too
      }
      const Tensor scales = random({schemes});
      const Tensor zeros = Tensor::make(ElementType::float32, {schemes});
      std::fill_n(zeros.mutable_data<float>(), schemes, 0.0F);
      const Tensor moved = Tensor::make(ElementType::float32, {schemes});
      std::fill_n(moved.mutable_data<float>(), schemes, -3.0F);
      for (std::int64_t i = 0; i < schemes; ++i) scales.mutable_data<float>()[i] = 0.001F * (1 + static_cast<float>(i));
      const auto given = [&](const Tensor& points, bool reduce, bool rounds) {
        return std::vector<Value>{Value(random({1, 6, 45})), Value(weight), Value(scales), Value(points),
                                  Value(random({rows})),     Value(reduce), Value(rounds)};
      };
      const std::string name = "bertrt::linear_of_integers";
      for (const bool reduce : {false, true}) {
        EXPECT_TRUE(agree(name, given(zeros, reduce, true), {1, 2, 3, 4}));
        EXPECT_TRUE(agree(name, given(zeros, reduce, false), {1, 2, 3, 4}));
        EXPECT_TRUE(agree(name, given(moved, reduce, false), {1, 2, 3, 4}));
        EXPECT_FALSE(agree(name, given(moved, reduce, true), {1, 2, 3, 4}));
        EXPECT_FALSE(agree(name, given(zeros, reduce, true), {2, 3, 4}));  // weights that are made while it runs
      }
      std::vector<Value> no_bias = given(zeros, true, true);
      no_bias[4] = Value();
      EXPECT_TRUE(agree(name, no_bias, {1, 2, 3}));
    }
  }
}

TEST_F(Fast, ProductsWithStoredMatrices) {
  EXPECT_TRUE(agree("aten::linear", {Value(random({1, 5, 7})), Value(random({4, 7})), Value(random({4}))}, {1, 2}));
  EXPECT_TRUE(agree("aten::linear", {Value(random({1, 5, 7})), Value(random({4, 7})), Value()}, {1}));
  EXPECT_TRUE(agree("aten::matmul", {Value(random({2, 5, 7})), Value(random({7, 4}))}, {1}));
  EXPECT_TRUE(agree("aten::addmm", {Value(random({4})), Value(random({5, 7})), Value(random({7, 4}))}, {0, 2}));
  const std::vector<Value> scaled = {Value(random({4})), Value(random({5, 7})), Value(random({7, 4})),
                                     Value(std::int64_t{2})};
  agree("aten::addmm", {scaled[0], scaled[1], scaled[2]}, {2});
  const Tensor w = random({4, 7});
  EXPECT_TRUE(agree("aten::matmul", {Value(random({2, 5, 7})), Value(w.view_as({7, 4}, {1, 7}, 0))}, {1}));
}

TEST_F(Fast, RowsAndElements) {
  EXPECT_TRUE(agree("aten::softmax", {Value(random({2, 3, 9})), Value(std::int64_t{-1})}));
  EXPECT_FALSE(agree("aten::softmax", {Value(random({2, 3, 9})), Value(std::int64_t{1})}));
  EXPECT_TRUE(agree("aten::gelu", {Value(random({3, 50})), Value(std::string("none"))}));
  EXPECT_TRUE(agree("aten::gelu", {Value(random({3, 50})), Value(std::string("tanh"))}));
  EXPECT_TRUE(agree("aten::tanh", {Value(random({3, 50}))}));
  EXPECT_TRUE(agree("aten::layer_norm", {Value(random({2, 5, 8})), Value::list({Value(std::int64_t{8})}),
                                         Value(random({8})), Value(random({8})), Value(1e-5)}));
}

}  // namespace
}  // namespace bertrt::engine::graph
