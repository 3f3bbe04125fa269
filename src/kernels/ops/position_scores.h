#pragma once

#include <cstddef>
#include <cstdint>

namespace bertrt::kernels::ops {

/// Which row of a table of positions stands for a distance. Rows never descend as distances grow; distances beyond the
/// reach have the rows at its ends.
struct DistanceRows {
  const std::int32_t* rows = nullptr;  ///< at distance 0; readable from 1 - reach to reach - 1
  std::ptrdiff_t reach = 1;
  std::ptrdiff_t even = 0;  ///< from -even to even, each distance has the row after the one before; below `reach`
};

/// The scores that positions add to some query rows of one head of one text (disentangled attention).
struct PositionTask {
  const float* query = nullptr;  ///< the head's part of the text's first row; likewise key
  const float* key = nullptr;
  std::size_t stride = 0;  ///< values from one token to the next in both
  std::size_t length = 0;  ///< tokens of the text
  std::size_t head_size = 0;
  std::size_t row_begin = 0;  ///< query rows row_begin … row_end; at most kPositionRows of them
  std::size_t row_end = 0;
  std::size_t table_rows = 0;       ///< of both tables
  const float* by_query = nullptr;  ///< pack_positions() of the rows that queries are multiplied with, or null: none
  const float* by_key = nullptr;    ///< and of those for keys
  DistanceRows query_rows;          ///< of the first table, by key - query
  DistanceRows key_rows;            ///< of the second, by query - key
  float* out = nullptr;             ///< [row_end - row_begin, out_stride]
  std::size_t out_stride = 0;       ///< at least the length, and kPositionPanel more
};

/// Rows of a table that are kept side by side.
inline constexpr std::size_t kPositionPanel = 16;
/// Most query rows of a task.
inline constexpr std::size_t kPositionRows = 128;

/// fp32 values of a table of so many rows when it is packed.
std::size_t packed_positions_size(std::size_t rows, std::size_t head_size);
/// A head's part of a table, times `scale`. @param table  its first row. @param stride  values from one row to the
/// next; may be negative. @param to  packed_positions_size() values
void pack_positions(const float* table, std::ptrdiff_t stride, std::size_t rows, std::size_t head_size, float scale,
                    float* to);

/// fp32 values of scratch that position_scores() needs.
std::size_t position_scratch_size(std::size_t table_rows);

/// out[i - row_begin][j] = query[i] · by_query[query_rows(j - i)] + key[j] · by_key[key_rows(i - j)], for each key j of
/// the text; kPositionPanel values more of each row are zero. In fp32. A value's bits do not depend on the task's rows.
///
/// A dozen queries (keys) at a time are multiplied with the stretch of the table that their distances fall into; a
/// product is then found by its distance's row.
/// @param scratch  position_scratch_size() values, 64-byte aligned, contents undefined
void position_scores(const PositionTask& task, float* scratch);

}  // namespace bertrt::kernels::ops
