#include "engine/graph/padding.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "bertrt/error.h"
#include "family/other_length.h"
#include "graph/evaluate.h"

namespace bertrt::engine::graph {
namespace {

using bertrt::graph::Tensor;

bool near(float a, float b, float tolerance = 1e-5F) {
  return std::abs(a - b) <= tolerance * std::max(1.0F, std::abs(a));
}

bool same(const Tensor& a, const Tensor& b, float tolerance = 1e-5F) {
  if (a.sizes() != b.sizes() || a.type() != b.type()) return false;
  if (!bertrt::graph::is_floating(a.type())) return bertrt::graph::to_integers(a) == bertrt::graph::to_integers(b);
  const std::vector<float> x = bertrt::graph::to_floats(a);
  const std::vector<float> y = bertrt::graph::to_floats(b);
  for (std::size_t i = 0; i < x.size(); ++i) {
    if (x[i] == y[i] || (std::isnan(x[i]) && std::isnan(y[i]))) continue;
    if (!near(x[i], y[i], tolerance)) return false;
  }
  return true;
}

// Whether the rows behind the text's own are its padding's: other words there show in them, or all of them are alike,
// as a mask makes them. Else they may be something that is as many as tokens by chance: labels, layers, learned
// queries.
bool ends_in_padding(const Tensor& once, const Tensor& again, std::size_t own) {
  const std::vector<float> x = bertrt::graph::to_floats(once);
  const std::vector<float> y = bertrt::graph::to_floats(again);
  const std::size_t width = x.size() / static_cast<std::size_t>(once.size(0));
  bool alike = true;
  for (std::size_t i = own * width; i < x.size(); ++i) {
    if (!near(x[i], y[i])) return true;
    alike = alike && (i < (own + 1) * width || x[i] == x[i - width]);
  }
  return alike;
}

void read_axis(const OutputInfo& info, const Tensor& once, const Tensor& again, std::size_t own, std::size_t length,
               PaddedOutput& output) {
  const bertrt::graph::Sizes& sizes = once.sizes();
  switch (info.role) {
    case OutputRole::hidden_state:
    case OutputRole::token_logits:
    case OutputRole::start_logits:
    case OutputRole::end_logits: output.tokens = true; break;
    case OutputRole::pooled_output:
    case OutputRole::text_logits: return;
    case OutputRole::other: break;
  }
  if (output.tokens && info.evidence != Evidence::by_shape) return;
  const auto count = std::count(sizes.begin(), sizes.end(), static_cast<std::int64_t>(length));
  if (count == 0) return;
  const bool can_be = output.tokens || (count == 1 && sizes.size() >= 2);
  output.tokens = can_be && sizes[0] == static_cast<std::int64_t>(length) && ends_in_padding(once, again, own);
  if (!output.tokens) output.objection = "which of its axes is the tokens' cannot be told at one length";
}

bool whole_numbers(const Tensor& tensor) {
  if (!bertrt::graph::is_floating(tensor.type())) return true;
  const std::vector<float> values = bertrt::graph::to_floats(tensor);
  return std::all_of(values.begin(), values.end(), [](float value) { return value == std::trunc(value); });
}

// Made-up texts that are shorter than the trace's one length, with words of any kind behind the mask.
class Texts {
 public:
  Texts(const family::Trace& trace, std::size_t length) : trace_(trace), length_(length) {
    limits_.ids = static_cast<std::int64_t>(trace.vocab_size);
  }

  std::vector<bertrt::graph::Value> arguments(std::size_t own, std::uint32_t text, std::int64_t padding) const {
    family::Probe probe = probe_of(text);
    const std::int64_t ids = std::max<std::int64_t>(limits_.ids, 1);
    for (std::size_t i = own; i < length_; ++i) {
      probe.mask[i] = 0;
      // One word, and then others of the text's vocabulary.
      probe.ids[i] = padding < 2 ? (trace_.padding_id + padding) % ids : (probe.ids[i] + padding) % ids;
    }
    return family::arguments_of(*trace_.program, probe);
  }

  /// The text's own tokens by themselves, for a program that was made for so many.
  std::vector<bertrt::graph::Value> alone(const bertrt::graph::Program& program, std::size_t own,
                                          std::uint32_t text) const {
    family::Probe probe = probe_of(text);
    probe.length = own;
    for (std::vector<std::int64_t>* values : {&probe.ids, &probe.mask, &probe.types, &probe.positions}) {
      values->resize(own);
    }
    return family::arguments_of(program, probe);
  }

 private:
  family::Probe probe_of(std::uint32_t text) const {
    family::Probe probe = family::make_probe(1, length_, family::MaskShape::full, limits_, 1 + text);
    // Positions as they are counted, not random ones.
    const std::int64_t first = trace_.position_padding < 0 ? 0 : trace_.position_padding + 1;
    for (std::size_t i = 0; i < length_; ++i) probe.positions[i] = first + static_cast<std::int64_t>(i);
    return probe;
  }

