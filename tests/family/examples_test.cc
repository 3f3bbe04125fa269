#include "family/examples.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "family/tiny_model.h"

namespace bertrt::family {
namespace {

using graph::ElementType;
using graph::torchscript::TracedInput;
using ::testing::IsEmpty;

/// The tiny model (ids, mask, types) with its inputs called so, and the examples in some order.
std::vector<const TracedInput*> assigned(const std::vector<TracedInput>& examples,
                                         const std::vector<std::string>& names = {"a", "b", "c"}) {
  graph::Program program = *test::TinyModel(std::vector<test::Change>{}).trace().program;
  for (std::size_t i = 0; i < names.size(); ++i) program.inputs[i].name = names[i];
  return assign_examples(program, examples);
}

const TracedInput kWhole{"", ElementType::int64, {1, 8}};
const TracedInput kFloats{"", ElementType::float32, {1, 8}};
const TracedInput kHalves{"", ElementType::float16, {1, 8}};

TEST(Examples, FloatsAreNeverLookedUp) {
  for (const std::vector<TracedInput>& examples :
       {std::vector{kFloats, kWhole, kWhole}, std::vector{kWhole, kWhole, kFloats}}) {
    const auto own = assigned(examples);
    ASSERT_EQ(own.size(), 3U);
    EXPECT_EQ(own[0]->type, ElementType::int64);
    EXPECT_EQ(own[1]->type, ElementType::float32);
    EXPECT_EQ(own[2]->type, ElementType::int64);
  }
  EXPECT_EQ(assigned({kHalves, kWhole, kWhole}).at(1)->type, ElementType::float16);
}

TEST(Examples, AShapeThatDoesNotRunIsNobodysElse) {
  // [1, 1] is a mask's or types' that are spread out, but ids would give one token.
  const TracedInput one{"", ElementType::float32, {1, 1}};
  EXPECT_EQ(assigned({kWhole, one, kWhole}).at(1)->shape, (std::vector<std::int64_t>{1, 1}));
}

TEST(Examples, WhereSeveralOrdersRunNothingIsSaid) {
  const TracedInput narrow{"", ElementType::int32, {1, 8}};
  EXPECT_THAT(assigned({kWhole, narrow, kWhole}), IsEmpty());
}

TEST(Examples, WhereNoneRunsNothingIsSaid) {
  EXPECT_THAT(assigned({kFloats, kFloats, kFloats}), IsEmpty());
  EXPECT_THAT(assigned({kWhole, kFloats}), IsEmpty());
  EXPECT_THAT(assigned({kWhole, {"", std::nullopt, {}}, kWhole}), IsEmpty());
}

TEST(Examples, StandardNamesAreHeldToTheirKind) {
  // Types alone could stand in any place, but ids by their name are a row of tokens.
  const TracedInput row{"", ElementType::int64, {8}};
  EXPECT_THAT(assigned({row, kWhole, kFloats}, {"input_ids", "attention_mask", "token_type_ids"}), IsEmpty());
}

}  // namespace
}  // namespace bertrt::family
