#include "bertrt/search.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <random>
#include <utility>
#include <vector>

#include "bertrt/sparse_embedder.h"
#include "error_matchers.h"

namespace bertrt {
namespace {

using ::testing::ElementsAre;

Matrix random_matrix(std::size_t rows, std::size_t cols, unsigned seed) {
  std::mt19937 engine(seed);
  std::normal_distribution<float> normal;
  Matrix matrix{rows, cols, std::vector<float>(rows * cols)};
  for (float& value : matrix.data) value = normal(engine);
  return matrix;
}

// Every row, sorted: what search() must find.
std::vector<std::size_t> by_hand(const Matrix& queries, std::size_t query, const Matrix& corpus, Similarity function) {
  std::vector<std::size_t> order(corpus.rows);
  for (std::size_t i = 0; i < order.size(); ++i) order[i] = i;
  std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
    return similarity(queries.row(query), corpus.row(a), function) >
           similarity(queries.row(query), corpus.row(b), function);
  });
  return order;
}

TEST(Search, FindsWhatSortingFindsOnAnyNumberOfThreads) {
  const Matrix queries = random_matrix(5, 37, 1);
  const Matrix corpus = random_matrix(700, 37, 2);
  for (const Similarity function :
       {Similarity::cosine, Similarity::dot, Similarity::euclidean, Similarity::manhattan}) {
    for (const std::size_t threads : {0U, 1U, 3U}) {
      const auto found = search(queries, corpus, {.top_k = 9, .similarity = function, .threads = threads});
      ASSERT_EQ(found.size(), 5U);
      for (std::size_t query = 0; query < 5; ++query) {
        const auto wanted = by_hand(queries, query, corpus, function);
        ASSERT_EQ(found[query].size(), 9U);
        for (std::size_t i = 0; i < 9; ++i)
          EXPECT_EQ(found[query][i].index, wanted[i]) << to_string(function) << threads;
      }
    }
  }
}

TEST(Search, EqualsByIndexAndWhatIsNoNumberLast) {
  const Matrix query{1, 1, {1}};
  const Matrix corpus{4, 1, {std::nanf(""), 2, 3, 2}};
  const auto hits = search(query, corpus, {.top_k = 9, .similarity = Similarity::dot}).front();
  std::vector<std::size_t> order;
  for (const SearchHit& hit : hits) order.push_back(hit.index);
  EXPECT_THAT(order, ElementsAre(2, 1, 3, 0));
  EXPECT_TRUE(search(query, corpus, {.top_k = 0}).front().empty());
  EXPECT_EQ(thrown_by([&] { search(query, Matrix{1, 2, {1, 2}}); }).code(), ErrorCode::invalid_argument);
}

TEST(Search, QuantizedVectorsFindNearlyTheSame) {
  const Matrix corpus = random_matrix(400, 64, 3);
  Matrix queries = corpus;  // each is its own best
  queries.rows = 20;
  queries.data.resize(20 * 64);
  const QuantizationRanges ranges = quantization_ranges(corpus);
  for (const Precision precision : {Precision::int8, Precision::uint8, Precision::binary, Precision::ubinary}) {
    const QuantizedMatrix stored = quantize(corpus, precision, &ranges);
    const auto found = search(quantize(queries, precision, &ranges), stored, {.top_k = 1});
    for (std::size_t i = 0; i < 20; ++i) EXPECT_EQ(found[i].front().index, i) << to_string(precision);
  }
  EXPECT_EQ(search(quantize(queries, Precision::ubinary), quantize(corpus, Precision::ubinary)).front().front().score,
            64.0F);
  const QuantizedMatrix small = quantize(queries, Precision::int8, &ranges);
  EXPECT_EQ(thrown_by([&] { search(small, quantize(corpus, Precision::ubinary)); }).code(),
            ErrorCode::invalid_argument);
  EXPECT_EQ(thrown_by([&] { search(small, small, {.similarity = Similarity::euclidean}); }).code(),
            ErrorCode::unsupported);
}

