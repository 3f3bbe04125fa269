#include "bertrt/quantize.h"

#include <algorithm>
#include <cmath>
#include <string>

#include "base/enum_names.h"
#include "base/out_of_memory.h"
#include "bertrt/error.h"
#include "tasks/matrix_check.h"

namespace bertrt {
inline namespace v0 {
namespace {

[[noreturn]] void refuse(std::string expected, std::string found) {
  throw Error(ErrorCode::invalid_argument, "quantize", std::move(expected), std::move(found));
}

void check_numbers(const Matrix& vectors) {
  tasks::check_matrix("quantize", vectors);
  for (const float value : vectors.data) {
    if (std::isnan(value)) refuse("numbers", "a value that is none");
  }
}

void check_ranges(const QuantizationRanges& ranges) {
  for (std::size_t i = 0; i < ranges.low.size(); ++i) {
    const float width = ranges.high[i] - ranges.low[i];  // not finite where an end is not
    if (std::isfinite(width) && width >= 0) continue;
    refuse("ranges from a finite number up to another, and a finite width",
           std::to_string(ranges.low[i]) + " to " + std::to_string(ranges.high[i]) + " in column " + std::to_string(i));
  }
}

// As numpy's packbits: the first column in the highest bit. A signed byte is 128 less, which turns its highest bit.
void pack_bits(const Matrix& vectors, QuantizedMatrix& out) {
  const std::uint8_t turned = out.precision == Precision::binary ? 0x80 : 0;
  for (std::size_t row = 0; row < vectors.rows; ++row) {
    const std::span<const float> values = vectors.row(row);
    std::uint8_t* bytes = out.data.data() + row * out.row_bytes;
    for (std::size_t i = 0; i < values.size(); ++i) {
      if (values[i] > 0) bytes[i / 8] = static_cast<std::uint8_t>(bytes[i / 8] | (0x80U >> (i % 8)));
    }
    for (std::size_t i = 0; i < out.row_bytes; ++i) bytes[i] = static_cast<std::uint8_t>(bytes[i] ^ turned);
  }
}

void round_to_steps(const Matrix& vectors, const QuantizationRanges& ranges, QuantizedMatrix& out) {
  const std::uint8_t turned = out.precision == Precision::int8 ? 0x80 : 0;
  std::vector<float> steps(vectors.cols);
  for (std::size_t i = 0; i < steps.size(); ++i) {
    steps[i] = (ranges.high[i] - ranges.low[i]) / 255.0F;
    if (steps[i] == 0) steps[i] = 1;
  }
  for (std::size_t at = 0; at < vectors.data.size(); ++at) {
    const std::size_t column = at % vectors.cols;
    const float step = std::floor((vectors.data[at] - ranges.low[column]) / steps[column]);
    out.data[at] = static_cast<std::uint8_t>(static_cast<unsigned>(std::clamp(step, 0.0F, 255.0F)) ^ turned);
  }
}

}  // namespace

std::string_view to_string(Precision precision) noexcept {
  switch (precision) {
    case Precision::float32: return "float32";
    case Precision::int8: return "int8";
    case Precision::uint8: return "uint8";
    case Precision::binary: return "binary";
    case Precision::ubinary: return "ubinary";
  }
  return "unknown";
}

template <>
std::optional<Precision> parse(std::string_view name) noexcept {
  using enum Precision;
  return base::find_by_name({float32, int8, uint8, binary, ubinary}, name);
}

QuantizationRanges quantization_ranges(const Matrix& calibration) {
  return base::or_out_of_memory("quantization_ranges", [&] {
    check_numbers(calibration);
    if (calibration.rows < 2) refuse("at least two vectors to take ranges from", std::to_string(calibration.rows));
    const std::span<const float> first = calibration.row(0);
    QuantizationRanges ranges{{first.begin(), first.end()}, {first.begin(), first.end()}};
    for (std::size_t row = 1; row < calibration.rows; ++row) {
      const std::span<const float> values = calibration.row(row);
      for (std::size_t i = 0; i < values.size(); ++i) {
        ranges.low[i] = std::min(ranges.low[i], values[i]);
        ranges.high[i] = std::max(ranges.high[i], values[i]);
      }
    }
    return ranges;
  });
}

QuantizedMatrix quantize(const Matrix& vectors, Precision precision, const QuantizationRanges* ranges) {
  return base::or_out_of_memory("quantize", [&] {
    base::check_named("quantize: precision", precision);
    if (precision == Precision::float32) refuse("int8, uint8, binary or ubinary", "float32, which is what there is");
    check_numbers(vectors);
    const bool bits = precision == Precision::binary || precision == Precision::ubinary;
    QuantizedMatrix out{precision, vectors.rows, vectors.cols, bits ? (vectors.cols + 7) / 8 : vectors.cols, {}};
    out.data.resize(out.rows * out.row_bytes);
    if (bits) {
      pack_bits(vectors, out);
      return out;
    }
    if (ranges == nullptr) refuse("ranges for int8 and uint8 (quantization_ranges())", "none");
    if (ranges->low.size() != vectors.cols || ranges->high.size() != vectors.cols) {
      refuse("ranges of " + std::to_string(vectors.cols) + " columns",
             std::to_string(ranges->low.size()) + " and " + std::to_string(ranges->high.size()));
    }
    check_ranges(*ranges);
    round_to_steps(vectors, *ranges, out);
    return out;
  });
}

}  // namespace v0
}  // namespace bertrt
