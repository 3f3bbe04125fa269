#pragma once

#include <cstddef>
#include <vector>

#include "bertrt/export.h"
#include "bertrt/output.h"
#include "bertrt/quantize.h"
#include "bertrt/similarity.h"

namespace bertrt {
inline namespace v0 {

/// A row of the corpus.
struct SearchHit {
  std::size_t index = 0;  ///< its place in the corpus
  float score = 0;        ///< greater is nearer
};

/// How to search.
struct SearchOptions {
  std::size_t top_k = 10;                      ///< hits for each query; fewer where the corpus has fewer rows
  Similarity similarity = Similarity::cosine;  ///< what is near
  std::size_t threads = 0;                     ///< 0: as bertrt::num_threads() says
};

/// Exact search: every query against every row of the corpus, so that the time is queries x rows x columns (some ten
/// million rows of 384 floats a second and core). For a corpus that this is too slow for, give the vectors to a real
/// index (faiss, usearch, hnswlib); they take the rows of a Matrix as they are.
///
/// @return for each query its nearest rows, best first, the lower index first among equals; rows whose score is not a
///         number stand last
/// @throws Error invalid_argument for two widths, be it that one of the two has no rows: Matrix{} has no columns
BERTRT_API std::vector<std::vector<SearchHit>> search(const Matrix& queries, const Matrix& corpus,
                                                      const SearchOptions& options = {});

/// The same on quantized vectors of one precision. int8 and uint8: cosine or dot of the stored numbers (for int8 made
/// with ranges around 0 that is near the vectors' own). binary and ubinary: columns that agree minus columns that do
/// not (the dot product of signs), whatever `similarity` says.
/// @throws Error invalid_argument for two widths (as above) or precisions, unsupported for euclidean and manhattan of
///         int8 and uint8
BERTRT_API std::vector<std::vector<SearchHit>> search(const QuantizedMatrix& queries, const QuantizedMatrix& corpus,
                                                      const SearchOptions& options = {});

}  // namespace v0
}  // namespace bertrt
