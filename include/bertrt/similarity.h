#pragma once

#include <optional>
#include <span>
#include <string_view>

#include "bertrt/export.h"
#include "bertrt/output.h"
#include "bertrt/parse.h"

namespace bertrt {
inline namespace v0 {

/// How near two vectors are; greater is nearer.
enum class Similarity {
  cosine,     ///< a·b of the two at unit length
  dot,        ///< a·b
  euclidean,  ///< -‖a - b‖₂
  manhattan,  ///< -‖a - b‖₁
};

/// The name as written above.
BERTRT_API std::string_view to_string(Similarity similarity) noexcept;
template <>
BERTRT_API std::optional<Similarity> parse(std::string_view name) noexcept;

/// Of two vectors of one size; a vector of zeros is as far from everything as can be said: cosine 0.
/// @throws Error invalid_argument for two sizes
BERTRT_API float similarity(std::span<const float> a, std::span<const float> b,
                            Similarity function = Similarity::cosine);

/// Of every row of `a` with every row of `b`: [a.rows, b.rows]. @throws Error invalid_argument for two widths
BERTRT_API Matrix similarity(const Matrix& a, const Matrix& b, Similarity function = Similarity::cosine);

/// Late interaction of the vectors of a query and of a document, one a token: Σ over the query's rows of the greatest
/// dot product with a row of the document. -1e9 for a document without rows; what is not a number stays
/// that, wherever it stands.
/// @throws Error invalid_argument for two widths
BERTRT_API float max_sim(const Matrix& query, const Matrix& document);
/// The same by the number of the query's rows.
BERTRT_API float mean_max_sim(const Matrix& query, const Matrix& document);

}  // namespace v0
}  // namespace bertrt
