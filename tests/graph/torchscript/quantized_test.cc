#include <gmock/gmock.h>

#include <optional>

#include "error_matchers.h"
#include "graph/evaluate.h"
#include "graph/rounding.h"
#include "graph/torchscript/test_trace.h"

// Layers of torch.ao.quantization.quantize_dynamic: their weights are a state of libtorch's own class.
namespace bertrt::graph::torchscript {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
namespace pickled = test::pickled;

constexpr std::string_view kClass = "__torch__.torch.classes.quantized";

/// _rebuild_qtensor's arguments: six int8 of record 0, as two rows.
struct Quantized {
  std::string storage = "QInt8Storage";
  std::vector<std::int64_t> shape = {2, 3};
  std::int64_t offset = 0;
  std::string quantizer;

  std::string pickle() const {
    const std::string held = pickled::tuple({pickled::text("storage"), pickled::global("torch", storage),
                                             pickled::text("0"), pickled::text("cpu"), pickled::integer(6)}) +
                             "Q";
    return pickled::global("torch._utils", "_rebuild_qtensor") +
           pickled::tuple({held, pickled::integer(offset), pickled::integers(shape),
                           pickled::integers({shape.back(), 1}), quantizer, pickled::boolean(false),
                           pickled::global("collections", "OrderedDict") + ")R"}) +
           "R";
  }
};

std::string by_one(double scale, std::int64_t zero_point) {
  return pickled::tuple(
      {pickled::global("torch", "per_tensor_affine"), pickled::real(scale), pickled::integer(zero_point)});
}
std::string by_row(std::string_view storage = "DoubleStorage", std::int64_t axis = 0) {
  return pickled::tuple({pickled::global("torch", "per_channel_affine"), pickled::tensor("1", {2}, 2, storage),
                         pickled::tensor("2", {2}, 2, "LongStorage"), pickled::integer(axis)});
}

std::string packed(const std::vector<std::string>& state) {
  return pickled::global(kClass, "LinearPackedParamsBase") + ")\x81" + pickled::tuple(state) + "b";
}

std::shared_ptr<test::Opened> layer(const std::vector<std::pair<std::string, std::string>>& states,
                                    const std::vector<std::string>& code) {
  test::Parts parts;
  std::string attributes;
  for (const auto& [name, state] : states) {
    attributes.append("  ").append(name).append(" : ").append(kClass).append(".LinearPackedParamsBase\n");
  }
  parts.code = test::forward(code, attributes);
  parts.attributes = states;
  parts.entries = {{"data/0", std::string("\x01\x02\x03\xff\xfe\x7f", 6)},
                   {"data/1", std::string("\0\0\0\0\0\0\xe0\x3f\0\0\0\0\0\0\0\x40", 16)},             // 0.5, 2
                   {"data/2", std::string("\0\0\0\0\0\0\0\0\xff\xff\xff\xff\xff\xff\xff\xff", 16)}};  // 0, -1
  return test::open(parts);
}

const std::vector<std::string> kCall = {"return ops.quantized.linear_dynamic(x, self.p, True)"};

Program program_of(const std::string& quantizer) {
  const auto opened = layer({{"p", packed({Quantized{.quantizer = quantizer}.pickle(), pickled::none()})}}, kCall);
  return read_program(*opened->module, "forward", find_operator);
}

// What a layer gives without a bias and a rounding for the rows of a unit matrix: its weight, turned.
std::vector<float> weight_of(const Program& program) {
  const Tensor unit = Tensor::make(ElementType::float32, {3, 3});
  std::fill_n(unit.mutable_data<float>(), 9, 0.0F);
  for (const std::int64_t i : {0, 4, 8}) unit.mutable_data<float>()[i] = 1;
  const std::vector<Value> arguments = {Value(unit), Value(unit)};
  const std::vector<float> turned = to_floats(*evaluate(without_rounding(program), arguments, {}).result.tensor());
  if (turned.size() != 6) return {};
  return {turned[0], turned[2], turned[4], turned[1], turned[3], turned[5]};
}

TEST(Quantized, LayersAreOfIntegers) {
  const Program program = program_of(by_one(0.5, 0));
  EXPECT_THAT(
      test::lines_of(program),
      ElementsAre("v0 = bertrt::linear_of_integers x p.weight p.scales p.zero_points p.bias bool True", "return v0"));
  EXPECT_TRUE(rounds(program));
  EXPECT_THAT(program.findings, ElementsAre(HasSubstr("round what they are given to 8-bit integers")));
}

TEST(Quantized, WeightsAreWhatTheirIntegersStandFor) {
  EXPECT_THAT(weight_of(program_of(by_one(0.5, 0))), ElementsAre(0.5F, 1, 1.5F, -0.5F, -1, 63.5F));
  EXPECT_THAT(weight_of(program_of(by_one(2, -3))), ElementsAre(8, 10, 12, 4, 2, 260));
  EXPECT_THAT(weight_of(program_of(by_row())), ElementsAre(0.5F, 1, 1.5F, 0, -2, 256));
}

TEST(Quantized, WeightsAreTheWholeOfTheirStorageInOneWay) {
  const std::string one = by_one(0.5, 0);
  const std::vector<std::pair<Quantized, std::string>> wrong = {
      {{.storage = "QUInt8Storage", .quantizer = one}, "of another kind than int8"},
      {{.storage = "ByteStorage", .quantizer = one}, "of another kind than int8"},
      {{.shape = {1, 3}, .quantizer = one}, "no integers by one scale"},
      {{.shape = {1, 3}, .offset = 3, .quantizer = one}, "no integers by one scale"},
      {{.shape = {0, 3}, .quantizer = one}, "no integers by one scale"},
      {{.quantizer = pickled::none()}, "no integers by one scale"},
      {{.quantizer = pickled::tuple({})}, "no integers by one scale"},
      {{.quantizer = pickled::tuple({pickled::global("torch", "per_tensor_affine"), pickled::real(1)})},
       "no integers by one scale"},
      {{.shape = {3, 2}, .quantizer = by_row()}, "no integers by one scale"},
      {{.quantizer = by_row("DoubleStorage", 1)}, "no integers by one scale"},
  };
  for (const auto& [quantized, reason] : wrong) {
    const Error error = thrown_by([&, q = quantized] {
      const auto opened = layer({{"p", packed({q.pickle(), pickled::none()})}}, kCall);
      read_program(*opened->module, "forward", find_operator);
    });
    EXPECT_THAT(error.what(), HasSubstr(reason));
  }
  const auto twice = layer(
      {{"p", packed({Quantized{.quantizer = one}.pickle(), pickled::none()})},
       {"q", packed({Quantized{.quantizer = by_one(1, 0)}.pickle(), pickled::none()})}},
      {"z = ops.quantized.linear_dynamic(x, self.p, True)", "return ops.quantized.linear_dynamic(z, self.q, True)"});
  EXPECT_THAT(thrown_by([&] { read_program(*twice->module, "forward", find_operator); }).what(),
              HasSubstr("one storage in two ways"));
}

// Held to their records while the file is read, whether or not the code asks for them.
TEST(Quantized, StoragesAreAsLongAsTheirRecords) {
  for (const Quantized& wrong :
       {Quantized{.shape = {3, 3}, .quantizer = by_one(1, 0)}, Quantized{.offset = 1, .quantizer = by_one(1, 0)},
        Quantized{.storage = "QInt32Storage", .quantizer = by_one(1, 0)},
        Quantized{.quantizer = by_row("FloatStorage")}}) {
    const Error error = thrown_by([&] { layer({{"p", packed({wrong.pickle(), pickled::none()})}}, {"return x"}); });
    EXPECT_EQ(error.code(), ErrorCode::invalid_format);
  }
}

TEST(Quantized, WeightsAreForTheirLayersAlone) {
  const std::string good = packed({Quantized{.quantizer = by_one(1, 0)}.pickle(), pickled::none()});
  const std::vector<std::pair<std::string, std::string>> cases = {
      {"return torch.add(x, self.p)", "quantized weights that are handled as a value"},
      {"return self.p", "quantized weights that are handled as a value"},
      {"return ops.quantized.linear_relu_dynamic(x, self.p, True)", "operator quantized::linear_relu_dynamic"},
      {"return ops.quantized.linear_dynamic(x, y, True)", "quantized weights, reduce_range"},
      {"return ops.quantized.linear_dynamic(x)", "quantized weights, reduce_range"},
      {"return ops.quantized.linear_dynamic_fp16(x, self.p)", "of a kind that is not known here"},
  };
  for (const auto& [line, reason] : cases) {
    const Error error = thrown_by([&, code = line] {
      const auto opened = layer({{"p", good}}, {code});
      read_program(*opened->module, "forward", find_operator);
    });
    EXPECT_THAT(error.what(), HasSubstr(reason)) << line;
  }
  const auto alone = layer({{"p", packed({Quantized{.quantizer = by_one(1, 0)}.pickle()})}}, kCall);
  EXPECT_THAT(thrown_by([&] { read_program(*alone->module, "forward", find_operator); }).what(),
              HasSubstr("no weight and bias"));
}

// In half precision they are floats that are halves, and nothing is rounded.
TEST(Quantized, LayersInHalfPrecisionAreLinearOnes) {
  const std::string state = packed({pickled::tensor("1", {2, 2}, 4), pickled::tensor("2", {2}, 2, "LongStorage")});
  const auto opened = layer({{"p", state}}, {"return ops.quantized.linear_dynamic_fp16(x, self.p)"});
  EXPECT_THAT(test::lines_of(read_program(*opened->module, "forward", find_operator)),
              ElementsAre("v0 = aten::linear x p.weight p.bias", "return v0"));
}

}  // namespace
}  // namespace bertrt::graph::torchscript
