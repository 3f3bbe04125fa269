#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>

#include "bertrt/multi_vector_embedder.h"
#include "bertrt/output.h"
#include "bertrt/quantize.h"
#include "bertrt/sparse_embedder.h"

namespace bertrt::cli {

/// One text's answer as embed gives it: a line of JSON, or some lines to read under the text.
std::string dense_json(std::span<const float> vector);
std::string dense_json(const QuantizedMatrix& vectors, std::size_t row);
std::string sparse_json(std::span<const SparseToken> tokens);
std::string rows_json(const Matrix& rows);

std::string dense_text(std::string_view text, std::span<const float> vector);
std::string dense_text(std::string_view text, const QuantizedMatrix& vectors, std::size_t row);
std::string sparse_text(std::string_view text, std::span<const SparseToken> tokens);
std::string rows_text(std::string_view text, const Matrix& rows);

/// The bytes of a row in an .npy file.
std::string raw(std::span<const float> vector);
std::string raw(const QuantizedMatrix& vectors, std::size_t row);

}  // namespace bertrt::cli
