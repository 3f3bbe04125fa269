#include "proof/agreement.h"

#include <gtest/gtest.h>

#include <limits>
#include <vector>

namespace bertrt::proof {
namespace {

constexpr float kInf = std::numeric_limits<float>::infinity();
constexpr float kNan = std::numeric_limits<float>::quiet_NaN();

using Row = std::vector<float>;

bool agree(const Row& expected, const Row& found, Bound bound = bound_of(OutputRole::hidden_state, DType::fp32)) {
  Agreement agreement(bound);
  agreement.add(expected, found);
  return !agreement.objection();
}

TEST(Agreement, IsBoundedByTheRowsLargestValueAndNoLessThanOne) {
  EXPECT_TRUE(agree({0.5F, 0.1F}, {0.5F, 0.100009F}));
  EXPECT_FALSE(agree({0.5F, 0.1F}, {0.5F, 0.10002F}));
  EXPECT_TRUE(agree({100, 0.1F}, {100, 0.1009F}));
  EXPECT_FALSE(agree({100, 0.1F}, {100, 0.102F}));
}

TEST(Agreement, EachRowHasItsOwnBound) {
  Agreement agreement(bound_of(OutputRole::hidden_state, DType::fp32));
  agreement.add(Row{1000, 0}, Row{1000, 0});
  agreement.add(Row{1, 0}, Row{1, 0.001F});
  EXPECT_TRUE(agreement.objection());
}

TEST(Agreement, AnInfiniteOrHugeBannedValueDoesNotWidenTheBoundOfTheRest) {
  EXPECT_TRUE(agree({-kInf, 0.1F}, {-kInf, 0.1F}));
  EXPECT_FALSE(agree({-kInf, 0.1F}, {-kInf, 0.2F}));
  EXPECT_FALSE(agree({kInf, 0.1F}, {kInf, 0.2F}));
  EXPECT_FALSE(agree({-kInf, 0.1F}, {0, 0.1F}));
  EXPECT_FALSE(agree({0, 0.1F}, {-kInf, 0.1F}));
  EXPECT_FALSE(agree({-kInf, 0.1F}, {kInf, 0.1F}));
}

TEST(Agreement, WhatIsNoNumberAgreesWithNothing) {
  EXPECT_FALSE(agree({kNan}, {kNan}));
  EXPECT_FALSE(agree({kNan}, {1}));
  EXPECT_FALSE(agree({1}, {kNan}));
}

TEST(Agreement, NothingComparedIsAnObjection) {
  EXPECT_TRUE(Agreement(Bound{1, 1}).objection());
  EXPECT_FALSE(agree({}, {}));
}

TEST(Agreement, RowsOfTwoSizesDoNotAgree) {
  EXPECT_FALSE(agree({1, 2}, {1}));
  EXPECT_FALSE(agree({1}, {1, 2}));
}

// A row that could not be compared is not made good by others that agree.
TEST(Agreement, TheFirstObjectionStays) {
  Agreement agreement(bound_of(OutputRole::other, DType::fp32));
  agreement.add(Row{1}, Row{kNan});
  agreement.add(Row{1}, Row{1});
  EXPECT_TRUE(agreement.objection());
}

TEST(Agreement, LogitsMayBeFurtherApartThanStates) {
  const Bound logits = bound_of(OutputRole::token_logits, DType::fp32);
  EXPECT_TRUE(agree({1}, {1.00009F}, logits));
  EXPECT_FALSE(agree({1}, {1.0002F}, logits));
  EXPECT_FALSE(agree({1}, {1.00009F}, bound_of(OutputRole::pooled_output, DType::fp32)));
}

TEST(Agreement, LowerDtypesAreBoundedByTheErrorsShare) {
  const Bound bf16 = bound_of(OutputRole::hidden_state, DType::bf16);
  EXPECT_TRUE(agree({1, 1, 1, 1}, {1.005F, 1, 1, 1}, bf16));
  EXPECT_FALSE(agree({1, 1, 1, 1}, {1.05F, 1, 1, 1}, bf16));
  EXPECT_FALSE(agree({0, 0}, {0.001F, 0}, bf16));
  EXPECT_TRUE(agree({1, 1, 1, 1}, {1.05F, 1, 1, 1}, bound_of(OutputRole::hidden_state, DType::int8)));
  EXPECT_FALSE(agree({1, 1, 1, 1}, {1.3F, 1, 1, 1}, bound_of(OutputRole::hidden_state, DType::int8)));
}

}  // namespace
}  // namespace bertrt::proof
