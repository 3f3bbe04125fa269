#include "kernels/ops/position_scores.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "kernels/linear_scratch.h"
#include "kernels/operands.h"

namespace bertrt::kernels {
namespace {

// Distances from 1 - reach to reach - 1: steps of one up to `even`, then of nought and two in turn.
struct Distances {
  std::vector<std::int32_t> rows;
  std::ptrdiff_t reach;
  std::ptrdiff_t even;

  Distances(std::ptrdiff_t reach_, std::ptrdiff_t even_) : reach(reach_), even(std::min(even_, reach_ - 1)) {
    std::int32_t row = 0;
    for (std::ptrdiff_t distance = 1 - reach; distance < reach; ++distance) {
      rows.push_back(row);
      row += distance >= -even && distance < even ? 1 : (distance % 2 == 0 ? 2 : 0);
    }
  }
  ops::DistanceRows view() const { return {rows.data() + reach - 1, reach, even}; }
  std::size_t at(std::ptrdiff_t distance) const {
    return static_cast<std::size_t>(
        rows[static_cast<std::size_t>(std::clamp(distance, 1 - reach, reach - 1) + reach - 1)]);
  }
  std::size_t table() const { return static_cast<std::size_t>(rows.back()) + 1; }
};

struct Case {
  std::size_t length;
  std::size_t head_size;
  Distances distances;
  bool by_query = true;
  bool by_key = true;
};

void check(const Case& c) {
  const std::size_t rows = c.distances.table();
  const std::size_t stride = 2 * c.head_size + 3;
  const std::vector<float> tokens = random_values(c.length * stride, 1);
  const std::vector<float> tables[2] = {random_values(rows * c.head_size, 2), random_values(rows * c.head_size, 3)};
  std::vector<float> packed[2];
  for (int i = 0; i < 2; ++i) {
    packed[i].resize(ops::packed_positions_size(rows, c.head_size));
    // The second one lies in the memory in reverse.
    const auto step = static_cast<std::ptrdiff_t>(c.head_size);
    ops::pack_positions(i == 0 ? tables[0].data() : tables[1].data() + (rows - 1) * c.head_size, i == 0 ? step : -step,
                        rows, c.head_size, 0.5F, packed[i].data());
  }
  AlignedBuffer scratch(ops::position_scratch_size(rows) * sizeof(float));
  ops::PositionTask task;
  task.query = tokens.data();
  task.key = tokens.data() + c.head_size;
  task.stride = stride;
  task.length = c.length;
  task.head_size = c.head_size;
  task.table_rows = rows;
  if (c.by_query) task.by_query = packed[0].data();
  if (c.by_key) task.by_key = packed[1].data();
  task.query_rows = task.key_rows = c.distances.view();
  task.out_stride = c.length + ops::kPositionPanel + 5;
  for (std::size_t begin = 0; begin < c.length; begin += 61) {  // in parts that are no multiples of anything
    task.row_begin = begin;
    task.row_end = std::min(begin + 61, c.length);
    std::vector<float> got((task.row_end - begin) * task.out_stride, NAN);
    task.out = got.data();
    ops::position_scores(task, reinterpret_cast<float*>(scratch.data()));
    for (std::size_t i = begin; i < task.row_end; ++i) {
      const float* row = got.data() + (i - begin) * task.out_stride;
      for (std::size_t j = 0; j < c.length; ++j) {
        const std::ptrdiff_t distance = static_cast<std::ptrdiff_t>(i) - static_cast<std::ptrdiff_t>(j);
        const float* query = tokens.data() + i * stride;
        const float* key = tokens.data() + j * stride + c.head_size;
        const float* first = tables[0].data() + c.distances.at(-distance) * c.head_size;
        const float* second = tables[1].data() + (rows - 1 - c.distances.at(distance)) * c.head_size;
        double want = 0;
        for (std::size_t k = 0; k < c.head_size; ++k) {
          if (c.by_query) want += 0.5 * static_cast<double>(query[k]) * static_cast<double>(first[k]);
          if (c.by_key) want += 0.5 * static_cast<double>(key[k]) * static_cast<double>(second[k]);
        }
        ASSERT_NEAR(row[j], want, 1e-5) << "query " << i << ", key " << j;
      }
      for (std::size_t j = c.length; j < c.length + ops::kPositionPanel; ++j) ASSERT_EQ(row[j], 0.0F);
    }
  }
}

TEST(PositionScores, AsPlainCode) {
  on_every_target([] {
    for (const std::size_t length : {1, 2, 3, 4, 11, 12, 13, 16, 17, 31, 64, 70, 130, 257}) {
      for (const std::size_t head_size : {4, 12, 64}) {
        for (const Distances& distances : {Distances(1, 0), Distances(5, 4), Distances(40, 8), Distances(300, 16)}) {
          SCOPED_TRACE(testing::Message()
                       << "length " << length << ", head size " << head_size << ", reach " << distances.reach);
          check({length, head_size, distances});
          if (testing::Test::HasFatalFailure()) return;
        }
      }
    }
    check({37, 8, Distances(20, 6), true, false});
    check({37, 8, Distances(20, 6), false, true});
  });
}

}  // namespace
}  // namespace bertrt::kernels
