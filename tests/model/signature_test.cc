#include "model/signature.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "model/code_text.h"
#include "model/output_names.h"

namespace bertrt::model {
namespace {

using testing::ElementsAre;

std::vector<std::string> texts(std::string_view code) {
  std::vector<std::string> result;
  for (const CodeToken& token : tokenize_code(code)) result.emplace_back(token.text);
  return result;
}

TEST(CodeText, SplitsAsTorchDoes) {
  EXPECT_THAT(texts("a.b0(1.5e-12, \"x\\\"y\")"), ElementsAre("a", ".", "b0", "(", "1.5e-12", ",", "\"x\\\"y\"", ")"));
  EXPECT_THAT(texts("1.0.save(2)"), ElementsAre("1.0", ".", "save", "(", "2", ")"));
  EXPECT_THAT(texts("5.save"), ElementsAre("5.", "save"));
  EXPECT_THAT(texts("torch.\\\nsave # no .call"), ElementsAre("torch", ".", "save"));
  EXPECT_THAT(texts("f(a,\n  b)\nc"), ElementsAre("f", "(", "a", ",", "b", ")", "\n", "c"));
  EXPECT_THAT(texts("'''a\n'b''' \"open"), ElementsAre("'''a\n'b'''", "\"open"));
  EXPECT_EQ(tokenize_code("a\n  b")[2].line, 2U);
  EXPECT_EQ(tokenize_code("a\n  b")[2].column, 2U);
}

constexpr std::string_view kCode = R"(class Other(Module):
  def forward(self: __torch__.Other,
    wrong: Tensor) -> Tensor:
    return wrong
class Model(Module):
  __parameters__ = []
  def forward(self: __torch__.a.Model,
    input_ids: Tensor,
    attention_mask0: Optional[Tensor],
    sizes: List[int]=[1, 2],
    table: Dict[str, Tensor]=annotate(Dict[str, Tensor], {})) -> Dict[str, Tensor]:
    _1 = {"early": input_ids}
    _2 = {"last_hidden_state": torch.add(input_ids, {"no": 1}, [2, 3]), "pooler_output": input_ids}
    return _2
  def encode(self: __torch__.a.Model,
    argument_1: Tensor) -> Tuple[List[Tensor], Tensor]:
    return (_1, _2)
  def direct(self: __torch__.a.Model) -> Dict[str, Tensor]:
    return {"logits": torch.zeros([1])}
  def __getstate__(self: __torch__.a.Model) -> int:
    return 1
class Model2(Module):
  def late(self: __torch__.a.Model2) -> Tensor:
    return x
)";

TEST(Signature, ReadsTheMethodsOfOneClass) {
  const std::vector<Method> methods = read_methods(kCode, "__torch__.a.Model");
  ASSERT_EQ(methods.size(), 3U);
  const Method& forward = methods[0];
  EXPECT_EQ(forward.name, "forward");
  ASSERT_EQ(forward.inputs.size(), 4U);
  EXPECT_EQ(forward.inputs[0].name, "input_ids");
  EXPECT_EQ(forward.inputs[0].type, "Tensor");
  EXPECT_EQ(forward.inputs[1].name, "attention_mask");
  EXPECT_EQ(forward.inputs[1].type, "Optional[Tensor]");
  EXPECT_EQ(forward.inputs[2].type, "List[int]");
  EXPECT_EQ(forward.inputs[3].type, "Dict[str, Tensor]");
  EXPECT_EQ(forward.return_type, "Dict[str, Tensor]");
  EXPECT_THAT(forward.output_keys, ElementsAre("last_hidden_state", "pooler_output"));
  EXPECT_EQ(methods[1].name, "encode");
  EXPECT_EQ(methods[1].return_type, "Tuple[List[Tensor], Tensor]");
  EXPECT_THAT(methods[2].output_keys, ElementsAre("logits"));
  EXPECT_TRUE(methods[2].inputs.empty());
}

TEST(Signature, BrokenCodeGivesNoMethodsAndNoHarm) {
  for (std::size_t size = 0; size <= kCode.size(); ++size)
    (void)read_methods(kCode.substr(0, size), "__torch__.a.Model");
  EXPECT_TRUE(read_methods("class Model", "__torch__.Model").empty());
  EXPECT_TRUE(read_methods("class Model(Module):\n  def ", "__torch__.Model").empty());
  EXPECT_TRUE(read_methods("", "").empty());
}

TEST(Signature, FindsTheEntryOfAClass) {
  EXPECT_EQ(code_entry_of("__torch__.a.b.Name"), "code/__torch__/a/b.py");
  EXPECT_EQ(code_entry_of("__torch__.Name"), "code/__torch__.py");
}

TEST(OutputNames, SplitsTypes) {
  EXPECT_THAT(type_items("Tuple[List[Tensor], Tuple[Tensor, Tensor], Tensor]"),
              ElementsAre("List[Tensor]", "Tuple[Tensor, Tensor]", "Tensor"));
  EXPECT_THAT(type_items("Tensor"), ElementsAre("Tensor"));
  EXPECT_THAT(type_items("Tuple[]]["), ElementsAre("Tuple[]]["));
}

}  // namespace
}  // namespace bertrt::model
