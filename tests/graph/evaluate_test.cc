#include "graph/evaluate.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "error_matchers.h"
#include "program_builder.h"

namespace bertrt::graph {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using Origin = Constant::Origin;

Tensor run(const Program& program, const std::vector<Value>& inputs = {}, const EvaluateOptions& options = {}) {
  return *evaluate(program, inputs, options).result.tensor();
}
Value number(std::int64_t value) { return Value(value); }

TEST(Evaluate, RunsInTheProgramsOrder) {
  ProgramBuilder b;
  const Slot x = b.input("x");
  const Slot one = b.constant(number(1));
  const Slot sum = b.call("aten::add", {x, one}, {{"alpha", one}});
  b.call("aten::mul", {sum, sum});
  EXPECT_THAT(to_floats(run(b.program, {floats({3}, {0, 1, 2})})), ElementsAre(1, 4, 9));
}

TEST(Evaluate, WritesInPlaceThroughEveryView) {
  ProgramBuilder b;
  const Slot x = b.input("x");
  const Slot zero = b.constant(number(0));
  const Slot seven = b.constant(number(7));
  const Slot copy = b.call("aten::clone", {x});
  const Slot row = b.call("aten::select", {copy, zero, zero});
  b.call("aten::fill_", {row, seven});
  b.program.result = copy;
  EXPECT_THAT(to_floats(run(b.program, {floats({2, 2}, {1, 2, 3, 4})})), ElementsAre(7, 7, 3, 4));
}

TEST(Evaluate, KeepsTheCallersInputsAndConstantsAsTheyAre) {
  const Tensor input = floats({2}, {1, 2});
  const Tensor constant = floats({2}, {10, 20});
  ProgramBuilder b;
  const Slot x = b.input("x");
  const Slot c = b.constant(constant, Origin::constant, "CONSTANTS.c0");
  const Slot view = b.call("aten::detach", {x});
  b.call("aten::add_", {view, c});
  b.call("aten::add_", {c, x});
  b.program.result = b.tuple({x, c});
  for (int round = 0; round < 2; ++round) {
    const std::vector<Value> inputs = {input};
    const auto outputs = flatten(evaluate(b.program, inputs).result);
    EXPECT_THAT(to_floats(outputs[0].second), ElementsAre(11, 22));  // what its view was given
    EXPECT_THAT(to_floats(outputs[1].second), ElementsAre(21, 42));
  }
  EXPECT_THAT(to_floats(input), ElementsAre(1, 2));
  EXPECT_THAT(to_floats(constant), ElementsAre(10, 20));
}

TEST(Evaluate, RefusesToWriteToAnAttribute) {
  ProgramBuilder b;
  const Slot weight = b.constant(Tensor::from_archive({ElementType::float32, {0}, {1}, 0, {}, "0"}, nullptr),
                                 Origin::attribute, "weight");
  b.call("aten::zero_", {weight});
  const Error error = thrown_by([&] { run(b.program); });
  EXPECT_EQ(error.code(), ErrorCode::unsupported);
  EXPECT_THAT(error.what(), HasSubstr("keeps state"));
  EXPECT_THAT(error.what(), HasSubstr("code/test.py:1"));
}

TEST(Evaluate, RefusesToWriteToAnExpandedTensor) {
  ProgramBuilder b;
  const Slot x = b.input("x");
  const Slot sizes = b.constant(Value::list(Sizes{3, 2}));
  const Slot wide = b.call("aten::expand", {x, sizes});
  b.call("aten::neg_", {wide});
  EXPECT_EQ(thrown_by([&] { run(b.program, {floats({1, 2}, {1, 2})}); }).code(), ErrorCode::runtime);
}

TEST(Evaluate, SaysWhereItFailed) {
  ProgramBuilder b;
  const Slot x = b.input("x");
  b.call("aten::neg", {x});
  b.call("aten::matmul", {x, x});
  const Error error = thrown_by([&] { run(b.program, {floats({2, 3}, {1, 2, 3, 4, 5, 6})}); });
  EXPECT_EQ(error.where(), "code/test.py:2: aten::matmul");
}

TEST(Evaluate, FoldsABranchOnShapes) {
  for (const std::int64_t length : {2, 3}) {
    ProgramBuilder b;
    const Slot x = b.input("x");
    const Slot zero = b.constant(number(0));
    const Slot two = b.constant(number(2));
    const Slot size = b.call("aten::size", {x, zero});
    const Slot same = b.call("aten::eq", {size, two});
    Instruction& branch = b.add(Instruction::Kind::skip_unless);
    branch.arguments = {{"", same}};
    branch.target = 5;
    const Slot yes = b.call("aten::neg", {x});
    Instruction& over = b.add(Instruction::Kind::skip);
    over.target = 6;
    const Slot no = b.call("aten::abs", {x});
    // Both ways write one slot.
    b.program.instructions[3].outputs = {b.program.slots};
    b.program.instructions[5].outputs = {b.program.slots};
    b.program.result = b.program.slots++;
    static_cast<void>(yes);
    static_cast<void>(no);
    const Tensor result =
        run(b.program, {floats({length}, std::vector<float>(static_cast<std::size_t>(length), -1.0F))});
    EXPECT_EQ(to_floats(result)[0], 1) << length;
  }
}

TEST(Evaluate, RefusesABranchOnValues) {
  for (const char* condition : {"aten::Bool", "aten::Int"}) {
    ProgramBuilder b;
    const Slot x = b.input("x");
    Slot value = b.call(condition, {x});
    if (std::string(condition) == "aten::Int") value = b.call("aten::gt", {value, b.constant(number(3))});
    Instruction& branch = b.add(Instruction::Kind::skip_unless);
    branch.arguments = {{"", value}};
    branch.target = static_cast<std::uint32_t>(b.program.instructions.size());
    b.call("aten::neg", {x});
    const Error error = thrown_by([&] { run(b.program, {integers({}, {5})}); });
    EXPECT_EQ(error.code(), ErrorCode::unsupported);
    EXPECT_THAT(error.what(), HasSubstr("not graphable: a branch depends on values"));
  }
}

TEST(Evaluate, RefusesLoops) {
  ProgramBuilder b;
  b.call("aten::ones", {b.constant(Value::list(Sizes{1}))});
  b.add(Instruction::Kind::skip).target = 0;
  EXPECT_EQ(thrown_by([&] { run(b.program); }).code(), ErrorCode::invalid_format);
}

TEST(Evaluate, SaysWhenSizesComeFromValues) {
  ProgramBuilder b;
  const Slot x = b.input("x");
  b.call("aten::nonzero", {x});
  const std::vector<Value> inputs = {floats({4}, {0, 1, 0, 2})};
  const Evaluation evaluation = evaluate(b.program, inputs);
  EXPECT_TRUE(evaluation.varying_sizes);
  EXPECT_THAT(to_integers(*evaluation.result.tensor()), ElementsAre(1, 3));
}

TEST(Evaluate, SizesFromShapesDoNotVary) {
  ProgramBuilder b;
  const Slot x = b.input("x");
  const Slot size = b.call("aten::size", {x, b.constant(number(0))});
  const Slot tensor = b.call("prim::NumToTensor", {size});
  const Slot back = b.call("aten::Int", {tensor});
  b.call("aten::zeros", {b.list({back})});
  const std::vector<Value> inputs = {floats({4}, {0, 1, 0, 2})};
  const Evaluation evaluation = evaluate(b.program, inputs);
  EXPECT_FALSE(evaluation.varying_sizes);
  EXPECT_FALSE(evaluation.result.tensor()->varies());
  EXPECT_THAT(evaluation.result.tensor()->sizes(), ElementsAre(4));
}

TEST(Evaluate, KnowsIntegersInShapesAlone) {
  ProgramBuilder b;
  const Slot ids = b.input("ids");
  const Slot table = b.constant(floats({10, 2}, std::vector<float>(20, 1)), Origin::attribute, "table");
  const Slot one = b.constant(number(1));
  const Slot mask = b.call("aten::ne", {ids, one});
  const Slot positions = b.call("aten::cumsum", {mask, one});
  const Slot hidden = b.call("aten::embedding", {table, positions});
  b.tuple({positions, hidden});
  EvaluateOptions options;
  options.shapes_only = true;
  const std::vector<Value> inputs = {integers({1, 4}, {5, 1, 6, 7})};
  const auto outputs = flatten(evaluate(b.program, inputs, options).result);
  EXPECT_THAT(to_integers(outputs[0].second), ElementsAre(1, 1, 2, 3));
  EXPECT_TRUE(outputs[0].second.varies());
  EXPECT_FALSE(outputs[1].second.known());
  EXPECT_THAT(outputs[1].second.sizes(), ElementsAre(1, 4, 2));
}

TEST(Evaluate, FindsALengthThatIsWrongByItsPositionsInShapesAlone) {
  ProgramBuilder b;
  const Slot ids = b.input("ids");
  const Slot table = b.constant(floats({3, 2}, std::vector<float>(6, 1)), Origin::attribute, "table");
  const Slot one = b.constant(number(1));
  const Slot positions = b.call("aten::cumsum", {b.call("aten::ne", {ids, one}), one});
  b.call("aten::embedding", {table, positions});
  EvaluateOptions options;
  options.shapes_only = true;
  EXPECT_NO_THROW(run(b.program, {integers({1, 2}, {5, 6})}, options));
  EXPECT_EQ(thrown_by([&] { run(b.program, {integers({1, 3}, {5, 6, 7})}, options); }).code(), ErrorCode::runtime);
}

TEST(Evaluate, HoldsNoMoreMemoryThanIsUsed) {
  ProgramBuilder b;
  Slot x = b.input("x");
  for (int i = 0; i < 20; ++i) x = b.call("aten::neg", {x});
  const std::vector<Value> inputs = {floats({1000}, std::vector<float>(1000, 1))};
  EXPECT_LE(evaluate(b.program, inputs).peak_bytes, 3U * 4000U);
  EvaluateOptions options;
  options.memory_budget = 5000;
  EXPECT_THAT(thrown_by([&] { evaluate(b.program, inputs, options); }).what(), HasSubstr("memory budget"));
}

TEST(Evaluate, BoundsTheWork) {
  ProgramBuilder b;
  const Slot x = b.input("x");
  b.call("aten::matmul", {x, x});
  const std::vector<Value> inputs = {floats({10, 10}, std::vector<float>(100, 1))};
  EXPECT_EQ(evaluate(b.program, inputs).multiplications, 1000);
  EvaluateOptions options;
  options.work_budget = 900;
  EXPECT_EQ(thrown_by([&] { evaluate(b.program, inputs, options); }).code(), ErrorCode::runtime);
}

TEST(Evaluate, AsksTheSubstituteFirst) {
  ProgramBuilder b;
  const Slot x = b.input("x");
  b.call("aten::neg", {b.call("aten::abs", {x})});
  EvaluateOptions options;
  int watched = 0;
  options.substitute = [](const Event& event, Value& result) {
    if (event.op->name != "aten::abs") return false;
    result = floats({1}, {5});
    return true;
  };
  options.observer = [&](const Event& event) {
    ++watched;
    EXPECT_NE(event.result, nullptr);
  };
  EXPECT_THAT(to_floats(run(b.program, {floats({1}, {-1})}, options)), ElementsAre(-5));
  EXPECT_EQ(watched, 2);
}

TEST(Evaluate, RunsWhatIsWantedFromWhatIsGiven) {
  ProgramBuilder b;
  const Slot x = b.input("x");
  const Slot middle = b.call("aten::abs", {x});
  const Slot last = b.call("aten::neg", {middle});
  EvaluateOptions options;
  const std::vector<std::uint8_t> wanted = {0, 1};
  const std::vector<std::pair<Slot, Value>> given = {{middle, floats({1}, {3})}};
  options.wanted = wanted;
  options.given = given;
  options.keep_slots = true;
  const std::vector<Value> inputs = {floats({1}, {-1})};
  const Evaluation evaluation = evaluate(b.program, inputs, options);
  EXPECT_THAT(to_floats(*evaluation.slots[last].tensor()), ElementsAre(-3));
}

TEST(Evaluate, SaysWhenStridesAreBakedIn) {
  ProgramBuilder b;
  const Slot x = b.input("x");
  b.call("aten::as_strided", {x, b.constant(Value::list(Sizes{2, 2})), b.constant(Value::list(Sizes{1, 1}))});
  const std::vector<Value> inputs = {floats({4}, {1, 2, 3, 4})};
  EXPECT_TRUE(evaluate(b.program, inputs).baked_strides);
}

TEST(Evaluate, FollowsTheArchivesVersion) {
  ProgramBuilder b;
  const Slot x = b.input("x");
  const Slot four = b.constant(number(4));
  const Slot quotient = b.call("aten::div", {x, four});
  const Slot filled = b.call("aten::full", {b.constant(Value::list(Sizes{1})), four});
  b.tuple({quotient, filled});
  const auto types = [&](int version) {
    b.program.version = version;
    const std::vector<Value> inputs = {integers({1}, {-7})};
    return flatten(evaluate(b.program, inputs).result);
  };
  EXPECT_EQ(to_integers(types(3)[0].second)[0], -1);
  EXPECT_EQ(types(4)[0].second.type(), ElementType::float32);
  EXPECT_EQ(types(4)[1].second.type(), ElementType::float32);
  EXPECT_EQ(types(5)[1].second.type(), ElementType::int64);
}

TEST(Evaluate, TakesAnEmptyOutAndAFullOne) {
  ProgramBuilder b;
  const Slot out = b.call("aten::empty", {b.constant(Value::list(Sizes{0}))}, {{"dtype", b.constant(number(4))}});
  const Slot made = b.call("aten::arange", {b.constant(number(3))}, {{"out", out}});
  b.tuple({out, made});
  const auto outputs = flatten(evaluate(b.program, {}).result);
  EXPECT_THAT(to_integers(outputs[0].second), ElementsAre(0, 1, 2));
  EXPECT_THAT(to_integers(outputs[1].second), ElementsAre(0, 1, 2));
}

}  // namespace
}  // namespace bertrt::graph
