#pragma once

#include <gtest/gtest.h>

#include <span>
#include <string>
#include <vector>

#include "bertrt/encoding.h"
#include "engine/packed/plain_encoder.h"

namespace bertrt::engine::packed {

/// For specs of SpecMaker: holes in the mask, types, pads among the ids, one token, up to 19.
inline std::vector<Encoding> some_texts() {
  std::vector<Encoding> texts(3);
  texts[0].input_ids = {5, 6, 7, 1, 8, 9, 10};
  texts[0].token_type_ids = {0, 0, 1, 1, 1, 2, 2};
  texts[0].attention_mask = {1, 1, 0, 1, 1, 0, 1};
  texts[1].input_ids = {11};
  texts[2].input_ids = {1, 3, 39, 0, 4, 4, 12, 30, 31, 32, 33, 34, 35, 36, 1, 2, 20, 21, 22};
  return texts;
}

/// Rows of values, one behind the other.
inline void expect_near(std::span<const float> got, const PlainEncoder::Rows& want, const std::string& what) {
  std::size_t at = 0;
  for (const std::vector<double>& row : want) {
    for (const double value : row) {
      ASSERT_LT(at, got.size()) << what;
      ASSERT_NEAR(got[at++], value, 2e-5) << what << ", value " << at;
    }
  }
  EXPECT_EQ(at, got.size()) << what;
}

}  // namespace bertrt::engine::packed
