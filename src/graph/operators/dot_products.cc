#include <algorithm>
#include <cstring>

#include "graph/operators/products.h"

// Plain blocked products: a reference that is fast enough to run at every load. Nothing of src/kernels is used here.
namespace bertrt::graph {
namespace {

#if defined(__GNUC__)
typedef float Lanes __attribute__((vector_size(32)));  // NOLINT(modernize-use-using)
#define BERTRT_INLINE inline __attribute__((always_inline))

BERTRT_INLINE float total(const Lanes& lanes) {
  return ((lanes[0] + lanes[4]) + (lanes[1] + lanes[5])) + ((lanes[2] + lanes[6]) + (lanes[3] + lanes[7]));
}

/// kRows x kColumns dot products at once.
template <int kRows, int kColumns>
BERTRT_INLINE void tile(const float* a, std::int64_t a_row, const float* b, std::int64_t b_row, float* c,
                        std::int64_t c_row, std::int64_t k) {
  Lanes sums[kRows][kColumns] = {};
  std::int64_t at = 0;
  for (; at + 8 <= k; at += 8) {
    Lanes x[kRows];
    for (int i = 0; i < kRows; ++i) std::memcpy(&x[i], a + i * a_row + at, sizeof(Lanes));
    for (int j = 0; j < kColumns; ++j) {
      Lanes y;
      std::memcpy(&y, b + j * b_row + at, sizeof(Lanes));
      for (int i = 0; i < kRows; ++i) sums[i][j] += x[i] * y;
    }
  }
  for (int i = 0; i < kRows; ++i) {
    for (int j = 0; j < kColumns; ++j) {
      float sum = total(sums[i][j]);
      for (std::int64_t rest = at; rest < k; ++rest) sum += a[i * a_row + rest] * b[j * b_row + rest];
      c[i * c_row + j] = sum;
    }
  }
}

BERTRT_INLINE void all_rows(const float* a, std::int64_t a_row, const float* b, std::int64_t b_row, float* c,
                            std::int64_t c_row, std::int64_t m, std::int64_t n, std::int64_t k) {
  // Blocks of rows of b stay in the cache while all of a goes by.
  const std::int64_t block = std::clamp<std::int64_t>(32768 / std::max<std::int64_t>(k, 1), 4, 64);
  for (std::int64_t first = 0; first < n; first += block) {
    const std::int64_t last = std::min(n, first + block);
    std::int64_t i = 0;
    for (; i + 4 <= m; i += 4) {
      std::int64_t j = first;
      for (; j + 2 <= last; j += 2) tile<4, 2>(a + i * a_row, a_row, b + j * b_row, b_row, c + i * c_row + j, c_row, k);
      for (; j < last; ++j) tile<4, 1>(a + i * a_row, a_row, b + j * b_row, b_row, c + i * c_row + j, c_row, k);
    }
    for (; i < m; ++i) {
      std::int64_t j = first;
      for (; j + 4 <= last; j += 4) tile<1, 4>(a + i * a_row, a_row, b + j * b_row, b_row, c + i * c_row + j, c_row, k);
      for (; j < last; ++j) tile<1, 1>(a + i * a_row, a_row, b + j * b_row, b_row, c + i * c_row + j, c_row, k);
    }
  }
}

using Product = void (*)(const float*, std::int64_t, const float*, std::int64_t, float*, std::int64_t, std::int64_t,
                         std::int64_t, std::int64_t);

void plain(const float* a, std::int64_t a_row, const float* b, std::int64_t b_row, float* c, std::int64_t c_row,
           std::int64_t m, std::int64_t n, std::int64_t k) {
  all_rows(a, a_row, b, b_row, c, c_row, m, n, k);
}
#if defined(__x86_64__)
__attribute__((target("avx2,fma"))) void wide_lanes(const float* a, std::int64_t a_row, const float* b,
                                                    std::int64_t b_row, float* c, std::int64_t c_row, std::int64_t m,
                                                    std::int64_t n, std::int64_t k) {
  all_rows(a, a_row, b, b_row, c, c_row, m, n, k);
}
Product choose() { return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") ? wide_lanes : plain; }
#else
Product choose() { return plain; }
#endif

#else
using Product = void (*)(const float*, std::int64_t, const float*, std::int64_t, float*, std::int64_t, std::int64_t,
                         std::int64_t, std::int64_t);
void plain(const float* a, std::int64_t a_row, const float* b, std::int64_t b_row, float* c, std::int64_t c_row,
           std::int64_t m, std::int64_t n, std::int64_t k) {
  for (std::int64_t i = 0; i < m; ++i) {
    for (std::int64_t j = 0; j < n; ++j) {
      double sum = 0;
      for (std::int64_t at = 0; at < k; ++at) sum += double{a[i * a_row + at]} * b[j * b_row + at];
      c[i * c_row + j] = static_cast<float>(sum);
    }
  }
}
Product choose() { return plain; }
#endif

}  // namespace

void rows_times_rows(const float* a, std::int64_t a_row, const float* b, std::int64_t b_row, float* c,
                     std::int64_t c_row, std::int64_t m, std::int64_t n, std::int64_t k) {
  static const Product product = choose();
  product(a, a_row, b, b_row, c, c_row, m, n, k);
}

}  // namespace bertrt::graph
