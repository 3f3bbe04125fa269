#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <set>

#include "error_matchers.h"
#include "program_builder.h"

// What the differential test cannot ask libtorch for, and expectations that stand without it.
namespace bertrt::graph {
namespace {

using testing::ElementsAre;
using testing::FloatNear;

Value call(const std::string& name, const std::vector<Value>& arguments,
           const std::vector<std::pair<std::string, Value>>& keywords = {}) {
  ProgramBuilder b;
  Instruction instruction;
  instruction.op = find_operator(name);
  if (instruction.op == nullptr) throw Error(ErrorCode::unsupported, "test", "an operator", name);
  for (const Value& value : arguments) instruction.arguments.push_back({"", b.constant(value)});
  for (const auto& [keyword, value] : keywords) instruction.arguments.push_back({keyword, b.constant(value)});
  instruction.outputs = {b.program.slots};
  b.program.result = b.program.slots++;
  b.program.instructions.push_back(instruction);
  EvaluateOptions options;
  options.memory_budget = std::size_t{1} << 30;
  return evaluate(b.program, {}, options).result;
}
ErrorCode failure(const std::string& name, const std::vector<Value>& arguments,
                  const std::vector<std::pair<std::string, Value>>& keywords = {}) {
  return thrown_by([&] { call(name, arguments, keywords); }).code();
}
Value n(std::int64_t value) { return Value(value); }
Value sizes(const Sizes& list) { return Value::list(list); }
constexpr std::int64_t kMin = std::numeric_limits<std::int64_t>::min();

TEST(Operators, AreSortedAndHaveSchemas) {
  std::set<std::string> names;
  for (const Operator& op : operators()) {
    EXPECT_TRUE(names.insert(op.name).second) << op.name;
    EXPECT_FALSE(op.overloads.empty()) << op.name;
    EXPECT_EQ(find_operator(op.name), &op);
    for (const Overload& overload : op.overloads) EXPECT_NE(overload.run, nullptr) << overload.schema;
  }
  EXPECT_EQ(find_operator("aten::save"), nullptr);
  EXPECT_EQ(find_operator("aten::set_"), nullptr);
  EXPECT_EQ(find_operator("aten::resize_"), nullptr);
}

// Numbers in a file that would take ages or more memory than there is.
TEST(Operators, SequencesWindowsAndDiagonalsAreBounded) {
  constexpr std::int64_t kMany = std::int64_t{1} << 20;
  const Tensor one = Tensor::make(ElementType::float32, {1});
  const Tensor wide = one.view_as({kMany, kMany, 1}, {0, 0, 0}, 0);
  const Tensor lengths = Tensor::make(ElementType::int64, {kMany});
  std::fill_n(lengths.mutable_data<std::int64_t>(), kMany, kMany);
  EXPECT_EQ(failure("aten::_pack_padded_sequence", {Value(wide), Value(lengths), Value(false)}),
            ErrorCode::out_of_resources);
  const Tensor few = Tensor::make(ElementType::float32, {1, 3, 3});
  const std::int64_t size = std::int64_t{1} << 29;
  const Value pooled =
      call("aten::max_pool2d", {Value(few), sizes({size, size}), sizes({1, 1}), sizes({size / 2, size / 2})});
  EXPECT_EQ(pooled.tensor()->sizes(), (Sizes{1, 4, 4}));
  EXPECT_EQ(failure("aten::adaptive_avg_pool2d", {Value(few), sizes({size, size})}), ErrorCode::runtime);
  EXPECT_EQ(failure("aten::diag", {Value(one), n(size)}), ErrorCode::runtime);
  EXPECT_EQ(failure("aten::diag", {Value(one), n(kMin)}), ErrorCode::runtime);
}

// torch.ops.quantized.linear_dynamic with weights of one (torch 2.13, fbgemm): x, reduce_range, what is left of it.
TEST(Operators, QuantizedLayersRoundAsLibtorchDoes) {
  struct Case {
    std::vector<float> given;
    bool reduce_range;
    std::vector<float> left;
  };
  const std::vector<float> mixed = {-1, -0.3F, 0, 0.004F, 0.5F, 2, 3, 0.7F};
  const std::vector<float> positive = {0.5F, 1, 2, 3, 4, 5, 6, 7.5F};
  const std::vector<float> negative = {-0.5F, -1, -2, -3, -4, -5, -6, -7.5F};
  const std::vector<float> small = {1e-4F, -2e-4F, 3e-5F, 0, 5e-5F, 1e-5F, -1e-5F, 2e-3F};
  const std::vector<float> halves = {0.5F, 1.5F, 2.5F, 127, -0.5F, 63.5F, 62.5F, 0};
  const std::vector<float> large = {-1e6F, 3e6F, 12345, -5e5F, 1, 2, 3e5F, 0};
  const std::vector<Case> cases = {
      {mixed, true, {-1.00787401F, -0.314960629F, 0, 0, 0.503937006F, 2.01574802F, 2.99212599F, 0.692913413F}},
      {mixed, false, {-1.00392163F, -0.298039228F, 0, 0, 0.501960814F, 2.00784326F, 2.99607849F, 0.70588237F}},
      {positive,
       true,
       {0.472440958F, 1.00393701F, 2.00787401F, 3.01181102F, 4.01574802F, 5.01968527F, 6.02362204F, 7.5F}},
      {negative,
       true,
       {-0.472440958F, -1.00393701F, -2.00787401F, -3.01181102F, -4.01574802F, -5.01968527F, -6.02362204F, -7.5F}},
      {small, true, {0.000121999998F, -0.000182999996F, 0, 0, 6.09999988e-05F, 0, 0, 0.00201299996F}},
      {halves, true, {0, 1.00393701F, 2.00787401F, 127.5F, 0, 63.2480316F, 62.2440948F, 0}},
      {halves, false, halves},
      {large, true, {-1007874, 2992126, 0, -503937, 0, 0, 314960.625F, 0}},
      {std::vector<float>(8), true, std::vector<float>(8)},
  };
  for (const Case& one : cases) {
    const Tensor x = Tensor::make(ElementType::float32, {2, 4});
    std::copy(one.given.begin(), one.given.end(), x.mutable_data<float>());
    const Value left = call("bertrt::round_to_integers", {Value(x), Value(one.reduce_range)});
    const std::vector<float> found = to_floats(*left.tensor());
    for (std::size_t i = 0; i < 8; ++i) EXPECT_FLOAT_EQ(found[i], one.left[i]) << one.given[i];
  }
  const Tensor infinite = Tensor::scalar(std::numeric_limits<double>::infinity(), ElementType::float32);
  EXPECT_EQ(failure("bertrt::round_to_integers", {Value(infinite)}), ErrorCode::runtime);
  EXPECT_EQ(failure("bertrt::round_to_integers", {Value(Tensor::scalar(1.0, ElementType::float64))}),
            ErrorCode::runtime);
}

TEST(Operators, DivideAsPythonDoes) {
  EXPECT_EQ(*call("aten::floordiv", {n(-7), n(2)}).integer(), -4);
  EXPECT_EQ(*call("aten::remainder", {n(-7), n(3)}).integer(), 2);
  EXPECT_EQ(*call("aten::div", {n(7), n(2)}).real(), 3.5);
  EXPECT_EQ(failure("aten::floordiv", {n(1), n(0)}), ErrorCode::runtime);
  EXPECT_EQ(failure("aten::floordiv", {n(kMin), n(-1)}), ErrorCode::runtime);
  EXPECT_EQ(failure("aten::remainder", {n(kMin), n(-1)}), ErrorCode::runtime);
  EXPECT_EQ(failure("aten::remainder", {n(5), n(0)}), ErrorCode::runtime);
  EXPECT_EQ(failure("aten::divmod", {n(5), n(0)}), ErrorCode::runtime);
  EXPECT_EQ(failure("aten::__range_length", {n(0), n(5), n(0)}), ErrorCode::runtime);
  EXPECT_EQ(failure("aten::add", {n(std::numeric_limits<std::int64_t>::max()), n(1)}), ErrorCode::runtime);
  EXPECT_EQ(failure("aten::neg", {n(kMin)}), ErrorCode::runtime);
}

TEST(Operators, DivideTensorsOfIntegersWithoutTraps) {
  const Tensor smallest = integers({1}, {kMin});
  const Tensor minus = integers({1}, {-1});
  const Tensor zero = integers({1}, {0});
  EXPECT_EQ(failure("aten::div", {smallest, minus}, {{"rounding_mode", Value(std::string("trunc"))}}),
            ErrorCode::runtime);
  EXPECT_EQ(failure("aten::floor_divide", {smallest, minus}), ErrorCode::runtime);
  EXPECT_EQ(to_integers(*call("aten::remainder", {smallest, minus}).tensor())[0], 0);
  EXPECT_EQ(failure("aten::remainder", {minus, zero}), ErrorCode::runtime);
  EXPECT_EQ(failure("aten::fmod", {minus, zero}), ErrorCode::runtime);
  EXPECT_EQ(to_integers(*call("aten::abs", {smallest}).tensor())[0], kMin);
}

TEST(Operators, RefuseMoreMemoryThanTheBudgetBeforeTheyTakeIt) {
  EXPECT_EQ(failure("aten::empty", {sizes({std::int64_t{1} << 40})}), ErrorCode::out_of_resources);
  EXPECT_EQ(failure("aten::zeros", {sizes({std::int64_t{1} << 62, 4})}), ErrorCode::runtime);
  EXPECT_EQ(failure("aten::repeat", {floats({2}, {1, 2}), sizes({std::int64_t{1} << 62})}), ErrorCode::runtime);
  EXPECT_EQ(failure("aten::arange", {n(std::int64_t{1} << 50)}), ErrorCode::runtime);
  EXPECT_EQ(failure("aten::eye", {n(std::int64_t{1} << 31)}), ErrorCode::runtime);
  EXPECT_EQ(failure("aten::pad", {floats({2}, {1, 2}), sizes({std::int64_t{1} << 62, std::int64_t{1} << 62})}),
            ErrorCode::runtime);
  EXPECT_EQ(failure("aten::mul", {Value::list({n(1), n(2)}), n(std::int64_t{1} << 40)}), ErrorCode::runtime);
}

// torch's values for the same call.
TEST(Operators, BagsOfEmbeddings) {
  const Tensor table = floats({5, 3}, {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14});
  const Value ids = integers({5}, {0, 3, 1, 4, 2});
  const Value none;
  const auto bag = [&](std::vector<std::int64_t> offsets, std::int64_t mode, const Value& weights, bool last,
                       const Value& padding) {
    const auto count = static_cast<std::int64_t>(offsets.size());
    const Value made = call("aten::embedding_bag", {table, ids, integers({count}, offsets), Value(false), n(mode),
                                                    Value(false), weights, Value(last), padding});
    const Tensor& out = *made.tuple()->items[0].tensor();
    return std::vector<float>(out.data<float>(), out.data<float>() + out.elements());
  };
  using Floats = std::vector<float>;
  EXPECT_EQ(bag({0, 2, 2}, 0, none, false, none), (Floats{9, 11, 13, 0, 0, 0, 21, 24, 27}));
  EXPECT_EQ(bag({0, 2, 2, 5}, 1, none, true, none), (Floats{4.5, 5.5, 6.5, 0, 0, 0, 7, 8, 9}));
  EXPECT_EQ(bag({0, 2, 2}, 2, none, false, n(3)), (Floats{0, 1, 2, 0, 0, 0, 12, 13, 14}));
  EXPECT_EQ(bag({0, 2, 2}, 0, floats({5}, {1, 2, 3, 4, 5}), false, n(3)), (Floats{0, 1, 2, 0, 0, 0, 87, 99, 111}));
  EXPECT_EQ(bag({0, 2}, 0, none, false, n(-1)), (Floats{9, 11, 13, 9, 11, 13}));
  for (const std::vector<std::int64_t>& wrong : {std::vector<std::int64_t>{1, 2}, {0, 7}, {0, 3, 2}}) {
    const auto count = static_cast<std::int64_t>(wrong.size());
    EXPECT_EQ(failure("aten::embedding_bag", {table, ids, integers({count}, wrong)}), ErrorCode::runtime);
  }
  EXPECT_EQ(failure("aten::embedding_bag", {table, integers({1}, {5}), integers({1}, {0})}), ErrorCode::runtime);
}

// What torch.nn.TransformerEncoder makes of a padding mask.
TEST(Operators, NestedTensorsOfOneLength) {
  const Tensor rows = floats({1, 3, 2}, {1, 2, 3, 4, 5, 6});
  const Value mask = call("aten::ne", {integers({1, 3}, {7, 8, 0}), n(0)});
  const Value nested = call("aten::_nested_tensor_from_mask", {rows, mask, Value(false)});
  EXPECT_EQ(nested.tensor()->sizes(), (Sizes{1, 2, 2}));
  const Value padded = call("aten::to_padded_tensor", {nested, Value(0.0), sizes({1, 3, 2})});
  const Tensor& values = *padded.tensor();
  EXPECT_EQ(std::vector<float>(values.data<float>(), values.data<float>() + 6), (std::vector<float>{1, 2, 3, 4, 0, 0}));
  const Value holed = call("aten::ne", {integers({1, 3}, {7, 0, 8}), n(0)});
  EXPECT_EQ(failure("aten::_nested_tensor_from_mask", {rows, holed, Value(false)}), ErrorCode::unsupported);
  EXPECT_EQ(failure("aten::to_padded_tensor", {nested, Value(0.0), sizes({1, 1, 2})}), ErrorCode::runtime);
}

TEST(Operators, CheckIndicesAndRanges) {
  EXPECT_EQ(failure("aten::embedding", {floats({2, 1}, {1, 2}), integers({1}, {2})}), ErrorCode::runtime);
  EXPECT_EQ(failure("aten::embedding", {floats({2, 1}, {1, 2}), integers({1}, {-1})}), ErrorCode::runtime);
  EXPECT_EQ(failure("aten::as_strided", {floats({2}, {1, 2}), sizes({1000000}), sizes({1}), n(0)}), ErrorCode::runtime);
  EXPECT_EQ(failure("aten::__getitem__", {sizes({1, 2}), n(2)}), ErrorCode::runtime);
  EXPECT_EQ(failure("aten::select", {floats({2}, {1, 2}), n(0), n(kMin)}), ErrorCode::runtime);
  EXPECT_EQ(failure("aten::narrow", {floats({2}, {1, 2}), n(0), n(1), n(std::numeric_limits<std::int64_t>::max())}),
            ErrorCode::runtime);
  EXPECT_EQ(failure("aten::_weight_norm", {floats({2, 2}, {1, 2, 3, 4}), floats({1}, {0}), n(0)}),
            ErrorCode::unsupported);
}

TEST(Operators, TreatListsAsPythonDoes) {
  const Value list = sizes({1, 2, 3});
  const auto at = [](const Value& value, std::size_t i) { return *value.list()->items.at(i).integer(); };
  EXPECT_EQ(*call("aten::__getitem__", {list, n(-1)}).integer(), 3);
  EXPECT_EQ(*call("aten::len", {list}).integer(), 3);
  EXPECT_EQ(at(call("aten::add", {list, sizes({4})}), 3), 4);
  EXPECT_EQ(at(call("aten::slice", {list, n(1), Value(), n(1)}), 0), 2);
  EXPECT_EQ(at(call("aten::mul", {list, n(2)}), 3), 1);
  EXPECT_EQ(*call("prim::max", {n(2), n(3)}).integer(), 3);
  EXPECT_TRUE(*call("aten::__is__", {Value(), Value()}).boolean());
  EXPECT_TRUE(*call("aten::__isnot__", {n(1), Value()}).boolean());
  EXPECT_EQ(failure("aten::_unwrap_optional", {Value()}), ErrorCode::runtime);
  EXPECT_EQ(to_integers(*call("aten::tensor", {Value::list({sizes({1, 2}), sizes({3, 4})})}).tensor()),
            (Sizes{1, 2, 3, 4}));
  EXPECT_EQ(failure("aten::tensor", {Value::list({sizes({1, 2}), sizes({3})})}), ErrorCode::runtime);
}

TEST(Operators, BoundWhatAnExpandedTensorCosts) {
  const Tensor one = integers({1}, {0});
  const Tensor many = one.view_as({std::int64_t{1} << 40}, {0}, 0);
  EXPECT_EQ(failure("aten::embedding", {floats({1, 1}, {1}), many}), ErrorCode::out_of_resources);
  EXPECT_EQ(failure("aten::index", {floats({1}, {1}), Value::list({Value(many)})}), ErrorCode::out_of_resources);
  const Tensor more = one.view_as({std::int64_t{1} << 50}, {0}, 0);
  EXPECT_EQ(failure("aten::sum", {more}), ErrorCode::runtime);  // the work, not the memory
}

TEST(Operators, SayWhatIsNotSupported) {
  const Tensor x = floats({1}, {1});
  EXPECT_EQ(failure("aten::rand", {sizes({1})}), ErrorCode::unsupported);
  EXPECT_EQ(failure("aten::complex", {x, x}), ErrorCode::unsupported);
  EXPECT_EQ(failure("aten::to", {x, n(9)}), ErrorCode::unsupported);
  EXPECT_EQ(failure("aten::dropout", {x, Value(0.5), Value(true)}), ErrorCode::unsupported);
  EXPECT_EQ(failure("aten::add", {x, Value(std::string("a"))}), ErrorCode::unsupported);
  EXPECT_EQ(failure("prim::RaiseException", {Value(std::string("one\ntwo"))}), ErrorCode::runtime);
}

TEST(Operators, ReadHalvesAsFloats) {
  EXPECT_EQ(call("aten::to", {integers({1}, {2}), n(5)}).tensor()->type(), ElementType::float32);
  EXPECT_EQ(call("aten::to", {integers({1}, {2}), n(15)}).tensor()->type(), ElementType::float32);
}

TEST(Operators, PromoteConstantsAsNumbers) {
  Tensor constant = Tensor::scalar(0.5, ElementType::float64);
  EXPECT_EQ(call("aten::mul", {integers({1}, {2}), constant}).tensor()->type(), ElementType::float64);
  constant.wrapped_number = true;
  EXPECT_EQ(call("aten::mul", {integers({1}, {2}), constant}).tensor()->type(), ElementType::float32);
  EXPECT_EQ(call("aten::mul", {floats({1}, {2}), constant}).tensor()->type(), ElementType::float32);
}

TEST(Operators, MultiplyMatricesOfEverySize) {
  for (const std::int64_t m : {1, 3, 4, 9}) {
    for (const std::int64_t width : {1, 7, 8, 33}) {
      for (const std::int64_t out : {1, 2, 5, 70}) {
        std::vector<float> x(static_cast<std::size_t>(m * width));
        std::vector<float> w(static_cast<std::size_t>(out * width));
        for (std::size_t i = 0; i < x.size(); ++i) x[i] = static_cast<float>(i % 7) - 3;
        for (std::size_t i = 0; i < w.size(); ++i) w[i] = static_cast<float>(i % 5) - 2;
        const auto found = to_floats(*call("aten::linear", {floats({m, width}, x), floats({out, width}, w)}).tensor());
        for (std::int64_t i = 0; i < m; ++i) {
          for (std::int64_t j = 0; j < out; ++j) {
            float sum = 0;
            for (std::int64_t k = 0; k < width; ++k) {
              sum += x[static_cast<std::size_t>(i * width + k)] * w[static_cast<std::size_t>(j * width + k)];
            }
            ASSERT_EQ(found[static_cast<std::size_t>(i * out + j)], sum) << m << ' ' << width << ' ' << out;
          }
        }
      }
    }
  }
}

TEST(Operators, AttendToWhatTheMaskShows) {
  const Tensor q = floats({1, 1, 1, 2}, {1, 0});
  const Tensor k = floats({1, 1, 2, 2}, {1, 0, 5, 5});
  const Tensor v = floats({1, 1, 2, 2}, {1, 2, 100, 100});
  Tensor mask = Tensor::make(ElementType::boolean, {1, 1, 1, 2});
  const Value none = call("aten::scaled_dot_product_attention", {q, k, v, mask});
  EXPECT_THAT(to_floats(*none.tensor()), ElementsAre(0, 0));
  mask.mutable_data<std::uint8_t>()[0] = 1;
  EXPECT_THAT(to_floats(*call("aten::scaled_dot_product_attention", {q, k, v, mask}).tensor()), ElementsAre(1, 2));
}

TEST(Operators, NormalizeRows) {
  const Value result = call("aten::layer_norm",
                            {floats({1, 2}, {1, 3}), sizes({2}), floats({2}, {2, 2}), floats({2}, {0, 1}), Value(0.0)});
  EXPECT_THAT(to_floats(*result.tensor()), ElementsAre(FloatNear(-2, 1e-6F), FloatNear(3, 1e-6F)));
  const Value shares = call("aten::softmax", {floats({2}, {0, std::log(3.0F)}), n(0)});
  EXPECT_THAT(to_floats(*shares.tensor()), ElementsAre(FloatNear(0.25F, 1e-6F), FloatNear(0.75F, 1e-6F)));
}

}  // namespace
}  // namespace bertrt::graph
