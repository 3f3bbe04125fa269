#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <limits>
#include <random>
#include <string>
#include <vector>

#include "kernels/isa/kernels.h"
#include "kernels/linear.h"
#include "kernels/operands.h"
#include "kernels/plain_matrices.h"

namespace bertrt::kernels {
namespace {

using isa::Kernels;
using isa::kPanel;

// Those that the machine has, and such as multiply matrices.
const std::vector<Kernels>& all_kernels() {
  static const std::vector<Kernels> all = [] {
    std::vector<Kernels> every = isa::all();
    every.push_back(with_plain_matrices(every.front()));
    every.push_back(with_plain_matrices(isa::best()));
    return every;
  }();
  return all;
}

std::string describe(const Kernels& kernels) {
  return std::string(kernels.target) + " " + kernels.int8.name + " " + kernels.bf16.name;
}

struct Problem {
  Problem(std::size_t rows_, std::size_t in_, std::size_t out_, unsigned seed) : rows(rows_), in(in_), out(out_) {
    std::mt19937 random(seed);
    std::normal_distribution<float> normal;
    for (auto* values : {&x, &weight, &bias}) {
      values->resize(values == &x ? rows * in : values == &weight ? out * in : out);
      for (float& value : *values) value = normal(random);
    }
    // Rows of very different size and off centre, as activations are.
    for (std::size_t r = 0; r < rows; ++r) {
      for (std::size_t k = 0; k < in; ++k) x[r * in + k] = (x[r * in + k] + 0.5F) * std::exp2(float(r % 7) - 3.0F);
    }
  }

  std::vector<float> run(const Kernels& kernels, DType dtype, const LinearCall& call = {}) const {
    std::vector<float> y(rows * out, std::numeric_limits<float>::quiet_NaN());
    Scratch scratch;
    Linear::pack(weight, bias, out, in, dtype, kernels)
        ->run(x.data(), rows, y.data(), call, ThreadPool::shared(), scratch);
    return y;
  }

