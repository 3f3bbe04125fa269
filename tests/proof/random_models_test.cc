#include <gtest/gtest.h>

#include <cstdlib>
#include <map>
#include <random>
#include <string>
#include <vector>

#include "bertrt/error.h"
#include "engine/graph/graph_engine.h"
#include "engine/graph/recognized_engine.h"
#include "family/tiny_blocks.h"
#include "proof/trace_proof.h"

// The tiny model with operators put in at random places. Whatever it has become: reading it ends in an answer or in an
// error, and where its encoder is still recognized, the packed engine gives what the plain evaluation does.
namespace bertrt::proof {
namespace {

using namespace family::test;

// Lines "name = …" of the model and what may be done to the value.
const std::vector<std::string> kFloats = {"x0",  "x1", "x2",  "x3", "h0",    "q1",     "k1",   "v1",  "q1h", "k1h",
                                          "v1h", "s1", "s1m", "p1", "c1",    "c1t",    "c1m",  "o1",  "a1",  "f1",
                                          "g1",  "h1", "q2",  "k2", "v2",    "q2h",    "k2h",  "v2h", "c2",  "o2",
                                          "a2",  "f2", "g2",  "h2", "first", "pooled", "mask", "seen"};
const std::vector<std::string> kWhole = {"ids", "input_ids", "attention_mask", "token_type_ids"};
const std::vector<std::string> kOnFloats = {"torch.mul(V, 1.5)",
                                            "torch.mul(V, 1.)",
                                            "torch.add(V, 0.1)",
                                            "torch.add(V, 0.)",
                                            "torch.div(V, 2.)",
                                            "torch.neg(V)",
                                            "torch.flip(V, [0])",
                                            "torch.flip(V, [1])",
                                            "torch.flip(V, [-1])",
                                            "torch.roll(V, [1], [1])",
                                            "torch.relu(V)",
                                            "torch.tanh(V)",
                                            "torch.gelu(V)",
                                            "torch.clamp(V, -0.5, 0.5)",
                                            "torch.clamp(V, -1.0e6, 1.0e6)",
                                            "torch.softmax(V, -1)",
                                            "torch.softmax(V, 1)",
                                            "torch.cumsum(V, 1)",
                                            "torch.sub(V, torch.mean(V, [0], True))",
                                            "torch.contiguous(V)",
                                            "torch.clone(V)",
                                            "torch.dropout(V, 0.1, False)",
                                            "torch.mul_(V, 0.5)",
                                            "torch.add_(V, V)",
                                            "torch.add(V, V)",
                                            "torch.sub(V, V, alpha=0)",
                                            "torch.contiguous(torch.transpose(torch.transpose(V, 0, 1), 0, 1))",
                                            "torch.to(V, 6)",
                                            "torch.expand_as(V, V)",
                                            "torch.where(torch.gt(V, 0.3), V, torch.mul(V, 0.9))",
                                            "torch.pow(V, 2)",
                                            "torch.abs(V)",
                                            "torch.masked_fill(V, torch.gt(V, 1.0e5), 0.)",
                                            "torch.cat([torch.slice(V, 1, 1), torch.slice(V, 1, 0, 1)], 1)",
                                            "torch.view_as(torch.contiguous(V), V)",
                                            "torch.slice(V, 1, 0, 9223372036854775807)",
                                            "torch.round(V)"};
const std::vector<std::string> kOnWhole = {"torch.add(V, 0)",
                                           "torch.mul(V, 1)",
                                           "torch.rsub(V, 1)",
                                           "torch.add(V, 1)",
                                           "torch.flip(V, [1])",
                                           "torch.zeros_like(V)",
                                           "torch.ones_like(V)",
                                           "torch.cumsum(V, 1)",
                                           "torch.remainder(V, 2)",
                                           "torch.floor_divide(V, 2)",
                                           "torch.clamp(V, None, 9)",
                                           "torch.roll(V, [1], [1])",
                                           "torch.to(torch.gt(V, 0), 4)",
                                           "torch.to(torch.ne(V, 3), 4)",
                                           "torch.where(torch.gt(V, 7), V, V)",
                                           "torch.maximum(V, attention_mask)",
                                           "torch.mul(V, attention_mask)",
                                           "torch.expand_as(torch.select(V, 1, 0), V)",
                                           "torch.clone(V)",
                                           "torch.add_(torch.clone(V), 0)",
                                           "torch.min(V, torch.full_like(V, 11))"};

// What the model is before anything is put in, and the lines that it has then.
struct Base {
  std::string name;
  Changes changes;
  std::vector<std::string> floats;
};
const std::vector<Base> kBases = {
    {"bert", {}, {}},
    {"turned", kTurned, {"q1r", "k1r", "q2r", "k2r", "cs", "sn", "fr", "em", "where"}},
    {"beside", kBeside + kValues, {"q1r", "k1r", "v1r", "q2r", "k2r", "rows", "cs", "sn"}},
    {"normed", Changes{kQuery, kKey}, {"q1v", "k1v"}},
    {"causal", hidden(kLater), {"tri"}},
    {"joined", kJoined, {"all", "q1h", "v1h"}},
    {"dropped", kDropped, {"kept", "count", "others"}},
    {"zeroed", zeroed("torch.unsqueeze(attention_mask, -1)"), {}},
    {"rows", kByKey, {"e", "sq", "sk", "s0"}},
    {"slopes", kSlopes, {"sl", "lost"}},
    {"convolved", kConvolved, {"cv", "co", "ce", "cn", "l1", "s2"}},
    {"twice", Changes{kTwice}, {"a0"}},
};

// What is given, in forms that heads have.
const std::vector<std::string> kGiven = {"(h2, pooled)",
                                         "h2",
                                         "pooled",
                                         "(h0, h1, h2)",
                                         "torch.linear(h2, wc, bc)",
                                         "torch.linear(pooled, wc, bc)",
                                         "(torch.linear(first, wc, bc), h1)",
                                         "torch.add(h1, h2)",
                                         "torch.mean(h2, [1])",
                                         "torch.slice(h2, 1, 1, -1)",
                                         "torch.linear(a2, wc, bc)",
                                         "torch.select(h2, 1, -1)",
                                         "torch.relu(torch.linear(h2, wc, bc))"};

std::size_t count_of_rounds() {
  const char* asked = std::getenv("BERTRT_RANDOM_MODELS");
  return asked == nullptr ? 150 : static_cast<std::size_t>(std::atol(asked));
}

class RandomModel {
 public:
  RandomModel(const Base& base, std::uint32_t seed)
      : changes(base.changes), text(base.name + ": "), lines_(tiny_lines()), floats_(kFloats), random_(seed) {
    for (const Change& change : base.changes) lines_.replace(lines_.find(change.from), change.from.size(), change.to);
    floats_.insert(floats_.end(), base.floats.begin(), base.floats.end());
    const std::size_t edits = 1 + below(2);
    for (std::size_t i = 0; i < edits; ++i) edit();
    give = pick(kGiven);
  }