  const family::Trace& trace_;
  std::size_t length_;
  family::ProbeLimits limits_;
};

constexpr std::uint32_t kTexts = 3;
constexpr std::uint32_t kMostTexts = 24;
constexpr std::size_t kAlone = 8;  // tokens of the text that is run by itself

// The outputs of a text alone, by a guess of the trace's code as it would have been traced at its length; empty where
// that does not run.
std::vector<Tensor> outputs_alone(const bertrt::graph::Program& guess, const std::vector<bertrt::graph::Slot>& slots,
                                  const Texts& texts, std::size_t own) {
  try {
    const std::vector<bertrt::graph::Value> arguments = texts.alone(guess, own, 0);
    bertrt::graph::EvaluateOptions options;
    options.keep = slots;
    const bertrt::graph::Evaluation done = bertrt::graph::evaluate(guess, arguments, options);
    std::vector<Tensor> outputs;
    for (const bertrt::graph::Value& value : done.kept) {
      if (value.tensor() == nullptr) return {};
      outputs.push_back(*value.tensor());
    }
    return outputs;
  } catch (const Error& error) {
    if (error.code() == ErrorCode::out_of_resources) throw;
    return {};
  }
}

}  // namespace

std::vector<PaddedOutput> read_padding(const family::Trace& trace, const std::vector<Offer>& offers,
                                       const OperatorsRun& operators, kernels::ThreadPool& pool) {
  const std::size_t length = trace.lengths->only();
  if (length < 2 || !trace.takes_mask()) return {};
  std::vector<bertrt::graph::Slot> slots;
  for (const Offer& offer : offers) slots.push_back(offer.slot);
  const auto plan = operators.plan(slots);
  const Texts texts(trace, length);
  const auto run = [&](std::size_t own, std::uint32_t text, std::int64_t padding) {
    const OperatorsRun::Arguments arguments = texts.arguments(own, text, padding);
    return operators.run(*plan, {&arguments, 1}, {}, pool).front();
  };
  std::vector<PaddedOutput> outputs(offers.size());
  bool steps = false;
  // What is no number of its own on a line of them, but one of a few (a place, a threshold's side), often stays what it
  // is by luck: such outputs are tried with more texts.
  for (std::uint32_t text = 0; text < (steps ? kMostTexts : kTexts); ++text) {
    const std::size_t own = text % kTexts == 0 ? (length + 1) / 2 : text % kTexts == 1 ? 1 : length - 1;
    const std::vector<Tensor> once = run(own, text, 0);
    const std::vector<Tensor> again = run(own, text, 1 + text);
    for (std::size_t i = 0; i < offers.size(); ++i) {
      if (text == 0) {
        read_axis(offers[i].info, of_text(once[i], {}), of_text(again[i], {}), own, length, outputs[i]);
      }
      if (!outputs[i].objection.empty()) continue;
      const std::optional<std::size_t> tokens = outputs[i].tokens ? std::optional(own) : std::nullopt;
      const Tensor kept = of_text(once[i], tokens);
      steps = steps || whole_numbers(kept);
      if (same(kept, of_text(again[i], tokens))) continue;
      outputs[i].objection = "what stands in the padding, behind the mask, changes it";
    }
  }
  // And where it can be told, a padded text has to give what it gives alone: how much padding there is must not show.
  const std::size_t longest = std::min<std::size_t>((length + 1) / 2, kAlone);
  for (const std::size_t own : {longest, longest - 1}) {  // what goes by pairs shows at one of them
    if (own == 0) continue;
    std::vector<Tensor> padded;
    std::vector<bool> agrees(offers.size());
    const auto is_open = [&](std::size_t i) { return outputs[i].objection.empty() && !agrees[i]; };
    for (const bertrt::graph::Program& guess : family::traced_at(*trace.program, length, own)) {
      const std::vector<Tensor> alone = outputs_alone(guess, slots, texts, own);
      if (alone.empty()) continue;
      if (padded.empty()) padded = run(own, 0, 0);
      bool open = false;
      for (std::size_t i = 0; i < offers.size(); ++i) {
        if (!is_open(i)) continue;
        const std::optional<std::size_t> tokens = outputs[i].tokens ? std::optional(own) : std::nullopt;
        agrees[i] = same(of_text(alone[i], tokens), of_text(padded[i], tokens), 1e-3F);
        open = open || !agrees[i];
      }
      if (!open) break;  // the other guesses need not be run
    }
    if (padded.empty()) continue;
    for (std::size_t i = 0; i < offers.size(); ++i) {
      if (is_open(i)) outputs[i].objection = "how much padding there is changes it";
      outputs[i].compared = agrees[i];
    }
  }
  return outputs;
}

}  // namespace bertrt::engine::graph
