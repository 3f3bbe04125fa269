#include <gmock/gmock.h>

#include <cmath>
#include <limits>

#include "error_matchers.h"
#include "graph/torchscript/test_trace.h"

namespace bertrt::graph::torchscript {
namespace {

using test::compiled;
using test::forward;
using test::lines_of;
using testing::ElementsAre;
using testing::HasSubstr;
namespace pickled = test::pickled;

TEST(Compile, CallsWithPositionsAndNames) {
  EXPECT_THAT(lines_of({"_0 = torch.add(x, y, alpha=2)", "return ops.prim.NumToTensor(torch.size(_0, 1))"}),
              ElementsAre("v0 = aten::add x y alpha=int 2", "v1 = aten::size v0 int 1", "v2 = prim::NumToTensor v1",
                          "return v2"));
}

TEST(Compile, CallsOfValuesAreOperators) {
  EXPECT_THAT(lines_of({"return (x).resize_([2, 3])"}), ElementsAre("v0 = aten::resize_ x List of 2", "return v0"));
}

// x.unsqueeze_(1): a trace calls the tensor by the result from there on, and a script by its old name.
TEST(Compile, ViewsInPlaceAreViewsWhereTheOldNameIsNotUsedAgain) {
  EXPECT_THAT(lines_of({"a = torch.mul(x, y)", "b = torch.unsqueeze_(a, 1)", "return torch.t_(torch.squeeze_(b, 1))"}),
              ElementsAre("v0 = aten::mul x y", "v1 = aten::unsqueeze v0 int 1", "v2 = aten::squeeze v1 int 1",
                          "v3 = aten::t v2", "return v3"));
  for (const std::vector<std::string>& lines :
       {std::vector<std::string>{"a = torch.unsqueeze_(x, 1)", "return torch.add(x, a)"},
        {"a = torch.transpose_(x, 0, 1)", "return x"},
        {"t = (x, y)", "a = torch.t_(x)", "b, c, = t", "return torch.add(b, c)"}}) {
    EXPECT_THAT(thrown_by([&] { lines_of(lines); }).what(),
                HasSubstr("not graphable: a tensor's sizes are changed in place"));
  }
}

TEST(Compile, ConversionsAreOperators) {
  EXPECT_THAT(lines_of({"a = int(x)", "b = float(x)", "c = annotate(number, x)", "return annotate(Tensor, b)"}),
              ElementsAre("v0 = aten::Int x", "v1 = aten::Float x", "v2 = aten::ScalarImplicit x", "return v1"));
}

TEST(Compile, TuplesAndListsAreTakenApartWhereTheyAreMade) {
  EXPECT_THAT(lines_of({"t = (x, y)", "a, b, = t", "return [b, a][0]"}),
              ElementsAre("v0 = tuple x y", "v1 = list y x", "return y"));
  EXPECT_THAT(lines_of({"a, b, = torch.split(x, 2)", "return torch.add(a, b)"}),
              ElementsAre("v0 = aten::split x int 2", "v1 v2 = unpack v0", "v3 = aten::add v1 v2", "return v3"));
  EXPECT_THAT(lines_of({"return torch.size(x)[-1]"}),
              ElementsAre("v0 = aten::size x", "v1 = aten::__getitem__ v0 int -1", "return v1"));
  EXPECT_EQ(thrown_by([] { lines_of({"a, b, c, = (x, y)", "return a"}); }).code(), ErrorCode::invalid_format);
}

TEST(Compile, DictsKeepTheirKeys) {
  EXPECT_THAT(lines_of({"return {\"b\": x, \"a\": y}"}), ElementsAre("v0 = dict b=x a=y", "return v0"));
  EXPECT_EQ(thrown_by([] { lines_of({"return {\"b\": x, \"b\": y}"}); }).code(), ErrorCode::invalid_format);
}

std::vector<std::string> inputs_of(const std::string& type, const std::vector<std::string>& lines) {
  std::string code =
      "class M(Module):\n  def forward(self: __torch__.M,\n    batch: " + type + ",\n    y: Tensor) -> Tensor:\n";
  for (const std::string& line : lines) code += "    " + line + "\n";
  std::vector<std::string> names;
  for (const ProgramInput& input : compiled({code}).inputs) names.push_back(input.name);
  return names;
}

TEST(Compile, InputsOfADictATupleOrAListAreInputsOfTheirOwn) {
  EXPECT_THAT(inputs_of("Dict[str, Tensor]", {"a = batch[\"input_ids\"]", "b = batch[\"mask\"]",
                                              "c = batch[\"input_ids\"]", "return torch.add(torch.add(a, c), b)"}),
              ElementsAre("y", "input_ids", "mask"));
  for (const char* type : {"List[Tensor]", "Tuple[Tensor]", "Tuple[Tensor, Tensor]"}) {
    EXPECT_THAT(inputs_of(type, {"input_ids0, mask, = batch", "return torch.add(input_ids0, mask)"}),
                ElementsAre("y", "input_ids", "mask"))
        << type;
    EXPECT_THAT(inputs_of(type, {"return torch.add(batch[1], batch[0])"}), ElementsAre("y", "batch.1", "batch.0"))
        << type;
  }
  // A name that is there already is not given twice.
  EXPECT_THAT(inputs_of("Dict[str, Tensor]", {"return torch.add(batch[\"y\"], y)"}), ElementsAre("y", "batch.y"));
  EXPECT_THAT(inputs_of("List[Tensor]", {"y0, y, = batch", "return torch.add(y0, y)"}),
              ElementsAre("y", "y0", "batch.1"));
}

TEST(Compile, InputsThatComeTogetherAreAskedForOneByOne) {
  const auto why = [](const std::string& type, const std::string& line) {
    return std::string(thrown_by([&] { inputs_of(type, {line}); }).what());
  };
  EXPECT_THAT(why("Dict[str, Tensor]", "return torch.len(batch)"), HasSubstr("handled as one value"));
  EXPECT_THAT(why("Dict[str, Tensor]", "return batch"), HasSubstr("handled as one value"));
  EXPECT_THAT(why("List[Tensor]", "return torch.stack(batch)"), HasSubstr("handled as one value"));
  EXPECT_THAT(why("Dict[str, Tensor]", "return batch[0]"), HasSubstr("not asked for by a name or a number"));
  EXPECT_THAT(why("List[Tensor]", "return batch[-1]"), HasSubstr("not asked for by a name or a number"));
  EXPECT_THAT(why("List[Tensor]", "return batch[torch.size(y, 0)]"), HasSubstr("not asked for by a name or a number"));
  EXPECT_THAT(why("Dict[str, Tensor]", "a, b, = batch"), HasSubstr("handled as one value"));
}

TEST(Compile, Literals) {
  const Program program = compiled(
      {forward({"return [-9223372036854775808, 9223372036854775807, 2, 2, True, None, -inf, 0.5, \"a\\n\"]"})});
  ASSERT_EQ(program.instructions.size(), 0U);
  const Value* list = nullptr;
  for (const Constant& constant : program.constants) {
    if (constant.slot == program.result) list = &constant.value;
  }
  ASSERT_NE(list, nullptr);
  const auto& items = list->list()->items;
  EXPECT_EQ(*items[0].integer(), std::numeric_limits<std::int64_t>::min());
  EXPECT_EQ(*items[1].integer(), std::numeric_limits<std::int64_t>::max());
  EXPECT_TRUE(std::get<bool>(items[4].data));
  EXPECT_TRUE(items[5].none());
  EXPECT_EQ(std::get<double>(items[6].data), -std::numeric_limits<double>::infinity());
  EXPECT_EQ(std::get<double>(items[7].data), 0.5);
  EXPECT_EQ(std::get<std::string>(items[8].data), "a\n");
  EXPECT_EQ(thrown_by([] { lines_of({"return 9223372036854775808"}); }).code(), ErrorCode::invalid_format);
  EXPECT_EQ(thrown_by([] { lines_of({"return 1e999"}); }).code(), ErrorCode::invalid_format);
}

TEST(Compile, InfixOperatorsBindAsInPython) {
  EXPECT_THAT(lines_of({"return x + y * 2 - -x"}),
              ElementsAre("v0 = aten::mul y int 2", "v1 = aten::add x v0", "v2 = aten::neg x", "v3 = aten::sub v1 v2",
                          "return v3"));
  EXPECT_THAT(lines_of({"return -x ** 2"}), ElementsAre("v0 = aten::pow x int 2", "v1 = aten::neg v0", "return v1"));
  EXPECT_THAT(lines_of({"return not x == y"}), ElementsAre("v0 = aten::eq x y", "v1 = aten::__not__ v0", "return v1"));
}

TEST(Compile, LongChainsNeedNoStack) {
  std::string line = "return x";
  for (int i = 0; i < 20000; ++i) line += " + x";
  EXPECT_EQ(compiled({forward({line})}).instructions.size(), 20000U);
  EXPECT_EQ(compiled({forward({"return " + std::string(20000, '-') + "x"})}).instructions.size(), 20000U);
}

TEST(Compile, BranchesOnValuesSkipAndMove) {
  EXPECT_THAT(lines_of({"if torch.gt(torch.size(x, 0), 2):", "  z = torch.neg(x)", "else:", "  z = y", "return z"}),
              ElementsAre("v0 = aten::size x int 0", "v1 = aten::gt v0 int 2", "skip_unless v1 -> 5",
                          "v2 = aten::neg x", "skip -> 7", "v3 = move y", "skip -> 8", "v3 = move v2", "return v3"));
}

// All on the right are there before any on the left is written.
TEST(Compile, SeveralNamesGetSeveralValues) {
  EXPECT_THAT(lines_of({"x, y = y, torch.neg(x)", "return [x, y]"}),
              ElementsAre("v0 = aten::neg x", "v1 = list y v0", "return v1"));
  EXPECT_EQ(thrown_by([] { lines_of({"a, b, c = x, y", "return a"}); }).code(), ErrorCode::invalid_format);
}

TEST(Compile, BranchesOnConstantsAreFolded) {
  EXPECT_THAT(lines_of({"if False:", "  for i in range(3):", "    x = torch.neg(x)", "else:", "  y = torch.neg(x)",
                        "return y"}),
              ElementsAre("v0 = aten::neg x", "return v0"));
  EXPECT_THAT(lines_of({"if True:", "  pass", "return y", "z = torch.unknown(x)"}), ElementsAre("return y"));
}

TEST(Compile, ABranchThatRaisesLeavesTheOther) {
  EXPECT_THAT(lines_of({"if torch.eq(torch.size(x, 0), 2):", "  z = torch.neg(x)",
                        "else:", "  ops.prim.RaiseException(\"no\")", "return z"}),
              ElementsAre("v0 = aten::size x int 0", "v1 = aten::eq v0 int 2", "skip_unless v1 -> 5",
                          "v2 = aten::neg x", "skip -> 6", "v3 = prim::RaiseException str \"no\"", "return v2"));
}

TEST(Compile, WhatOnlyOneWaySetsIsNotReadAfterwards) {
  const Error error = thrown_by([] { lines_of({"if torch.Bool(x):", "  z = x", "return z"}); });
  EXPECT_THAT(error.what(), HasSubstr("not graphable: a value that is never set"));
}

TEST(Compile, FunctionsAreInlinedWithNamesAndDefaults) {
  const std::string functions = "def f(a: Tensor,\n    k: int=-1) -> Tensor:\n  return torch.mul(a, k)\n";
  const Program program =
      compiled({forward({"_0 = __torch__.f", "z = _0(x, )", "return _0(a=z, k=3)"}, "", functions)});
  EXPECT_THAT(lines_of(program), ElementsAre("v0 = aten::mul x int -1", "v1 = aten::mul v0 int 3", "return v1"));
  for (const char* call :
       {"__torch__.f()", "__torch__.f(x, 1, 2)", "__torch__.f(x, q=1)", "__torch__.f(x, a=y)", "__torch__.g(x)"}) {
    const Error error = thrown_by([&] { compiled({forward({std::string("return ") + call}, "", functions)}); });
    EXPECT_EQ(error.code(), ErrorCode::invalid_format) << call;
  }
}

TEST(Compile, RecursionAndDoublingCallsEnd) {
  EXPECT_THAT(
      thrown_by([] {
        compiled({forward({"return __torch__.f(x)"}, "", "def f(a: Tensor) -> Tensor:\n  return __torch__.f(a)\n")});
      }).what(),
      HasSubstr("nested too deeply"));
  std::string code = "def f0(a: Tensor) -> Tensor:\n  return torch.neg(a)\n";
  for (int i = 1; i < 60; ++i) {
    const std::string before = "__torch__.f" + std::to_string(i - 1);
    code += "def f" + std::to_string(i) + "(a: Tensor) -> Tensor:\n  return " + before + "(" + before + "(a))\n";
  }
  EXPECT_EQ(thrown_by([&] { compiled({forward({"return __torch__.f59(x)"}, "", code)}); }).code(),
            ErrorCode::unsupported);
  std::string idle = "def f0(a: Tensor) -> Tensor:\n  return a\n" + code.substr(code.find("def f1"));
  EXPECT_EQ(thrown_by([&] { compiled({forward({"return __torch__.f59(x)"}, "", idle)}); }).code(),
            ErrorCode::unsupported);
}

TEST(Compile, NestingIsBounded) {
  const auto code = [](std::size_t depth) {
    return forward({"return " + std::string(depth, '(') + "x" + std::string(depth, ')')});
  };
  EXPECT_EQ(compiled({code(100)}).instructions.size(), 0U);
  EXPECT_THAT(thrown_by([&] { compiled({code(100000)}); }).what(),
              HasSubstr("not graphable: code that is nested too deeply"));
  std::vector<std::string> tuples(100, "x = (x, )");
  tuples.push_back("return x");
  EXPECT_THAT(thrown_by([&] { compiled({forward(tuples)}); }).what(), HasSubstr("values that are nested too deeply"));
}

TEST(Compile, WithoutGradientsCodeIsAsGood) {
  const std::string no_grad = "__torch__.torch.autograd.grad_mode.no_grad";
  EXPECT_THAT(lines_of({"_0 = " + no_grad + ".__new__(" + no_grad + ")", "_1 = (_0).__init__()",
                        "with _0:", "  a = torch.add(x, y)", "return torch.neg(a)"}),
              ElementsAre("v0 = aten::add x y", "v1 = aten::neg v0", "return v1"));
  test::Parts parts;
  parts.code = forward({"return x"}, "",
                       "class no_grad:\n  prev : bool\n  def __init__(self: __torch__.no_grad) -> "
                       "NoneType:\n    self.prev = False\n    return None\n");
  EXPECT_THAT(lines_of(compiled(parts)), ElementsAre("return x"));
}

TEST(Compile, WhatIsNoGraphSaysWhere) {
  const std::vector<std::pair<std::string, std::string>> cases = {
      {"z = torch.unknown(x)", "operator aten::unknown is not known"},
      {"z = ops.other.unknown(x)", "operator other::unknown is not known"},
      {"for i in x:", "a statement \"for\""},
      {"while True:", "a statement \"while\""},
      {"with x:", "a statement \"with\""},
      {"z = x if True else y", "an expression with \"if\""},
      {"z = x[1:2]", "a range or a list in brackets"},
      {"z = lambda", "a lambda"},
      {"z = x.shape", "attribute \"shape\" of a value"},
      {"x[0] = y", "keeps state"},
      {"z = print(x)", "function print is not known"},
      {"z = torch.device(\"meta\")", "device \"meta\""},
      {"z = __torch__.M(x)", "an object that is made of class __torch__.M"},
      {"z = torch.add(self, x)", "a module that is handled as a value"},
  };
  for (const auto& [line, reason] : cases) {
    const Error error = thrown_by([&, code = line] { lines_of({"_0 = x", code, "return x"}); });
    EXPECT_EQ(error.code(), ErrorCode::unsupported) << line;
    EXPECT_EQ(error.where(), "model.pt: code/__torch__.py:8") << line;
    EXPECT_THAT(error.what(), HasSubstr("not graphable: " + reason)) << line;
  }
}

TEST(Compile, CodeThatIsNoneIsAnError) {
  for (const char* line : {"z = ", "z = (x", "z = x y", "z = torch.add(x,, y)", "z = torch.add(alpha=1, x)",
                           "z = nothing", "  z = x", "z = CONSTANTS.c0", "z = __torch__.absent"}) {
    const Error error = thrown_by([&] { lines_of({"_0 = x", line, "return x"}); });
    EXPECT_EQ(error.code(), ErrorCode::invalid_format) << line;
  }
}

TEST(Compile, AttributesAreConstantsByTheirPath) {
  const std::string sub =
      "class S(Module):\n  w : Tensor\n  n : int\n  def forward(self: __torch__.S,\n    x: Tensor) -> Tensor:\n    w = "
      "self.w\n    return torch.mul(torch.add(x, w), self.n)\n";
  test::Parts parts;
  parts.code = forward({"s = self.s", "l = getattr(self, \"0\")", "return (l).forward((s).forward(x, ), )"},
                       "  s : __torch__.S\n  __annotations__[\"0\"] = __torch__.S\n", sub);
  const auto object = [](std::int64_t n) {
    return pickled::object("__torch__.S", {{"w", pickled::tensor("0", {2}, 2)}, {"n", pickled::integer(n)}});
  };
  parts.attributes = {{"s", object(5)}, {"0", object(6)}};
  parts.entries = {{"data/0", std::string(8, '\0')}};
  const Program program = compiled(parts);
  EXPECT_THAT(lines_of(program), ElementsAre("v0 = aten::add x s.w", "v1 = aten::mul v0 s.n", "v2 = aten::add v1 0.w",
                                             "v3 = aten::mul v2 0.n", "return v3"));
  std::vector<const Storage*> storages;
  for (const Constant& constant : program.constants) {
    if (constant.value.tensor() != nullptr) storages.push_back(constant.value.tensor()->storage().get());
  }
  ASSERT_EQ(storages.size(), 2U);
  EXPECT_EQ(storages[0], storages[1]) << "tied weights are one storage";
}

TEST(Compile, ConstantsThatAreWrittenToAreAFinding) {
  test::Parts parts;
  parts.code = forward({"return torch.mul(x, torch.add_(CONSTANTS.c0, 1))"});
  parts.constants = {pickled::tensor("0", {}, 1)};
  parts.entries = {{"constants/0", std::string(4, '\0')}};
  const auto opened = test::open(parts);
  EXPECT_THAT(read_program(*opened->module, "forward", find_operator).findings,
              ElementsAre(HasSubstr("aten::add_ writes into a constant")));
}

TEST(Compile, ConstantsOfRankZeroPromoteAsNumbers) {
  test::Parts parts;
  parts.code = forward({"return torch.add(CONSTANTS.c0, CONSTANTS.c1)"});
  parts.constants = {pickled::tensor("0", {}, 1), pickled::tensor("1", {2}, 2)};
  parts.entries = {{"constants/0", std::string(4, '\0')}, {"constants/1", std::string(8, '\0')}};
  const Program program = compiled(parts);
  ASSERT_EQ(program.constants.size(), 2U);
  EXPECT_EQ(program.constants[0].name, "CONSTANTS.c0");
  EXPECT_TRUE(program.constants[0].value.tensor()->wrapped_number);
  EXPECT_FALSE(program.constants[1].value.tensor()->wrapped_number);
}

TEST(Compile, HalvesAreReadAsFloats) {
  const Program program =
      compiled({forward({"a = torch.to(x, 5)", "b = torch.softmax(a, 5, 15)", "return torch.zeros([1], dtype=15)"})});
  EXPECT_THAT(lines_of(program), ElementsAre("v0 = aten::to x int 6", "v1 = aten::softmax v0 int 5 int 6",
                                             "v2 = aten::zeros List of 1 dtype=int 6", "return v2"));
  EXPECT_THAT(program.findings, ElementsAre(HasSubstr("half precision")));
}

TEST(Compile, DropoutThatIsSwitchedOnIsFound) {
  EXPECT_THAT(compiled({forward({"return torch.dropout(x, 0.1, True)"})}).findings, ElementsAre(HasSubstr("dropout")));
  EXPECT_THAT(compiled({forward({"return torch.dropout(x, 0.1, False)"})}).findings, ElementsAre());
  EXPECT_THAT(compiled({forward({"return torch.scaled_dot_product_attention(x, x, x, None, 0.1, False)"})}).findings,
              ElementsAre(HasSubstr("dropout")));
}

TEST(Compile, PlacesAndInputsAreNamed) {
  const Program program = compiled({forward({"_0 = x", "return torch.add(x, y)"})});
  EXPECT_EQ(program.where(program.instructions[0].place), "code/__torch__.py:8");
  EXPECT_EQ(program.version, 10);
  EXPECT_EQ(program.inputs[1].name, "y");
}

}  // namespace
}  // namespace bertrt::graph::torchscript
