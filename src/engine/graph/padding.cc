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

}  // namespace

std::vector<PaddedOutput> read_padding(const family::Trace& trace, const std::vector<Offer>& offers,
                                       const OperatorsRun& operators, kernels::ThreadPool& pool) {
  const std::size_t length = trace.lengths->only();
  if (length < 2 || !trace.takes_mask()) return {};
  family::ProbeLimits limits;
  limits.ids = static_cast<std::int64_t>(trace.vocab_size);
  family::Probe probe = family::make_probe(1, length, family::MaskShape::full, limits, 1);
  const std::size_t own = (length + 1) / 2;
  const auto run = [&](std::int64_t shift) {
    for (std::size_t i = own; i < length; ++i) {
      probe.mask[i] = 0;
      probe.ids[i] = (trace.padding_id + shift) % std::max<std::int64_t>(limits.ids, 1);
    }
    // Positions as they are counted, not random ones.
    const std::int64_t first = trace.position_padding < 0 ? 0 : trace.position_padding + 1;
    for (std::size_t i = 0; i < length; ++i) probe.positions[i] = first + static_cast<std::int64_t>(i);
    std::vector<bertrt::graph::Slot> slots;
    for (const Offer& offer : offers) slots.push_back(offer.slot);
    const auto plan = operators.plan(std::move(slots));
    return operators.run(*plan, family::arguments_of(*trace.program, probe), {}, pool);
  };
  const std::vector<Tensor> once = run(0);
  const std::vector<Tensor> again = run(1);
  std::vector<PaddedOutput> outputs(offers.size());
  for (std::size_t i = 0; i < offers.size(); ++i) {
    const Tensor whole = of_text(once[i], {});
    read_axis(offers[i].info, whole.sizes(), static_cast<std::int64_t>(length), outputs[i]);
    if (!outputs[i].objection.empty()) continue;
    const std::optional<std::size_t> tokens = outputs[i].tokens ? std::optional(own) : std::nullopt;
    if (same(of_text(once[i], tokens), of_text(again[i], tokens))) continue;
    outputs[i].objection = "what stands in the padding, behind the mask, changes it";
  }
  return outputs;
}

}  // namespace bertrt::engine::graph
