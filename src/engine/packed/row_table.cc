#include "engine/packed/row_table.h"

#include <algorithm>
#include <cstring>
#include <vector>

#include "kernels/ops/rows.h"

namespace bertrt::engine::packed {
namespace {

// Rows copied at a time: bounds what a widened copy needs beside the table itself.
constexpr std::size_t kRowsAtOnce = 512;

archive::TensorView rows_of(const archive::TensorView& tensor, std::size_t first, std::size_t count) {
  archive::TensorView part = tensor;
  part.shape[0] = static_cast<std::int64_t>(count);
  part.storage_offset += static_cast<std::int64_t>(first) * tensor.strides[0];
  return part;
}

}  // namespace

RowTable RowTable::copy(const archive::TensorView& tensor, bool halve, kernels::ThreadPool& pool) {
  RowTable table;
  table.rows_ = static_cast<std::size_t>(tensor.shape[0]);
  table.width_ = static_cast<std::size_t>(tensor.shape[1]);
  const bool stored_half = tensor.type == archive::ElementType::float16;
  table.halves_ = stored_half || halve;
  const std::size_t row_bytes = table.width_ * (table.halves_ ? sizeof(std::uint16_t) : sizeof(float));
  std::byte* to = table.data_.reserve(table.rows_ * row_bytes);
  const std::size_t parts = (table.rows_ + kRowsAtOnce - 1) / kRowsAtOnce;
  pool.run(parts, [&](std::size_t index) {
    const std::size_t first = index * kRowsAtOnce;
    const std::size_t count = std::min(kRowsAtOnce, table.rows_ - first);
    const archive::TensorView part = rows_of(tensor, first, count);
    std::byte* out = to + first * row_bytes;
    if (stored_half && tensor.contiguous()) {
      const auto offset = static_cast<std::size_t>(part.storage_offset) * sizeof(std::uint16_t);
      std::memcpy(out, part.storage.data() + offset, count * row_bytes);
    } else if (!table.halves_) {
      archive::to_float32(part, {reinterpret_cast<float*>(out), count * table.width_});
    } else {
      const std::vector<float> wide = archive::to_float32(part);
      kernels::ops::narrow(wide.data(), wide.size(), reinterpret_cast<std::uint16_t*>(out));
    }
  });
  return table;
}

void RowTable::add(std::size_t index, float* out) const {
  if (halves_) {
    kernels::ops::add_row_half(half() + index * width_, width_, out);
  } else {
    kernels::ops::add_row(wide() + index * width_, width_, out);
  }
}

void RowTable::multiply(const float* x, std::size_t count, const float* bias, float* y, kernels::ThreadPool& pool,
                        kernels::AlignedBuffer& scratch) const {
  const std::size_t blocks = (rows_ + kernels::ops::kRowDotBlock - 1) / kernels::ops::kRowDotBlock;
  const std::size_t parts = std::min(blocks, pool.threads());
  const std::size_t part_scratch = kernels::ops::kRowDotBlock * width_;
  float* wide_rows = nullptr;
  if (halves_) wide_rows = reinterpret_cast<float*>(scratch.reserve(parts * part_scratch * sizeof(float)));
  pool.run(parts, [&](std::size_t part) {
    const std::size_t begin = blocks * part / parts * kernels::ops::kRowDotBlock;
    const std::size_t end = std::min(rows_, blocks * (part + 1) / parts * kernels::ops::kRowDotBlock);
    if (halves_) {
      kernels::ops::row_dot_half(x, count, width_, half() + begin * width_, end - begin, bias + begin, y + begin, rows_,
                                 wide_rows + part * part_scratch);
    } else {
      kernels::ops::row_dot(x, count, width_, wide() + begin * width_, end - begin, bias + begin, y + begin, rows_);
    }
  });
}

}  // namespace bertrt::engine::packed
