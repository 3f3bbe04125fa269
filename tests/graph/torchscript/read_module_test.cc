#include <gmock/gmock.h>

#include "error_matchers.h"
#include "graph/torchscript/test_trace.h"

namespace bertrt::graph::torchscript {
namespace {

using test::forward;
using test::open;
using testing::ElementsAre;
using testing::HasSubstr;
namespace pickled = test::pickled;

test::Parts holding(const std::string& type, const std::string& value) {
  test::Parts parts;
  parts.code = forward({"return x"}, "  t : " + type + "\n",
                       "class A(Module):\n  training : bool\nclass B(Module):\n  training : bool\n");
  parts.attributes = {{"t", value}};
  parts.entries = {{"data/0", std::string(16, '\0')}};
  return parts;
}

std::string object_of(const std::string& name) {
  return pickled::object("__torch__." + name, {{"training", pickled::boolean(false)}});
}

TEST(ReadModule, KindsAreHeldToDeclaredTypes) {
  const std::string tensor = pickled::tensor("0", {2, 2}, 4);
  const std::vector<std::pair<std::string, std::string>> right = {
      {"Tensor", tensor},
      {"int", pickled::integer(3)},
      {"Optional[Tensor]", pickled::none()},
      {"Optional[Tensor]", tensor},
      {"List[int]", pickled::list({pickled::integer(1)})},
      {"Tuple[Tensor, str]", pickled::tuple({tensor, pickled::text("a")})},
      {"__torch__.A", object_of("A")},
  };
  for (const auto& [type, value] : right) EXPECT_NO_THROW(open(holding(type, value))) << type;
  const std::vector<std::pair<std::string, std::string>> wrong = {
      {"Tensor", pickled::integer(0x41414141)},
      {"List[int]", pickled::text("hello")},
      {"List[int]", pickled::list({pickled::integer(1), pickled::text("a")})},
      {"Tuple[Tensor, str]", pickled::tuple({tensor})},
      {"bool", pickled::integer(1)},
      {"Tensor", pickled::none()},
      {"__torch__.B", object_of("A")},
      {"__torch__.B", tensor},
  };
  for (const auto& [type, value] : wrong) {
    const Error error = thrown_by([&, t = type, v = value] { open(holding(t, v)); });
    EXPECT_EQ(error.code(), ErrorCode::invalid_format) << type;
    EXPECT_EQ(error.where(), "model.pt: data.pkl: t") << type;
  }
}

TEST(ReadModule, EachAttributeIsDeclaredAndThere) {
  test::Parts parts = holding("int", pickled::integer(1));
  parts.attributes.emplace_back("u", pickled::integer(1));
  EXPECT_THAT(thrown_by([&] { open(parts); }).what(), HasSubstr("an attribute that its class declares"));
  parts.attributes.clear();
  EXPECT_THAT(thrown_by([&] { open(parts); }).what(), HasSubstr("a value of the attribute"));
  parts.attributes = {{"t", pickled::integer(1)}, {"t", pickled::integer(2)}};
  EXPECT_THAT(thrown_by([&] { open(parts); }).what(), HasSubstr("each attribute once"));
}

TEST(ReadModule, StoragesAreAsLongAsTheirRecords) {
  for (const std::int64_t elements : {3, 5, 600000000}) {
    const std::string tensor = pickled::tensor("0", {1}, elements);
    for (const auto& [type, value] : std::vector<std::pair<std::string, std::string>>{
             {"Tensor", tensor},
             {"List[Tensor]", pickled::list({tensor})},
             {"Tuple[Tensor, int]", pickled::tuple({tensor, pickled::integer(1)})}}) {
      const Error error = thrown_by([&, t = type, v = value] { open(holding(t, v)); });
      EXPECT_EQ(error.code(), ErrorCode::invalid_format);
      EXPECT_EQ(error.found(), "entry data/0 of 16 bytes") << type;
    }
    test::Parts parts{forward({"return x"})};
    parts.constants = {pickled::list({tensor})};
    parts.entries = {{"constants/0", std::string(16, '\0')}};
    EXPECT_EQ(thrown_by([&] { open(parts); }).found(), "entry constants/0 of 16 bytes");
  }
  const Error outside = thrown_by([] { open(holding("Tensor", pickled::tensor("0", {5}, 4))); });
  EXPECT_EQ(outside.expected(), "a tensor inside its storage, entry data/0");
  const Error negative = thrown_by([&] { open(holding("Tensor", pickled::tensor("0", {1}, -4))); });
  EXPECT_EQ(negative.expected(), "a tensor's number of stored elements from 0");
}

TEST(ReadModule, VersionsAgreeAndAreKnown) {
  const auto with = [](std::string old_place, std::string new_place) {
    test::Parts parts{forward({"return x"})};
    parts.version = std::move(old_place);
    if (!new_place.empty()) parts.entries = {{".data/version", std::move(new_place)}};
    return parts;
  };
  EXPECT_EQ(version(*open(with("3\n", ""))->module), 3);
  EXPECT_EQ(version(*open(with("", "10\n"))->module), 10);
  EXPECT_EQ(version(*open(with("4\n", "4\n"))->module), 4);
  for (const auto& [a, b] :
       std::vector<std::pair<std::string, std::string>>{{"3\n", "10\n"}, {"11\n", ""}, {"0\n", ""}}) {
    EXPECT_EQ(thrown_by([&, x = a, y = b] { open(with(x, y)); }).code(), ErrorCode::unsupported) << a << b;
  }
  for (const char* text : {"", "x\n", "-3\n", "99999999999999999999\n"}) {
    EXPECT_EQ(thrown_by([&] { open(with(text, "")); }).code(), ErrorCode::invalid_format) << text;
  }
}

TEST(ReadModule, AttributesThatCodeMakesAreNotKnown) {
  test::Parts parts = holding("__torch__.A", object_of("A"));
  parts.code = forward({"return torch.add(x, self.t.training)"}, "  t : __torch__.A\n",
                       "class A(Module):\n  training : bool\n  def __setstate__(self: __torch__.A, state: Tensor) -> "
                       "NoneType:\n    return None\n");
  const auto opened = open(parts);
  EXPECT_THAT(thrown_by([&] { read_program(*opened->module, "forward", test::any_operator); }).what(),
              HasSubstr("__setstate__"));
}

TEST(ReadModule, SharedObjectsAndCyclesEnd) {
  std::string value =
      pickled::object("__torch__.N", {{"a", pickled::none()}, {"b", pickled::none()}}) + std::string("q\0", 2);
  for (char i = 1; i < 60; ++i) {
    value = pickled::global("__torch__", "N") + ")\x81}(" + pickled::text("a") + value + pickled::text("b") + "h" +
            static_cast<char>(i - 1) + "ub" + "q" + i;
  }
  test::Parts parts = holding("Optional[__torch__.N]", value);
  parts.code += "class N(Module):\n  a : Optional[__torch__.N]\n  b : Optional[__torch__.N]\n";
  EXPECT_THAT(thrown_by([&] { open(parts); }).what(), HasSubstr("when references are followed"));
}

TEST(ReadModule, MethodsAndTensorsAreListed) {
  test::Parts parts = holding("Tensor", pickled::tensor("0", {2, 2}, 4));
  parts.code = forward({"return x"}, "  t : Tensor\n",
                       "  def encode(self: __torch__.M,\n    input_ids.1: Tensor) -> Tensor:\n    return x\n");
  EXPECT_EQ(thrown_by([&] { methods(*open(parts)->module); }).code(), ErrorCode::invalid_format);
  parts.code = forward({"return x"}, "  t : Tensor\n",
                       "  def encode(self: __torch__.M,\n    input_ids0: Tensor,\n    k: Optional[int]=None) -> "
                       "Tuple[Tensor, List[int]]:\n    return x\n"
                       "  def __hidden(self: __torch__.M) -> int:\n    return 1\n");
  const auto opened = open(parts);
  const auto found = methods(*opened->module);
  ASSERT_EQ(found.size(), 2U);
  EXPECT_EQ(found[0].name, "forward");
  EXPECT_EQ(found[1].inputs[0].name, "input_ids");
  EXPECT_EQ(found[1].inputs[1].type, "Optional[int]");
  EXPECT_TRUE(found[1].inputs[1].has_default);
  EXPECT_EQ(found[1].return_type, "Tuple[Tensor, List[int]]");
  ASSERT_EQ(tensors(*opened->module).size(), 1U);
  EXPECT_EQ(tensors(*opened->module)[0].name, "t");
  EXPECT_EQ(classes(*opened->module).at(""), "__torch__.M");
  EXPECT_FALSE(training(*opened->module).has_value());
}

TEST(ReadModule, ExamplesAreNamedWhereTheirOrderIsNoMatter) {
  const auto with = [](const std::string& second_storage) {
    test::Parts parts{forward({"return x"})};
    const std::string examples = pickled::list(
        {pickled::tensor("0", {1, 14}, 14, "LongStorage"), pickled::tensor("1", {1, 14}, 14, second_storage)});
    parts.entries = {{"traced_inputs.pkl", pickled::whole("}(" + pickled::text("forward") + examples + "u")}};
    return traced_example(*open(parts)->module);
  };
  const auto same = with("LongStorage");
  ASSERT_TRUE(same.has_value());
  EXPECT_TRUE(same->named);
  EXPECT_EQ(same->inputs[1].name, "y");
  EXPECT_THAT(same->inputs[1].shape, ElementsAre(1, 14));
  const auto different = with("FloatStorage");
  ASSERT_TRUE(different.has_value());
  EXPECT_FALSE(different->named);
  EXPECT_EQ(different->inputs[1].name, "");
  EXPECT_EQ(different->inputs[1].type, archive::ElementType::float32);
  EXPECT_FALSE(traced_example(*open({forward({"return x"})})->module).has_value());
}

TEST(ReadModule, ExamplesOfADictATupleOrAListAreExamplesOfTheirOwn) {
  const auto with = [](const std::string& example) {
    test::Parts parts{forward({"return x"})};
    const std::string examples = pickled::list({example});
    parts.entries = {{"traced_inputs.pkl", pickled::whole("}(" + pickled::text("forward") + examples + "u")}};
    return traced_example(*open(parts)->module);
  };
  const std::string ids = pickled::tensor("0", {1, 14}, 14, "LongStorage");
  const std::string mask = pickled::tensor("1", {1, 14}, 14, "FloatStorage");
  const auto dict = with("}(" + pickled::text("ids") + ids + pickled::text("mask") + mask + "u");
  ASSERT_TRUE(dict.has_value());
  EXPECT_TRUE(dict->keyed);
  ASSERT_EQ(dict->inputs.size(), 2U);
  EXPECT_EQ(dict->inputs[1].name, "mask");
  EXPECT_EQ(dict->inputs[1].type, archive::ElementType::float32);
  for (const std::string& several : {pickled::tuple({ids, mask}), pickled::list({ids, mask})}) {
    const auto found = with(several);
    ASSERT_TRUE(found.has_value());
    EXPECT_FALSE(found->keyed || found->named);
    ASSERT_EQ(found->inputs.size(), 2U);
    EXPECT_EQ(found->inputs[0].type, archive::ElementType::int64);
  }
}

TEST(ReadModule, CodeThatNobodyRefersToIsNotRead) {
  test::Parts parts{forward({"return x"})};
  parts.entries = {{"code/z.py", "((((("}};
  EXPECT_NO_THROW(open(parts));
  parts.code = "((((";
  EXPECT_EQ(thrown_by([&] { open(parts); }).code(), ErrorCode::invalid_format);
}

}  // namespace
}  // namespace bertrt::graph::torchscript