TEST(Quantize, BitsAndStepsByHand) {
  const Matrix vectors{2, 9, {1, -1, 0, 2, 3, -4, 5, 6, 7, -1, -1, -1, -1, -1, -1, -1, -1, -1}};
  const QuantizedMatrix bits = quantize(vectors, Precision::ubinary);
  EXPECT_EQ(bits.row_bytes, 2U);
  EXPECT_EQ(bits.value(0, 0), 0b10011011);
  EXPECT_EQ(bits.value(0, 1), 0b10000000);
  EXPECT_EQ(quantize(vectors, Precision::binary).value(0, 0), 0b10011011 - 128);
  EXPECT_EQ(quantize(vectors, Precision::binary).value(1, 0), -128);

  const QuantizationRanges ranges{{0, 0}, {255, 0}};
  const QuantizedMatrix steps = quantize(Matrix{1, 2, {300, 1}}, Precision::uint8, &ranges);
  EXPECT_EQ(steps.value(0, 0), 255);
  EXPECT_EQ(steps.value(0, 1), 1);  // a column without a range has steps of 1
  EXPECT_EQ(quantize(Matrix{1, 2, {-3, 1}}, Precision::int8, &ranges).value(0, 0), -128);
}

TEST(Quantize, RefusesWhatItCannotDo) {
  const Matrix vectors{1, 2, {1, 2}};
  EXPECT_EQ(thrown_by([&] { quantization_ranges(vectors); }).code(), ErrorCode::invalid_argument);
  EXPECT_EQ(thrown_by([&] { quantize(vectors, Precision::int8); }).code(), ErrorCode::invalid_argument);
  EXPECT_EQ(thrown_by([&] { quantize(vectors, Precision::float32); }).code(), ErrorCode::invalid_argument);
  const QuantizationRanges ranges{{0}, {1}};
  EXPECT_EQ(thrown_by([&] { quantize(vectors, Precision::uint8, &ranges); }).code(), ErrorCode::invalid_argument);
  EXPECT_EQ(thrown_by([&] {
              quantize(Matrix{1, 1, {std::nanf("")}}, Precision::binary);
            }).code(),
            ErrorCode::invalid_argument);
}

TEST(Quantize, RefusesRangesThatAreNone) {
  const Matrix vectors{1, 2, {1, 2}};
  constexpr float kMax = std::numeric_limits<float>::max();
  constexpr float kInfinite = std::numeric_limits<float>::infinity();
  for (const auto& [low, high] : {std::pair{std::nanf(""), 1.0F},
                                  {0.0F, std::nanf("")},
                                  {0.0F, kInfinite},
                                  {-kInfinite, 0.0F},
                                  {2.0F, 1.0F},
                                  {-kMax, kMax}}) {
    const QuantizationRanges ranges{{0, low}, {1, high}};
    const Error error = thrown_by([&] { quantize(vectors, Precision::int8, &ranges); });
    EXPECT_EQ(error.code(), ErrorCode::invalid_argument);
    EXPECT_THAT(error.what(), ::testing::HasSubstr("column 1"));
  }
}

TEST(Matrices, ThatAreNotWhatTheySayAreRefused) {
  const Matrix broken{2, 3, {1, 2, 3}};
  EXPECT_EQ(thrown_by([&] { search(broken, broken); }).code(), ErrorCode::invalid_argument);
  EXPECT_EQ(thrown_by([&] { similarity(broken, broken); }).code(), ErrorCode::invalid_argument);
  EXPECT_EQ(thrown_by([&] { max_sim(broken, broken); }).code(), ErrorCode::invalid_argument);
  EXPECT_EQ(thrown_by([&] { quantize(broken, Precision::binary); }).code(), ErrorCode::invalid_argument);
  EXPECT_EQ(thrown_by([&] { quantization_ranges(broken); }).code(), ErrorCode::invalid_argument);
  const QuantizedMatrix bytes{Precision::int8, 2, 2, 2, {1}};
  EXPECT_EQ(thrown_by([&] { search(bytes, bytes); }).code(), ErrorCode::invalid_argument);
}

