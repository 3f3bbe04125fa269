#include "engine/packed/row_table.h"

#include <algorithm>
#include <atomic>
#include <cmath>
#include <span>

#include "kernels/int8_rounding.h"
#include "kernels/ops/rows.h"

namespace bertrt::engine::packed {
namespace {

// Bytes in fp32 that are brought at a time where they are halved: what is used again and again costs no page faults.
constexpr std::size_t kBytesAtOnce = std::size_t{64} << 10;
constexpr std::size_t kPartsPerThread = 8;

std::size_t element_bytes(RowFormat format) {
  switch (format) {
    case RowFormat::fp32: return sizeof(float);
    case RowFormat::fp16: return sizeof(std::uint16_t);
    case RowFormat::int8: return sizeof(std::int8_t);
  }
  return 0;
}

bool are_finite(const float* values, std::size_t count) { return std::isfinite(kernels::ops::greatest(values, count)); }

bool are_finite(const std::uint16_t* halves, std::size_t count) { return kernels::ops::are_finite(halves, count); }

// Rows as integers; their scales.
void round_rows(std::span<const float> rows, std::size_t width, std::int8_t* to, float* scales) {
  for (std::size_t row = 0; row * width < rows.size(); ++row) {
    const float* from = rows.data() + row * width;
    scales[row] = kernels::scale_of(kernels::ops::greatest(from, width));
    const float inverse = kernels::inverse_of(scales[row]);
    for (std::size_t i = 0; i < width; ++i) to[row * width + i] = kernels::to_int8(from[i], inverse);
  }
}

}  // namespace

RowTable RowTable::copy(const archive::TensorView& tensor, RowFormat wanted, kernels::ThreadPool& pool) {
  RowTable table;
  table.rows_ = static_cast<std::size_t>(tensor.shape[0]);
  table.width_ = static_cast<std::size_t>(tensor.shape[1]);
  const bool stored_half = tensor.type == archive::ElementType::float16;
  const bool stored_integers = tensor.row_scales != nullptr;
  table.format_ = stored_half && wanted == RowFormat::fp32 ? RowFormat::fp16 : wanted;
  const std::size_t row_bytes = table.width_ * element_bytes(table.format_);
  std::byte* to = table.data_.reserve(table.rows_ * row_bytes);
  if (table.format_ == RowFormat::int8) table.scales_.resize(table.rows_);
  const std::size_t parts = std::min(table.rows_, kPartsPerThread * pool.threads());
  const std::size_t at_once = std::max<std::size_t>(1, kBytesAtOnce / (table.width_ * sizeof(float)));
  // What is strided would be read again for every few rows.
  std::vector<std::byte> bytes;
  const archive::TensorView from = tensor.contiguous() ? tensor : archive::in_memory(tensor, bytes);
  std::atomic<bool> odd = false;
  const auto note = [&](bool finite) {
    if (!finite) odd = true;
  };
  pool.run(parts, [&](std::size_t part) {
    const std::size_t begin = table.rows_ * part / parts;
    const std::size_t end = table.rows_ * (part + 1) / parts;
    std::byte* out = to + begin * row_bytes;
    if (table.format_ == RowFormat::fp32) {
      archive::to_float32(archive::rows_of(from, begin, end - begin),
                          {reinterpret_cast<float*>(out), (end - begin) * table.width_});
      return note(are_finite(reinterpret_cast<const float*>(out), (end - begin) * table.width_));
    }
    const bool as_it_is = table.format_ == RowFormat::fp16 ? stored_half : stored_integers;
    if (as_it_is && from.contiguous()) {
      const archive::TensorView rows = archive::rows_of(from, begin, end - begin);
      archive::bytes_of(rows, {out, (end - begin) * row_bytes});
      if (stored_half)
        return note(are_finite(reinterpret_cast<const std::uint16_t*>(out), (end - begin) * table.width_));
      std::copy_n(rows.row_scales.get(), end - begin, table.scales_.begin() + static_cast<std::ptrdiff_t>(begin));
      return note(are_finite(rows.row_scales.get(), end - begin));
    }
    std::vector<float> wide;
    for (std::size_t row = begin; row < end; row += at_once) {
      const std::size_t count = std::min(at_once, end - row);
      wide.resize(count * table.width_);
      archive::to_float32(archive::rows_of(from, row, count), wide);
      note(are_finite(wide.data(), wide.size()));
      std::byte* here = to + row * row_bytes;
      if (table.format_ == RowFormat::fp16) {
        kernels::ops::narrow(wide.data(), wide.size(), reinterpret_cast<std::uint16_t*>(here));
      } else {
        round_rows(wide, table.width_, reinterpret_cast<std::int8_t*>(here), table.scales_.data() + row);
      }
    }
  });
  table.odd_ = odd;
  return table;
}

void RowTable::add(std::size_t index, float* out) const {
  switch (format_) {
    case RowFormat::fp32: return kernels::ops::add_row(wide() + index * width_, width_, out);
    case RowFormat::fp16: return kernels::ops::add_row_half(half() + index * width_, width_, out);
    case RowFormat::int8: return kernels::ops::add_row_int8(integers() + index * width_, scales_[index], width_, out);
  }
}

void RowTable::multiply(const float* x, std::size_t count, const float* bias, float* y, kernels::ThreadPool& pool,
                        kernels::AlignedBuffer& scratch) const {
  const std::size_t blocks = (rows_ + kernels::ops::kRowDotBlock - 1) / kernels::ops::kRowDotBlock;
  const std::size_t parts = std::min(blocks, pool.threads());
  const std::size_t part_scratch = kernels::ops::kRowDotBlock * width_;
  float* wide_rows = nullptr;
  if (format_ == RowFormat::fp16)
    wide_rows = reinterpret_cast<float*>(scratch.reserve(parts * part_scratch * sizeof(float)));
  pool.run(parts, [&](std::size_t part) {
    const std::size_t begin = blocks * part / parts * kernels::ops::kRowDotBlock;
    const std::size_t end = std::min(rows_, blocks * (part + 1) / parts * kernels::ops::kRowDotBlock);
    if (format_ == RowFormat::fp16) {
      kernels::ops::row_dot_half(x, count, width_, half() + begin * width_, end - begin, bias + begin, y + begin, rows_,
                                 wide_rows + part * part_scratch);
    } else {
      kernels::ops::row_dot(x, count, width_, wide() + begin * width_, end - begin, bias + begin, y + begin, rows_);
    }
  });
}

}  // namespace bertrt::engine::packed
