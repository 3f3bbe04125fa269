// Which lengths a trace is right at.
#include "family/lengths.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "family/tiny_model.h"

namespace bertrt::family {
namespace {

using test::TinyModel;

TEST(Lengths, AreWhatPositionsReach) {
  const TinyModel model;
  EXPECT_EQ(model.trace().lengths->longest(), test::kTinyPositions);
  EXPECT_EQ(model.trace().lengths->shortest(), 1U);
  EXPECT_EQ(model.reading().recognition->spec.max_length, test::kTinyPositions);
  EXPECT_NE(model.trace().lengths->objection(test::kTinyPositions + 1), "");
}

// A window over four tokens needs four of them; that alone does not tie a trace to its length.
TEST(Lengths, BeginWhereAWindowFits) {
  const std::string window = "y = torch.amax(torch.unfold(h2, 1, 4, 1), [1, 3])\n";
  const TinyModel model({}, "(h2, y)", window, 12);
  EXPECT_EQ(model.trace().lengths->only(), 0U);
  EXPECT_EQ(model.trace().lengths->shortest(), 4U);
  EXPECT_EQ(model.trace().lengths->longest(), test::kTinyPositions);
  EXPECT_NE(model.trace().lengths->objection(3), "");
  EXPECT_EQ(model.trace().lengths->objection(5), "");
  EXPECT_TRUE(model.recognized()) << model.reading().not_explained;
  // A window of the traced length is that length.
  const std::string whole = "y = torch.amax(torch.unfold(h2, 1, 12, 1), [1, 3])\n";
  EXPECT_EQ(TinyModel({}, "(h2, y)", whole, 12).trace().lengths->only(), 12U);
}

// max over each window of four of eight tokens, as a Python loop over the traced length wrote them.
TEST(Lengths, EndWhereWindowsThatALoopWroteEnd) {
  const std::string windows =
      "y = torch.add(torch.amax(torch.slice(h2, 1, 0, 4), [1]), torch.amax(torch.slice(h2, 1, 4, 8), [1]))\n";
  const auto lengths = TinyModel({}, "(h2, y)", windows, 8).trace().lengths;
  EXPECT_EQ(lengths->longest(), 8U);
  EXPECT_EQ(lengths->shortest(), 5U);
  EXPECT_THAT(lengths->objection(9), ::testing::HasSubstr("window"));
  // Overlapping ones: the next would begin before the last one's end.
  const std::string overlapping =
      "y = torch.add(torch.mean(torch.slice(h2, 1, 0, 6), [1]), torch.mean(torch.slice(h2, 1, 4, 10), [1]))\n";
  EXPECT_EQ(TinyModel({}, "(h2, y)", overlapping, 8).trace().lengths->longest(), 8U);
  EXPECT_EQ(TinyModel({}, "(h2, y)", overlapping, 8).trace().lengths->shortest(), 5U);
}

TEST(Lengths, AreFreeWhereASliceIsOfPlacesOrItsEndIsComputed) {
  // The same few tokens of every text.
  const std::string places = "y = torch.amax(torch.slice(h2, 1, 1, 3), [1])\n";
  EXPECT_EQ(TinyModel({}, "(h2, y)", places, 8).trace().lengths->longest(), test::kTinyPositions);
  const std::string plain = "y = torch.sum(torch.slice(h2, 1, 0, 8), [1])\n";
  EXPECT_EQ(TinyModel({}, "(h2, y)", plain, 8).trace().lengths->longest(), 8U);
  // All but what is over a multiple of four: 16 of 17 tokens, too.
  const std::string computed = "y = torch.sum(torch.slice(h2, 1, 0, torch.floordiv(torch.size(h2, 1), 4) * 4), [1])\n";
  EXPECT_EQ(TinyModel({}, "(h2, y)", computed, 8).trace().lengths->longest(), test::kTinyPositions);
}

TEST(Lengths, BeginWhereAMeanHasTokens) {
  const std::string inner = "y = torch.mean(torch.slice(h2, 1, 1, -1), [1])\n";
  EXPECT_EQ(TinyModel({}, "(h2, y)", inner, 8).trace().lengths->shortest(), 3U);
  const std::string sum = "y = torch.sum(torch.slice(h2, 1, 1, -1), [1])\n";
  EXPECT_EQ(TinyModel({}, "(h2, y)", sum, 8).trace().lengths->shortest(), 1U);
}

std::size_t only_of(const std::string& pooling, std::size_t traced) {
  return TinyModel({}, "(h2, y)", "y = " + pooling + "\n", traced).trace().lengths->only();
}

// What Python's len() or item() gave is a number in a trace, however it is used.
TEST(Lengths, AreTheTracedOneWhereItScalesWhatIsOfAllTokens) {
  EXPECT_EQ(only_of("torch.div(torch.squeeze(torch.sum(h2, [1], True), 1), 9)", 9), 9U);
  EXPECT_EQ(only_of("torch.mul(torch.sum(h2, [1]), 0.1111111111111111)", 9), 9U);
  EXPECT_EQ(only_of("torch.div(torch.einsum(\"blh->bh\", [h2]), 9)", 9), 9U);
  EXPECT_EQ(only_of("torch.div(torch.matmul(torch.transpose(h2, 1, 2), h2), 8)", 9), 9U);  // a covariance
  EXPECT_EQ(only_of("torch.mul(torch.mean(h2, [1]), 9)", 9), 9U);
  EXPECT_EQ(only_of("torch.mul(h2, 2.1972245773362196)", 9), 9U);  // its logarithm
  EXPECT_EQ(only_of("torch.div(torch.arange(0, torch.size(h2, 1)), 9)", 9), 9U);
  EXPECT_EQ(only_of("torch.mul(h2, 9)", 9), 0U);
  EXPECT_EQ(only_of("torch.div(torch.einsum(\"blh->bl\", [h2]), 9)", 9), 0U);
}

// Whether a place far into the traced text moves with the length cannot be told: len(ids) - 1 or 8?
TEST(Lengths, AreTheTracedOneWhereAFarPlaceIsWritten) {
  EXPECT_EQ(only_of("torch.mean(torch.slice(h2, 1, 1, 8), [1])", 9), 9U);
  EXPECT_EQ(only_of("torch.mean(torch.slice(h2, 1, -5), [1])", 9), 9U);
  EXPECT_EQ(only_of("torch.select(h2, 1, 7)", 9), 9U);
  EXPECT_EQ(only_of("torch.index_select(h2, 1, torch.tensor([0, 7]))", 9), 9U);
  EXPECT_EQ(only_of("torch.constant_pad_nd(h2, [0, 0, 0, 7])", 9), 9U);
  EXPECT_EQ(only_of("torch.index_select(h2, 1, torch.remainder(torch.arange(9, -9, -1), 3))", 9), 9U);
  EXPECT_EQ(only_of("torch.select(h2, 1, 1)", 9), 0U);
  EXPECT_EQ(only_of("torch.slice(h2, 1, 0, 3)", 9), 0U);
  EXPECT_EQ(only_of("torch.select(h2, 2, 7)", 9), 0U);  // of a token's values
  EXPECT_EQ(only_of("torch.select(h2, 1, -1)", 9), 0U);
}

// As many rows as the traced text has tokens, whatever the text is.
TEST(Lengths, AreFreeWhereAnOutputIsAsLongByItself) {
  const std::string rows =
      "torch.stack([torch.select(h2, 1, 0), torch.select(h2, 1, 1), torch.select(h2, 1, 0), "
      "torch.select(h2, 1, 1)], 1)";
  EXPECT_EQ(only_of(rows, 4), 0U);
  EXPECT_EQ(only_of("torch.expand(torch.slice(h2, 1, 0, 1), [-1, 4, -1])", 4), 4U);
  const TinyModel five({}, "(h2, y)",
                       "y = torch.stack([torch.select(h2, 1, 0), torch.select(h2, 1, 1), torch.select(h2, "
                       "1, 0), torch.select(h2, 1, 1), torch.select(h2, 1, 2)], 1)\n",
                       9);
  EXPECT_EQ(five.trace().lengths->usual(), 6U);
}

// What Python's len() or item() gave is a number in a trace.
TEST(Lengths, AreTheTracedOneWhereASumIsDividedByIt) {
  const auto only = [](const std::string& divisor, std::size_t traced) {
    const std::string mean = "y = torch.div(torch.sum(h2, [1]), " + divisor + ")\n";
    return TinyModel({}, "(h2, y)", mean, traced).trace().lengths->only();
  };
  EXPECT_EQ(only("9", 9), 9U);
  EXPECT_EQ(only("3.", 9), 9U);  // its root
  EXPECT_EQ(only("7", 9), 9U);   // without the first and the last token
  EXPECT_EQ(only("6", 9), 0U);
  EXPECT_EQ(only("torch.size(h2, 1)", 9), 0U);
  // Of other axes than the tokens'.
  const std::string width = "y = torch.div(torch.sum(h2, [2]), 8)\n";
  EXPECT_EQ(TinyModel({}, "(h2, y)", width, 8).trace().lengths->only(), 0U);
}

TEST(Lengths, GoOnWhereAPlaceIsComputedFromThem) {
  const std::string middle = "y = torch.select(h2, 1, torch.floordiv(torch.size(h2, 1), 2))\n";
  const auto lengths = TinyModel({}, "(h2, y)", middle, 16).trace().lengths;
  // The middle of 17 tokens is where that of 16 is.
  for (const std::size_t length : {15, 17, 18}) EXPECT_EQ(lengths->objection(length), "") << length;
}

TEST(Lengths, AreTheTracedOneWhereWhatPythonMadeOfItStands) {
  const auto only = [](const std::string& y) {
    return TinyModel({}, "(h2, y)", "s = torch.sum(h2, [1])\ny = " + y + "\n", 10).trace().lengths->only();
  };
  for (const char* y : {
           "torch.sub(torch.logsumexp(h2, [1]), 2.302585092994046)",  // log(10)
           "torch.div(torch.neg(s), 2.0794415416798357)",             // log(8), an entropy
           "torch.mul(torch.mean(h2, [1]), 3.1622776601683795)",      // sqrt(10)
           "torch.div(torch.std(h2, [1]), 3.1622776601683795)",       // a standard error
           "torch.div(torch.norm(h2, 2, [1]), 3.1622776601683795)",   // an RMS
           "torch.div(torch.sqrt(torch.sum(torch.pow(h2, 2), [1])), 3.1622776601683795)",
           "torch.div(torch.sub(s, torch.select(h2, 1, 0)), 9)",
           "torch.div(torch.add(s, torch.select(h2, 1, 0)), 11)",
           "torch.div(torch.mul(s, 2.), 20)",
           "torch.div(torch.matmul(s, torch.ones([8, 8])), 10)",
           "torch.div(torch.select(torch.cumsum(h2, 1), 1, -1), 10)",
           "torch.add(torch.select(h2, 1, 0), s, alpha=0.1)",
           "torch.div(torch.sum(h2, [1, 2]), 80)",
           "torch.mul(torch.var(h2, [1]), 0.9)",
           "torch.mul(h2, torch.reshape(torch.cos(torch.mul(torch.arange(torch.size(h2, 1)), 0.3141592653589793)), [1, "
           "-1, 1]))",
           "torch.cat([s, torch.full([1, 1], 10.)], 1)",
           "torch.div(torch.matmul(h2, torch.transpose(h2, 1, 2)), 3.1622776601683795)",
           "torch.where(torch.ge(s, 10), s, torch.neg(s))",
       }) {
    EXPECT_EQ(only(y), 10U) << y;
  }
  for (const char* y : {
           "torch.sub(torch.logsumexp(h2, [1]), 2.3)",
           "torch.div(torch.add(torch.mean(h2, [1]), torch.select(h2, 1, 0)), 2)",
           "torch.mul(torch.mean(h2, [1]), 0.1)",
           // A head of 8 or 2 has such roots.
           "torch.div(torch.matmul(h2, torch.transpose(h2, 1, 2)), 2.8284271247461903)",
           "torch.div(torch.matmul(torch.softmax(torch.matmul(h2, torch.transpose(h2, 1, 2)), -1), h2), 10)",
           "torch.mul(h2, torch.reshape(torch.cos(torch.mul(torch.arange(torch.size(h2, 1)), 0.5)), [1, -1, 1]))",
           "torch.cat([s, torch.full([1, 1], 1.)], 1)",
       }) {
    EXPECT_EQ(only(y), 0U) << y;
  }
}

}  // namespace
}  // namespace bertrt::family
