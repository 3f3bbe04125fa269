#include "engine/graph/padding.h"

#include <algorithm>
#include <cmath>
#include <utility>

namespace bertrt::engine::graph {
namespace {

using bertrt::graph::Tensor;

void read_axis(const OutputInfo& info, const bertrt::graph::Sizes& sizes, std::int64_t length, PaddedOutput& output) {
  switch (info.role) {
    case OutputRole::hidden_state:
    case OutputRole::token_logits:
    case OutputRole::start_logits:
    case OutputRole::end_logits: output.tokens = true; return;
    case OutputRole::pooled_output:
    case OutputRole::text_logits: return;
    case OutputRole::other: break;
  }
  const auto count = std::count(sizes.begin(), sizes.end(), length);
  if (count == 0) return;
  if (count == 1 && sizes.size() >= 2 && sizes[0] == length) {
    output.tokens = true;
  } else {
    output.objection = "which of its axes is the tokens' cannot be told at one length";
  }
}

bool same(const Tensor& a, const Tensor& b) {
  if (a.sizes() != b.sizes() || a.type() != b.type()) return false;
  if (!bertrt::graph::is_floating(a.type())) return bertrt::graph::to_integers(a) == bertrt::graph::to_integers(b);
  const std::vector<float> x = bertrt::graph::to_floats(a);
  const std::vector<float> y = bertrt::graph::to_floats(b);
  for (std::size_t i = 0; i < x.size(); ++i) {
    if (x[i] == y[i] || (std::isnan(x[i]) && std::isnan(y[i]))) continue;
    if (!(std::abs(x[i] - y[i]) <= 1e-5F * std::max(1.0F, std::abs(x[i])))) return false;
  }
  return true;
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
    family::Probe probe = family::make_probe(1, length_, family::MaskShape::full, limits_, 1 + text);
    const std::int64_t ids = std::max<std::int64_t>(limits_.ids, 1);
    // Positions as they are counted, not random ones.
    const std::int64_t first = trace_.position_padding < 0 ? 0 : trace_.position_padding + 1;
    for (std::size_t i = 0; i < length_; ++i) probe.positions[i] = first + static_cast<std::int64_t>(i);
    for (std::size_t i = own; i < length_; ++i) {
      probe.mask[i] = 0;
      // One word, and then others of the text's vocabulary.
      probe.ids[i] = padding < 2 ? (trace_.padding_id + padding) % ids : (probe.ids[i] + padding) % ids;
    }
    return family::arguments_of(*trace_.program, probe);
  }

 private:
  const family::Trace& trace_;
  std::size_t length_;
  family::ProbeLimits limits_;
};

constexpr std::uint32_t kTexts = 3;
constexpr std::uint32_t kMostTexts = 24;

}  // namespace

std::vector<PaddedOutput> read_padding(const family::Trace& trace, const std::vector<Offer>& offers,
                                       const OperatorsRun& operators, kernels::ThreadPool& pool) {
  const std::size_t length = trace.lengths->only();
  if (length < 2 || !trace.takes_mask()) return {};
  std::vector<bertrt::graph::Slot> slots;
  for (const Offer& offer : offers) slots.push_back(offer.slot);
  const auto plan = operators.plan(std::move(slots));
  const Texts texts(trace, length);
  const auto run = [&](std::size_t own, std::uint32_t text, std::int64_t padding) {
    return operators.run(*plan, texts.arguments(own, text, padding), {}, pool);
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
      const Tensor whole = of_text(once[i], {});
      if (text == 0) read_axis(offers[i].info, whole.sizes(), static_cast<std::int64_t>(length), outputs[i]);
      if (!outputs[i].objection.empty()) continue;
      const std::optional<std::size_t> tokens = outputs[i].tokens ? std::optional(own) : std::nullopt;
      const Tensor kept = of_text(once[i], tokens);
      steps = steps || whole_numbers(kept);
      if (same(kept, of_text(again[i], tokens))) continue;
      outputs[i].objection = "what stands in the padding, behind the mask, changes it";
    }
  }
  return outputs;
}

}  // namespace bertrt::engine::graph
