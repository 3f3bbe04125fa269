#include "bertrt/search.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <functional>
#include <memory>
#include <string>
#include <utility>

#include "base/enum_names.h"
#include "base/out_of_memory.h"
#include "bertrt/error.h"
#include "kernels/thread_pool.h"
#include "tasks/dot.h"
#include "tasks/matrix_check.h"

namespace bertrt {
inline namespace v0 {
namespace {

using Score = std::function<float(std::size_t query, std::size_t row)>;

bool better(const SearchHit& a, const SearchHit& b) {
  const bool a_nan = std::isnan(a.score);
  const bool b_nan = std::isnan(b.score);
  if (a_nan != b_nan) return b_nan;
  return !a_nan && a.score != b.score ? a.score > b.score : a.index < b.index;
}

// The best so far, the worst of them in front.
class Best {
 public:
  explicit Best(std::size_t count) : count_(count) {}
  void add(SearchHit hit) {
    if (hits_.size() < count_) {
      hits_.push_back(hit);
      std::push_heap(hits_.begin(), hits_.end(), better);
    } else if (count_ > 0 && better(hit, hits_.front())) {
      std::pop_heap(hits_.begin(), hits_.end(), better);
      hits_.back() = hit;
      std::push_heap(hits_.begin(), hits_.end(), better);
    }
  }
  const std::vector<SearchHit>& hits() const { return hits_; }
  std::vector<SearchHit> sorted() && {
    std::sort(hits_.begin(), hits_.end(), better);
    return std::move(hits_);
  }

 private:
  std::size_t count_;
  std::vector<SearchHit> hits_;
};

// Each thread has a range of the corpus, and some rows of it at a time for all queries, so that they stay near.
std::vector<std::vector<SearchHit>> best_rows(std::size_t queries, std::size_t rows, const SearchOptions& options,
                                              const Score& score) {
  constexpr std::size_t kBlock = 64;
  std::unique_ptr<kernels::ThreadPool> own;
  if (options.threads != 0) own = std::make_unique<kernels::ThreadPool>(options.threads);
  kernels::ThreadPool& pool = own ? *own : kernels::ThreadPool::shared();
  const std::size_t parts = std::max<std::size_t>(1, std::min(pool.threads(), rows / kBlock));
  const std::size_t count = std::min(options.top_k, rows);
  std::vector<std::vector<Best>> found(parts, std::vector<Best>(queries, Best(count)));
  const auto part = [&](std::size_t index) {
    const std::size_t end = rows * (index + 1) / parts;
    for (std::size_t block = rows * index / parts; block < end; block += kBlock) {
      for (std::size_t query = 0; query < queries; ++query) {
        for (std::size_t row = block; row < std::min(block + kBlock, end); ++row) {
          found[index][query].add({row, score(query, row)});
        }
      }
    }
  };
  pool.run(parts, part);
  std::vector<std::vector<SearchHit>> results;
  for (std::size_t query = 0; query < queries; ++query) {
    Best best = std::move(found[0][query]);
    for (std::size_t i = 1; i < parts; ++i) {
      for (const SearchHit& hit : found[i][query].hits()) best.add(hit);
    }
    results.push_back(std::move(best).sorted());
  }
  return results;
}

void check_widths(std::size_t queries, std::size_t corpus) {
  if (queries == corpus) return;
  throw Error(ErrorCode::invalid_argument, "search",
              "queries of the corpus' width, " + std::to_string(corpus) + " columns", std::to_string(queries));
}

void check_bytes(const QuantizedMatrix& matrix) {
  base::check_named("QuantizedMatrix::precision", matrix.precision);
  const bool bits = matrix.precision == Precision::binary || matrix.precision == Precision::ubinary;
  const std::size_t bytes = bits ? (matrix.columns + 7) / 8 : matrix.columns;
  const bool whole =
      matrix.row_bytes == bytes &&
      (bytes == 0 ? matrix.data.empty() : matrix.data.size() % bytes == 0 && matrix.data.size() / bytes == matrix.rows);
  if (whole && matrix.precision != Precision::float32) return;
  throw Error(ErrorCode::invalid_argument, "search", "a matrix as quantize() makes it", "another");
}

std::int64_t integer_dot(const QuantizedMatrix& a, std::size_t i, const QuantizedMatrix& b, std::size_t j) {
  const std::span<const std::uint8_t> x = a.row(i);
  const std::span<const std::uint8_t> y = b.row(j);
  std::int64_t sum = 0;
  if (a.precision == Precision::int8) {
    for (std::size_t at = 0; at < x.size(); ++at) {
      sum += static_cast<std::int32_t>(static_cast<std::int8_t>(x[at])) * static_cast<std::int8_t>(y[at]);
    }
  } else {
    for (std::size_t at = 0; at < x.size(); ++at)
      sum += static_cast<std::int32_t>(x[at]) * static_cast<std::int32_t>(y[at]);
  }
  return sum;
}

std::vector<float> inverse_norms(const QuantizedMatrix& rows) {
  std::vector<float> norms(rows.rows);
  for (std::size_t i = 0; i < rows.rows; ++i) {
    norms[i] = 1.0F / std::max(std::sqrt(static_cast<float>(integer_dot(rows, i, rows, i))), 1e-12F);
  }
  return norms;
}

}  // namespace

std::vector<std::vector<SearchHit>> search(const Matrix& queries, const Matrix& corpus, const SearchOptions& options) {
  return base::or_out_of_memory("search", [&]() -> std::vector<std::vector<SearchHit>> {
    base::check_named("SearchOptions::similarity", options.similarity);
    tasks::check_matrix("search", queries);
    tasks::check_matrix("search", corpus);
    check_widths(queries.cols, corpus.cols);
    if (queries.rows == 0) return {};
    std::vector<float> query_norms(queries.rows, 1.0F);
    std::vector<float> norms(corpus.rows, 1.0F);
    if (options.similarity == Similarity::cosine) {
      for (std::size_t i = 0; i < queries.rows; ++i) query_norms[i] = tasks::inverse_norm(queries.row(i));
      for (std::size_t i = 0; i < corpus.rows; ++i) norms[i] = tasks::inverse_norm(corpus.row(i));
    }
    return best_rows(queries.rows, corpus.rows, options, [&](std::size_t query, std::size_t row) {
      return tasks::score(queries.row(query), corpus.row(row), options.similarity, query_norms[query], norms[row]);
    });
  });
}

std::vector<std::vector<SearchHit>> search(const QuantizedMatrix& queries, const QuantizedMatrix& corpus,
                                           const SearchOptions& options) {
  return base::or_out_of_memory("search", [&]() -> std::vector<std::vector<SearchHit>> {
    base::check_named("SearchOptions::similarity", options.similarity);
    check_bytes(queries);
    check_bytes(corpus);
    if (queries.precision != corpus.precision) {
      throw Error(ErrorCode::invalid_argument, "search",
                  "queries of the corpus' precision, " + std::string(to_string(corpus.precision)),
                  std::string(to_string(queries.precision)));
    }
    check_widths(queries.columns, corpus.columns);
    if (queries.rows == 0) return {};
    if (corpus.precision == Precision::binary || corpus.precision == Precision::ubinary) {
      return best_rows(queries.rows, corpus.rows, options, [&](std::size_t query, std::size_t row) {
        const std::span<const std::uint8_t> a = queries.row(query);
        const std::span<const std::uint8_t> b = corpus.row(row);
        int differing = 0;
        for (std::size_t i = 0; i < a.size(); ++i) differing += std::popcount(static_cast<unsigned>(a[i] ^ b[i]));
        return static_cast<float>(corpus.columns) - 2.0F * static_cast<float>(differing);
      });
    }
    if (options.similarity != Similarity::cosine && options.similarity != Similarity::dot) {
      throw Error(ErrorCode::unsupported, "SearchOptions::similarity", "cosine or dot for integers",
                  std::string(to_string(options.similarity)));
    }
    const bool cosine = options.similarity == Similarity::cosine;
    const std::vector<float> query_norms = inverse_norms(queries);
    const std::vector<float> norms = inverse_norms(corpus);
    return best_rows(queries.rows, corpus.rows, options, [&](std::size_t query, std::size_t row) {
      const auto sum = static_cast<float>(integer_dot(queries, query, corpus, row));
      return cosine ? sum * query_norms[query] * norms[row] : sum;
    });
  });
}

}  // namespace v0
}  // namespace bertrt
