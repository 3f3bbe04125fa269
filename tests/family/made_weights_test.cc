#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdint>
#include <deque>
#include <memory>
#include <span>
#include <vector>

#include "archive/tensor.h"
#include "family/gathered_heads.h"
#include "family/repeated_heads.h"

// Heads that are put in another order: of numbers as a file has them, and of integers with a scale for each row.
namespace bertrt::family {
namespace {

using ::testing::ElementsAre;

// [rows, 2] of 1, 2, 3, … as int8, row i times i + 1; a bias of 10, 20, …
class Made : public ::testing::Test {
 protected:
  Dense integers(std::int64_t rows) {
    for (std::int64_t i = 0; i < rows; ++i) {
      values_.push_back(static_cast<std::int8_t>(2 * i + 1));
      values_.push_back(static_cast<std::int8_t>(2 * i + 2));
      scales_->push_back(static_cast<float>(i + 1));
      bias_.push_back(static_cast<float>(10 * (i + 1)));
    }
    Dense dense;
    dense.weight.tensor.type = archive::ElementType::int8;
    dense.weight.tensor.shape = {rows, 2};
    dense.weight.tensor.strides = {2, 1};
    dense.weight.tensor.storage = std::as_bytes(std::span(values_));
    dense.weight.tensor.row_scales = {scales_, scales_->data()};
    dense.bias.emplace();
    dense.bias->tensor.shape = {rows};
    dense.bias->tensor.strides = {1};
    dense.bias->tensor.storage = std::as_bytes(std::span(bias_));
    return dense;
  }

  std::deque<std::vector<float>> made;

 private:
  std::vector<std::int8_t> values_;
  std::shared_ptr<std::vector<float>> scales_ = std::make_shared<std::vector<float>>();
  std::vector<float> bias_;
};

TEST_F(Made, RepeatedHeadsStandSideBySide) {
  Dense dense = integers(2);
  repeat_heads(dense, 2, 2, made);
  EXPECT_THAT(archive::to_float32(dense.weight.tensor), ElementsAre(1, 2, 1, 2, 6, 8, 6, 8));
  EXPECT_THAT(archive::to_float32(dense.bias->tensor), ElementsAre(10, 10, 20, 20));
}

TEST_F(Made, GatheredHeadsLeaveOutWhatStandsBetween) {
  Dense dense = integers(5);
  gather_heads(dense, 2, 2, 3, made);
  EXPECT_THAT(archive::to_float32(dense.weight.tensor), ElementsAre(1, 2, 6, 8, 28, 32, 45, 50));
  EXPECT_THAT(archive::to_float32(dense.bias->tensor), ElementsAre(10, 20, 40, 50));
}

TEST_F(Made, ABiasOfTheHeadsAloneStays) {
  Dense dense = integers(5);
  dense.bias->tensor.shape = {4};
  gather_heads(dense, 2, 2, 3, made);
  EXPECT_THAT(archive::to_float32(dense.bias->tensor), ElementsAre(10, 20, 30, 40));
}

}  // namespace
}  // namespace bertrt::family