  std::vector<Change> changes;
  std::string give;
  std::string text;  // for messages

 private:
  std::size_t below(std::size_t limit) { return random_() % limit; }
  const std::string& pick(const std::vector<std::string>& from) { return from[below(from.size())]; }

  void edit() {
    const bool floats = below(4) != 0;
    // Half of the time a line that BERT has not.
    const bool own = floats_.size() > kFloats.size() && below(2) == 0;
    const std::string name = !floats ? pick(kWhole)
                             : own   ? floats_[kFloats.size() + below(floats_.size() - kFloats.size())]
                                     : pick(floats_);
    std::string operation = pick(floats ? kOnFloats : kOnWhole);
    for (std::size_t at = 0; (at = operation.find('V', at)) != std::string::npos; at += name.size()) {
      operation.replace(at, 1, name);
    }
    text += name + " = " + operation + "; ";
    // Behind the line that makes it; an input's before all.
    const std::size_t from = lines_.find("\n" + name + " = ");
    if (from == std::string::npos) {
      changes.push_back({"b = int(ops", name + " = " + operation + "\nb = int(ops"});
      return;
    }
    const std::size_t end = lines_.find('\n', from + 1);
    const std::string line = lines_.substr(from + 1, end - from);
    if (made_.contains(line)) return;
    made_[line] = true;
    changes.push_back({line, line + name + " = " + operation + "\n"});
  }

  std::string lines_;
  std::vector<std::string> floats_;
  std::mt19937 random_;
  std::map<std::string, bool> made_;
};

class RandomModels : public ::testing::TestWithParam<Base> {};

TEST_P(RandomModels, AreOnThePackedEngineWhatTheirOperatorsGive) {
  std::size_t recognized = 0;
  const std::size_t rounds = GetParam().changes.empty() ? count_of_rounds() : count_of_rounds() / 6;
  for (std::uint32_t seed = 0; seed < rounds; ++seed) {
    const RandomModel random(GetParam(), seed);
    const std::string told = "seed " + std::to_string(seed) + ": " + random.text + random.give;
    const TinyModel model(random.changes, random.give);
    if (model.trace().program == nullptr) continue;
    try {
      const TraceProof proof(model.shared(), std::vector<std::int32_t>{3, 4, 5}, model.recognized(), true);
      const auto graph = proof.judge(*engine::graph::make_graph_engine(model.shared(), {}), DType::fp32);
      // Scores that a broken mask has moved by 10,000 are rounded to thousandths: the order of sums shows then.
      const bool masks = random.text.find("mask") != std::string::npos || random.text.find("seen") != std::string::npos;
      if (!masks) {
        EXPECT_EQ(graph.objection.value_or("").find("difference"), std::string::npos) << told << *graph.objection;
      }
      if (!model.recognized()) continue;
      ++recognized;
      const auto objection =
          proof.judge(*engine::graph::make_recognized_engine(model.shared(), {}), DType::fp32).objection;
      EXPECT_EQ(objection, std::nullopt) << told;
    } catch (const Error& error) {
      // A text that the changed model cannot run is an error at its place.
      EXPECT_NE(error.where(), "") << told;
    }
  }
  EXPECT_GT(recognized, rounds / 20);
}

INSTANTIATE_TEST_SUITE_P(Of, RandomModels, ::testing::ValuesIn(kBases),
                         [](const auto& test) { return test.param.name; });

}  // namespace
}  // namespace bertrt::proof
