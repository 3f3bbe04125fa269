#include "engine/packed/row_table.h"

#include <algorithm>
#include <vector>

#include "kernels/ops/rows.h"

namespace bertrt::engine::packed {
namespace {

// Bytes in fp32 that are brought at a time where they are halved: what is used again and again costs no page faults.
constexpr std::size_t kBytesAtOnce = std::size_t{64} << 10;
constexpr std::size_t kPartsPerThread = 8;

}  // namespace

RowTable RowTable::copy(const archive::TensorView& tensor, bool halve, kernels::ThreadPool& pool) {
  RowTable table;
  table.rows_ = static_cast<std::size_t>(tensor.shape[0]);
  table.width_ = static_cast<std::size_t>(tensor.shape[1]);
  const bool stored_half = tensor.type == archive::ElementType::float16;
  table.halves_ = stored_half || halve;
  const std::size_t row_bytes = table.width_ * (table.halves_ ? sizeof(std::uint16_t) : sizeof(float));
  std::byte* to = table.data_.reserve(table.rows_ * row_bytes);
  const std::size_t parts = std::min(table.rows_, kPartsPerThread * pool.threads());
  const std::size_t at_once = std::max<std::size_t>(1, kBytesAtOnce / (table.width_ * sizeof(float)));
  // What is strided would be read again for every few rows.
  std::vector<std::byte> bytes;
  const archive::TensorView from = tensor.contiguous() ? tensor : archive::in_memory(tensor, bytes);
  pool.run(parts, [&](std::size_t part) {
    const std::size_t begin = table.rows_ * part / parts;
    const std::size_t end = table.rows_ * (part + 1) / parts;
    std::byte* out = to + begin * row_bytes;
    if (!table.halves_) {
      archive::to_float32(archive::rows_of(from, begin, end - begin),
                          {reinterpret_cast<float*>(out), (end - begin) * table.width_});
      return;
    }
    if (stored_half && from.contiguous()) {
      archive::bytes_of(archive::rows_of(from, begin, end - begin), {out, (end - begin) * row_bytes});
      return;
    }
    std::vector<float> wide;
    for (std::size_t row = begin; row < end; row += at_once) {
      const std::size_t count = std::min(at_once, end - row);
      wide.resize(count * table.width_);
      archive::to_float32(archive::rows_of(from, row, count), wide);
      kernels::ops::narrow(wide.data(), wide.size(), reinterpret_cast<std::uint16_t*>(to + row * row_bytes));
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