TEST(Search, WidthsAreComparedWithoutRowsToo) {
  const Matrix corpus{1, 3, {1, 2, 3}};
  EXPECT_EQ(thrown_by([&] { search(Matrix{0, 2, {}}, corpus); }).code(), ErrorCode::invalid_argument);
  EXPECT_EQ(thrown_by([&] { search(corpus, Matrix{0, 2, {}}); }).code(), ErrorCode::invalid_argument);
  EXPECT_TRUE(search(Matrix{0, 3, {}}, corpus).empty());
  EXPECT_THAT(search(corpus, Matrix{0, 3, {}}), ElementsAre(::testing::IsEmpty()));
  // An index that nobody filled has no columns.
  EXPECT_EQ(thrown_by([&] { search(Matrix{}, corpus); }).code(), ErrorCode::invalid_argument);
  EXPECT_EQ(thrown_by([&] { search(corpus, Matrix{}); }).code(), ErrorCode::invalid_argument);
  EXPECT_TRUE(search(Matrix{}, Matrix{}).empty());
  const QuantizedMatrix bits = quantize(corpus, Precision::binary);
  const QuantizedMatrix none = quantize(Matrix{0, 9, {}}, Precision::binary);
  EXPECT_EQ(thrown_by([&] { search(none, bits); }).code(), ErrorCode::invalid_argument);
  EXPECT_EQ(thrown_by([&] { search(bits, none); }).code(), ErrorCode::invalid_argument);
  EXPECT_EQ(thrown_by([&] { search(QuantizedMatrix{}, bits); }).code(), ErrorCode::invalid_argument);
  const QuantizedMatrix unfilled{Precision::binary, 0, 0, 0, {}};
  EXPECT_EQ(thrown_by([&] { search(bits, unfilled); }).code(), ErrorCode::invalid_argument);
  EXPECT_EQ(thrown_by([&] { search(unfilled, bits); }).code(), ErrorCode::invalid_argument);
}

TEST(Search, ValuesThatNoEnumNamesAreRefused) {
  const Matrix one{1, 2, {1, 2}};
  const auto refused = [](auto&& run, const char* what) {
    const Error error = thrown_by(run);
    EXPECT_EQ(error.code(), ErrorCode::invalid_argument) << what;
    EXPECT_THAT(error.what(), ::testing::HasSubstr(what));
  };
  const auto far = static_cast<Similarity>(77);
  refused([&] { search(one, one, {.similarity = far}); }, "cosine, dot, euclidean, manhattan, found the value 77");
  refused([&] { similarity(one, one, far); }, "the value 77");
  refused([&] { similarity(one.row(0), one.row(0), static_cast<Similarity>(-1)); }, "the value -1");
  refused([&] { quantize(one, static_cast<Precision>(77)); }, "the value 77");
  QuantizedMatrix bits = quantize(one, Precision::binary);
  refused([&] { search(bits, bits, {.similarity = far}); }, "SearchOptions::similarity");
  bits.precision = static_cast<Precision>(9);
  refused([&] { search(bits, bits); }, "QuantizedMatrix::precision");
}

TEST(SparseDot, OfVectorsThatAreNone) {
  const SparseVector a{{1, 4, 9}, {1, 2, 3}};
  const SparseVector b{{4, 5, 9}, {5, 7, 1}};
  EXPECT_FLOAT_EQ(dot(a, b), 13);
  for (const SparseVector& wrong : {SparseVector{{1, 4, 9}, {1, 2}}, SparseVector{{1}, {1, 2}},
                                    SparseVector{{4, 1}, {1, 2}}, SparseVector{{4, 4}, {1, 2}}}) {
    EXPECT_EQ(thrown_by([&] { dot(a, wrong); }).code(), ErrorCode::invalid_argument);
    EXPECT_EQ(thrown_by([&] { dot(wrong, a); }).code(), ErrorCode::invalid_argument);
  }
}

TEST(MaxSim, ByHand) {
  const Matrix query{2, 2, {1, 0, 0, 1}};
  const Matrix document{3, 2, {0.5F, 2, 1, -1, 0, 0}};
  EXPECT_FLOAT_EQ(max_sim(query, document), 3);
  EXPECT_FLOAT_EQ(mean_max_sim(query, document), 1.5F);
  EXPECT_FLOAT_EQ(max_sim(query, Matrix{0, 2, {}}), -1e9F);
  EXPECT_EQ(thrown_by([&] { max_sim(query, Matrix{1, 3, {1, 2, 3}}); }).code(), ErrorCode::invalid_argument);
}

// Wherever it stands: a maximum that skips it would hide that a model gives no numbers.
TEST(MaxSim, WhatIsNoNumberStaysSo) {
  const Matrix query{1, 1, {1}};
  for (std::size_t at = 0; at < 3; ++at) {
    Matrix document{3, 1, {1, 2, 3}};
    document.data[at] = std::nanf("");
    EXPECT_TRUE(std::isnan(max_sim(query, document))) << at;
  }
}

TEST(SimilarityNames, ReadBack) {
  for (const Similarity function :
       {Similarity::cosine, Similarity::dot, Similarity::euclidean, Similarity::manhattan}) {
    EXPECT_EQ(parse<Similarity>(to_string(function)), function);
  }
  EXPECT_EQ(parse<Similarity>("maxsim"), std::nullopt);
}

}  // namespace
}  // namespace bertrt
