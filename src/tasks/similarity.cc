#include "bertrt/similarity.h"

#include <algorithm>
#include <cmath>
#include <string>

#include "base/enum_names.h"
#include "base/out_of_memory.h"
#include "bertrt/error.h"
#include "tasks/dot.h"
#include "tasks/matrix_check.h"

namespace bertrt {
inline namespace v0 {
namespace {

void check_widths(const char* where, std::size_t a, std::size_t b) {
  if (a == b) return;
  throw Error(ErrorCode::invalid_argument, where, "vectors of one width",
              std::to_string(a) + " and " + std::to_string(b) + " columns");
}

}  // namespace

std::string_view to_string(Similarity similarity) noexcept {
  switch (similarity) {
    case Similarity::cosine: return "cosine";
    case Similarity::dot: return "dot";
    case Similarity::euclidean: return "euclidean";
    case Similarity::manhattan: return "manhattan";
  }
  return "unknown";
}

template <>
std::optional<Similarity> parse(std::string_view name) noexcept {
  using enum Similarity;
  return base::find_by_name({cosine, dot, euclidean, manhattan}, name);
}

float similarity(std::span<const float> a, std::span<const float> b, Similarity function) {
  base::check_named("similarity function", function);
  check_widths("similarity", a.size(), b.size());
  return tasks::score(a, b, function, tasks::inverse_norm(a), tasks::inverse_norm(b));
}

Matrix similarity(const Matrix& a, const Matrix& b, Similarity function) {
  return base::or_out_of_memory("similarity", [&] {
    base::check_named("similarity function", function);
    tasks::check_matrix("similarity", a);
    tasks::check_matrix("similarity", b);
    check_widths("similarity", a.cols, b.cols);
    Matrix out{a.rows, b.rows, std::vector<float>(a.rows * b.rows)};
    std::vector<float> norms(b.rows);
    for (std::size_t j = 0; j < b.rows; ++j) norms[j] = tasks::inverse_norm(b.row(j));
    for (std::size_t i = 0; i < a.rows; ++i) {
      const float norm = tasks::inverse_norm(a.row(i));
      for (std::size_t j = 0; j < b.rows; ++j) {
        out.data[i * b.rows + j] = tasks::score(a.row(i), b.row(j), function, norm, norms[j]);
      }
    }
    return out;
  });
}

float max_sim(const Matrix& query, const Matrix& document) {
  tasks::check_matrix("max_sim", query);
  tasks::check_matrix("max_sim", document);
  check_widths("max_sim", query.cols, document.cols);
  if (document.rows == 0) return -1e9F;
  double sum = 0;
  for (std::size_t i = 0; i < query.rows; ++i) {
    float best = tasks::dot(query.row(i), document.row(0));
    for (std::size_t j = 1; j < document.rows; ++j) {
      const float other = tasks::dot(query.row(i), document.row(j));
      if (other > best || std::isnan(other)) best = other;  // a comparison with NaN is false, so that it stays
    }
    sum += static_cast<double>(best);
  }
  return static_cast<float>(sum);
}

float mean_max_sim(const Matrix& query, const Matrix& document) {
  return max_sim(query, document) / static_cast<float>(std::max<std::size_t>(query.rows, 1));
}

}  // namespace v0
}  // namespace bertrt