  std::size_t rows, in, out;
  std::vector<float> x, weight, bias;
};

// What the dtype's numbers give in exact arithmetic, and the sum of the products' sizes, for a bound on rounding.
struct Exact {
  std::vector<double> y, size;
};

Exact exact(const Problem& p, DType dtype) {
  std::vector<double> x(p.x.begin(), p.x.end());
  std::vector<double> weight(p.weight.begin(), p.weight.end());
  if (dtype == DType::bf16) {
    std::transform(p.x.begin(), p.x.end(), x.begin(), as_bf16);
    std::transform(p.weight.begin(), p.weight.end(), weight.begin(), as_bf16);
  }
  if (dtype == DType::int8) {
    for (std::size_t n = 0; n < p.out; ++n) {
      float most = 0;
      for (std::size_t k = 0; k < p.in; ++k) most = std::max(most, std::abs(p.weight[n * p.in + k]));
      const float scale = most / 127.0F;
      for (std::size_t k = 0; k < p.in; ++k) {
        weight[n * p.in + k] = scale * std::nearbyint(double{p.weight[n * p.in + k] * (1.0F / scale)});
      }
    }
    for (std::size_t r = 0; r < p.rows; ++r) {
      const auto row = p.x.begin() + std::ptrdiff_t(r * p.in);
      const float low = std::min(0.0F, *std::min_element(row, row + std::ptrdiff_t(p.in)));
      const float high = std::max(0.0F, *std::max_element(row, row + std::ptrdiff_t(p.in)));
      const float scale = (high - low) / 255.0F;
      const double zero = std::nearbyint(-low * (1.0F / scale));
      for (std::size_t k = 0; k < p.in; ++k) {
        const double q = std::clamp(std::nearbyint(row[std::ptrdiff_t(k)] * (1.0F / scale)) + zero, 0.0, 255.0);
        x[r * p.in + k] = scale * (q - zero);
      }
    }
  }
  Exact result{std::vector<double>(p.rows * p.out), std::vector<double>(p.rows * p.out)};
  for (std::size_t r = 0; r < p.rows; ++r) {
    for (std::size_t n = 0; n < p.out; ++n) {
      double sum = p.bias[n];
      double size = std::abs(sum);
      for (std::size_t k = 0; k < p.in; ++k) {
        const double product = x[r * p.in + k] * weight[n * p.in + k];
        sum += product;
        size += std::abs(product);
      }
      result.y[r * p.out + n] = sum;
      result.size[r * p.out + n] = size;
    }
  }
  return result;
}

void expect_near_exact(const Problem& p, DType dtype, const Kernels& kernels) {
  SCOPED_TRACE(describe(kernels) + ": " + std::to_string(p.rows) + " x " + std::to_string(p.in) + " x " +
               std::to_string(p.out));
  const Exact want = exact(p, dtype);
  const std::vector<float> found = p.run(kernels, dtype);
  for (std::size_t i = 0; i < found.size(); ++i) {
    // int8 sums are exact; the others round once a product, with errors that add up at random.
    const double bound = want.size[i] * 6e-8 * (dtype == DType::int8 ? 4 : std::sqrt(double(p.in)) + 4);
    ASSERT_NEAR(found[i], want.y[i], bound) << "row " << i / p.out << ", column " << i % p.out;
  }
}

class PackedKernels : public testing::TestWithParam<DType> {};

INSTANTIATE_TEST_SUITE_P(DTypes, PackedKernels, testing::Values(DType::fp32, DType::bf16, DType::int8),
                         [](const auto& tested) {
                           return tested.param == DType::fp32 ? "fp32" : tested.param == DType::bf16 ? "bf16" : "int8";
                         });

TEST_P(PackedKernels, EveryNumberOfRows) {
  for (const Kernels& kernels : all_kernels()) {
    for (std::size_t rows = 1; rows <= 40; ++rows) expect_near_exact(Problem(rows, 37, 45, 1), GetParam(), kernels);
  }
}

TEST_P(PackedKernels, ShapesThatAreNoMultipleOfAnything) {
  for (const Kernels& kernels : all_kernels()) {
    for (std::size_t in : {1, 2, 3, 4, 5, 15, 16, 17, 31, 33, 64, 129}) {
      for (std::size_t out : {1, 15, 31, 32, 33, 63, 64, 65, 97}) {
        expect_near_exact(Problem(in % 5 + 3, in, out, 2), GetParam(), kernels);
      }
    }
  }
}

TEST_P(PackedKernels, ShapesOfAModel) {
  for (const Kernels& kernels : all_kernels()) expect_near_exact(Problem(17, 768, 96, 3), GetParam(), kernels);
}

// Tiles enough that a wide K is done in pieces.
TEST_P(PackedKernels, ManyRowsOfManyNumbers) {
  for (const Kernels& kernels : all_kernels())
    expect_near_exact(Problem(133, 2 * 4640 + 8, 40, 6), GetParam(), kernels);
}

// Where a blocked input has the number that a narrow one has at `narrow`. @param each  numbers in a group
std::size_t blocked_place(std::size_t narrow, std::size_t rows, std::size_t each) {
  const std::size_t group = narrow / (rows * each);
  const std::size_t row = narrow / each % rows;
  return ((group / 4 * isa::round_up(rows, 16) + row) * 4 + group % 4) * each + narrow % each;
}

// A tile's rows as kernels take them: wide, blocked or not, they hold the same numbers.
TEST(PackedKernelsRows, EveryLayoutHoldsTheSameNumbers) {
  for (const Kernels& kernels : all_kernels()) {
    SCOPED_TRACE(describe(kernels));
    for (std::size_t in : {1, 7, 16, 45}) {
      for (std::size_t rows : {1, 4, 6, 11}) {
        Problem problem(rows, in, 1, unsigned(in + rows));
        problem.x[0] =
            std::numeric_limits<float>::quiet_NaN();  // stays one in bf16, and is the scale of its row in int8
        const isa::Rows from{problem.x.data(), in, in};
        const std::size_t numbers = (in + 15) / 16 * 16 * rows;
        std::vector<std::uint16_t> bf16(numbers);
        std::vector<std::uint32_t> bf16_wide(numbers);
        kernels.pack_bf16.narrow(from, rows, bf16.data());
        kernels.pack_bf16.wide(from, rows, bf16_wide.data());
        for (std::size_t i = 0; i < numbers; ++i) ASSERT_EQ(bf16_wide[i], std::uint32_t{bf16[i]} << 16) << i;
        std::vector<std::uint16_t> bf16_blocked(isa::round_up(in, 32) * 16, 77);
        kernels.pack_bf16.blocked(from, rows, bf16_blocked.data());
        for (std::size_t i = 0; i < isa::round_up(in, 32) * rows; ++i) {
          ASSERT_EQ(bf16_blocked[blocked_place(i, rows, 8)], i < isa::round_up(in, 8) * rows ? bf16[i] : 0) << i;
        }
        std::vector<std::uint8_t> int8(numbers);
        std::vector<std::uint16_t> int8_wide(numbers);
        std::vector<float> scales(2 * rows);
        std::vector<std::int32_t> zeros(2 * rows);
        kernels.quantize.narrow(from, rows, int8.data(), scales.data(), zeros.data());
        kernels.quantize.wide(from, rows, int8_wide.data(), scales.data() + rows, zeros.data() + rows);
        std::vector<std::uint8_t> int8_blocked(isa::round_up(in, 64) * 16);
        kernels.quantize.blocked(from, rows, int8_blocked.data(), scales.data() + rows, zeros.data() + rows);
        for (std::size_t i = 0; i < numbers; ++i) {
          ASSERT_EQ(int8_wide[i], int8[i]) << i;
          ASSERT_EQ(int8_blocked[blocked_place(i, rows, 16)], int8[i]) << i;
        }
        for (std::size_t r = 0; r < rows; ++r) {
          EXPECT_EQ(std::isnan(scales[r]), r == 0);
          EXPECT_TRUE(r == 0 ? std::isnan(scales[rows]) : scales[r] == scales[rows + r]);
          EXPECT_EQ(zeros[r], zeros[rows + r]);
        }
      }
    }
  }
}

// Where all rows share a grid: to the nearest integer, beyond its ends to those.
TEST(PackedKernelsRows, AGridThatAllRowsShare) {
  constexpr float kScale = 0.25F;
  constexpr std::int32_t kZero = 40;
  for (const Kernels& kernels : all_kernels()) {
    SCOPED_TRACE(describe(kernels));
    for (std::size_t in : {1, 16, 45}) {
      for (std::size_t rows : {1, 4, 11}) {
        Problem problem(rows, in, 1, unsigned(in + rows));
        problem.x[0] = 1000;
        problem.x[problem.x.size() - 1] = -1000;
        const isa::Rows from{problem.x.data(), in, in};
        const std::size_t numbers = (in + 15) / 16 * 16 * rows;
        std::vector<std::uint8_t> int8(numbers);
        std::vector<std::uint16_t> int8_wide(numbers);
        kernels.quantize_over.narrow(from, rows, int8.data(), kScale, kZero);
        kernels.quantize_over.wide(from, rows, int8_wide.data(), kScale, kZero);
        std::vector<std::uint8_t> int8_blocked(isa::round_up(in, 64) * 16);
        kernels.quantize_over.blocked(from, rows, int8_blocked.data(), kScale, kZero);
        for (std::size_t i = 0; i < numbers; ++i) {
          ASSERT_EQ(int8_wide[i], int8[i]) << i;
          ASSERT_EQ(int8_blocked[blocked_place(i, rows, 16)], int8[i]) << i;
        }
        for (std::size_t r = 0; r < rows; ++r) {
          for (std::size_t k = 0; k < in; ++k) {
            const float place = std::nearbyint(problem.x[r * in + k] / kScale) + kZero;
            ASSERT_EQ(int8[(k / 16 * rows + r) * 16 + k % 16], std::clamp(place, 0.0F, 255.0F)) << r << " " << k;
          }
        }
      }
    }
  }
}

TEST(PackedKernelsInt8, EqualBitForBitOnEveryInstructionSet) {
  for (Activation activation : {Activation::none, Activation::gelu_erf, Activation::gelu_tanh, Activation::relu,
                                Activation::tanh, Activation::silu}) {
    for (std::size_t rows : {1, 5, 14, 23}) {
      const Problem problem(rows, 203, 77, unsigned(rows));
      const LinearCall call{.activation = activation};
      const std::vector<float> plain = problem.run(all_kernels().front(), DType::int8, call);
      for (const Kernels& kernels : all_kernels()) {
        const std::vector<float> found = problem.run(kernels, DType::int8, call);
        EXPECT_EQ(std::memcmp(found.data(), plain.data(), plain.size() * sizeof(float)), 0) << describe(kernels);
      }
    }
  }
}

// The largest products that can be, with which vpmaddubsw would saturate: 255 * ±127 throughout.
TEST(PackedKernelsInt8, ExtremeProductsDoNotSaturate) {
  Problem problem(3, 512, 33, 4);
  for (std::size_t i = 0; i < problem.x.size(); ++i) problem.x[i] = 1.0F;
  for (std::size_t i = 0; i < problem.weight.size(); ++i) problem.weight[i] = i / problem.in % 2 == 0 ? 1.0F : -1.0F;
  for (const Kernels& kernels : all_kernels()) {
    const std::vector<float> y = problem.run(kernels, DType::int8);
    for (std::size_t i = 0; i < y.size(); ++i) {
      const std::size_t n = i % problem.out;
      EXPECT_NEAR(y[i], (n % 2 == 0 ? 512.0F : -512.0F) + problem.bias[n], 1e-3) << describe(kernels);
    }
  }
}

TEST(PackedKernelsInt8, RowsWithoutAGridAreHandled) {
  for (const Kernels& kernels : all_kernels()) {
    Problem problem(5, 40, 7, 5);
    constexpr float kInfinity = std::numeric_limits<float>::infinity();
    std::fill_n(problem.x.begin(), 40, 0.0F);
    problem.x[45] = kInfinity;
    problem.x[85] = -kInfinity;
    problem.x[125] = std::numeric_limits<float>::quiet_NaN();
    std::fill_n(problem.x.begin() + 160, 40, 1e-38F);
    const std::vector<float> y =
        problem.run(kernels, DType::int8);  // what is no number stays none, and disturbs no other row
    for (std::size_t n = 0; n < problem.out; ++n) {
      EXPECT_EQ(y[n], problem.bias[n]) << describe(kernels);
      for (std::size_t row = 1; row < 4; ++row) EXPECT_TRUE(std::isnan(y[row * problem.out + n])) << describe(kernels);
      EXPECT_EQ(y[4 * problem.out + n], problem.bias[n]) << describe(kernels);
    }
  }
}

// An activation of `values`, through the epilogue of fp32 sums.
std::vector<float> activate(const Kernels& kernels, Activation activation, const std::vector<float>& values) {
  std::vector<float> found;
  alignas(64) float sums[kPanel];
  alignas(64) const float bias[kPanel] = {};
  float out[kPanel];
  for (std::size_t first = 0; first < values.size(); first += kPanel) {
    for (std::size_t c = 0; c < kPanel; ++c) sums[c] = values[std::min(first + c, values.size() - 1)];
    isa::Finish finish;
    finish.bias = bias;
    finish.activation = activation;
    finish.out = out;
    finish.stride = kPanel;
    kernels.finish_float(sums, 1, finish);
    found.insert(found.end(), out, out + std::min(kPanel, values.size() - first));
  }
  return found;
}

std::vector<float> whole_range() {
  std::vector<float> values;
  for (int i = -200000; i <= 200000; ++i) values.push_back(float(i) * 1e-4F);
  for (int exponent = -149; exponent < 128; ++exponent) {
    for (float sign : {-1.0F, 1.0F}) values.push_back(sign * std::ldexp(1.0F, exponent));
  }
  return values;
}

TEST(PackedKernelsActivation, AccurateOverTheWholeRange) {
  const std::vector<float> x = whole_range();
  const auto gelu_tanh = [](double v) {
    return 0.5 * v * (1 + std::tanh(std::sqrt(2 / std::acos(-1.0)) * (v + 0.044715 * v * v * v)));
  };
  for (const Kernels& kernels : all_kernels()) {
    SCOPED_TRACE(describe(kernels));
    const std::vector<float> erf_form = activate(kernels, Activation::gelu_erf, x);
    const std::vector<float> tanh_form = activate(kernels, Activation::gelu_tanh, x);
    const std::vector<float> tanh = activate(kernels, Activation::tanh, x);
    const std::vector<float> relu = activate(kernels, Activation::relu, x);
    for (std::size_t i = 0; i < x.size(); ++i) {
      const double v = x[i];
      const double scale = std::max(1.0, std::abs(v));
      ASSERT_NEAR(erf_form[i], 0.5 * v * (1 + std::erf(v / std::sqrt(2.0))), 2.5e-7 * scale) << v;
      // Beyond any activation the cube overflows; the result is still the right one.
      ASSERT_NEAR(tanh_form[i], std::abs(v) > 1e4 ? std::max(v, 0.0) : gelu_tanh(v), 3e-7 * scale) << v;
      ASSERT_NEAR(tanh[i], std::tanh(v), 3.5e-7) << v;
      ASSERT_EQ(relu[i], std::max(x[i], 0.0F)) << v;
    }
  }
}

// A model with a broken weight has to look like one.
TEST(PackedKernelsActivation, NothingMakesANumberOfNaN) {
  const std::vector<float> x(kPanel, std::numeric_limits<float>::quiet_NaN());
  for (const Kernels& kernels : all_kernels()) {
    SCOPED_TRACE(describe(kernels));
    for (Activation activation : {Activation::none, Activation::gelu_erf, Activation::gelu_tanh, Activation::relu,
                                  Activation::tanh, Activation::silu}) {
      for (const float found : activate(kernels, activation, x)) ASSERT_TRUE(std::isnan(found)) << int(activation);
    }
  }
}

// int8's form, whose result is rounded to 8 bits next.
TEST(PackedKernelsActivation, GeluAfterInt8SumsIsAccurateEnough) {
  constexpr float kStep = 1.0F / 2048;
  alignas(64) std::int32_t sums[kPanel];
  alignas(64) const std::int32_t column_sums[kPanel] = {};
  alignas(64) float scales[kPanel];
  alignas(64) const float bias[kPanel] = {};
  float out[kPanel];
  const float row_scale = kStep;
  const std::int32_t row_zero = 0;
  std::fill_n(scales, kPanel, 1.0F);
  for (const Kernels& kernels : all_kernels()) {
    for (std::int32_t first = -30 * 2048; first < 30 * 2048; first += kPanel) {
      for (std::size_t c = 0; c < kPanel; ++c) sums[c] = first + std::int32_t(c);
      isa::Finish finish;
      finish.bias = bias;
      finish.scales = scales;
      finish.sums = column_sums;
      finish.row_scales = &row_scale;
      finish.row_zeros = &row_zero;
      finish.activation = Activation::gelu_erf;
      finish.out = out;
      finish.stride = kPanel;
      kernels.finish_int8(sums, 1, finish);
      for (std::size_t c = 0; c < kPanel; ++c) {
        const double v = double{kStep} * sums[c];
        ASSERT_NEAR(out[c], 0.5 * v * (1 + std::erf(v / std::sqrt(2.0))), 9e-5 * std::max(1.0, v / 20))
            << v << ", " << describe(kernels);
      }
    }
  }
}

TEST(PackedKernelsActivation, SmallValuesKeepTheirRelativeAccuracy) {
  std::vector<float> x;
  for (int i = 1; i < 1000; ++i) x.push_back(float(i) * 1e-6F);
  for (const Kernels& kernels : all_kernels()) {
    const std::vector<float> y = activate(kernels, Activation::gelu_erf, x);
    for (std::size_t i = 0; i < x.size(); ++i) {
      const double v = x[i];
      ASSERT_NEAR(y[i], 0.5 * v * (1 + std::erf(v / std::sqrt(2.0))), 3e-7 * v) << describe(kernels);
    }
  }
}

}  // namespace
}  // namespace bertrt::kernels
