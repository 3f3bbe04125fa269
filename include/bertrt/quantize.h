#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "bertrt/export.h"
#include "bertrt/output.h"
#include "bertrt/parse.h"

namespace bertrt {
inline namespace v0 {

/// How the values of a vector are stored, as sentence-transformers names them.
enum class Precision {
  float32,  ///< as they are
  int8,     ///< 256 steps between the least and the greatest value of each column, -128 … 127
  uint8,    ///< the same, 0 … 255
  binary,   ///< one bit a column, 1 where the value is above 0; eight in a byte, first column highest, minus 128
  ubinary,  ///< the same byte as it is
};

/// The name as written above.
BERTRT_API std::string_view to_string(Precision precision) noexcept;
template <>
BERTRT_API std::optional<Precision> parse(std::string_view name) noexcept;

/// The least and the greatest value of each column: what int8 and uint8 are steps between.
struct QuantizationRanges {
  std::vector<float> low;   ///< [columns]
  std::vector<float> high;  ///< [columns]
};

/// Of many vectors that stand for those to come; some hundred at least. Vectors that are compared with each other must
/// have been quantized with the same ranges.
/// @throws Error invalid_argument for fewer than two rows: a column of one value has no range
BERTRT_API QuantizationRanges quantization_ranges(const Matrix& calibration);

/// Rows of bytes. Owns its values.
struct QuantizedMatrix {
  Precision precision = Precision::int8;  ///< never float32
  std::size_t rows = 0;                   ///< vectors
  std::size_t columns = 0;                ///< of the vectors
  std::size_t row_bytes = 0;              ///< columns, or (columns + 7) / 8 of the binary ones
  std::vector<std::uint8_t> data;         ///< [rows, row_bytes]; int8 and binary: two's complement

  /// [row_bytes], a view of one row; `index` below `rows`.
  std::span<const std::uint8_t> row(std::size_t index) const { return {data.data() + index * row_bytes, row_bytes}; }
  /// A stored byte as the number that it is: signed for int8 and binary.
  int value(std::size_t row_index, std::size_t byte) const {
    const std::uint8_t stored = data[row_index * row_bytes + byte];
    const bool is_signed = precision == Precision::int8 || precision == Precision::binary;
    return is_signed && stored > 127 ? static_cast<int>(stored) - 256 : static_cast<int>(stored);
  }
};

/// @param ranges  for int8 and uint8. What lies outside of them becomes their end
/// @throws Error invalid_argument for float32 (there is nothing to do), for int8 or uint8 without ranges, for ranges of
///         another width, or that are no numbers, infinite or the wrong way round; for a value that is not a number
BERTRT_API QuantizedMatrix quantize(const Matrix& vectors, Precision precision,
                                    const QuantizationRanges* ranges = nullptr);

}  // namespace v0
}  // namespace bertrt
