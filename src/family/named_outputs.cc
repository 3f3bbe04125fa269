#include "family/named_outputs.h"

#include <algorithm>
#include <charconv>
#include <optional>
#include <string_view>

namespace bertrt::family {
namespace {

// The first number of "0.11".
std::optional<std::size_t> place_of(std::string_view name) {
  std::size_t place = 0;
  const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), place);
  if (error != std::errc() || (end != name.data() + name.size() && *end != '.')) return std::nullopt;
  return place;
}

// Of a text by itself, so without the batch's axis.
bool agrees(OutputRole role, const graph::Sizes& shape, std::size_t length) {
  const bool tokens = !shape.empty() && shape[0] == static_cast<std::int64_t>(length);
  switch (role) {
    case OutputRole::hidden_state:
    case OutputRole::token_logits: return tokens && shape.size() == 2;
    case OutputRole::start_logits:
    case OutputRole::end_logits: return tokens && shape.size() == 1;
    case OutputRole::pooled_output:
    case OutputRole::text_logits: return shape.size() == 1;
    case OutputRole::other: break;
  }
  return false;
}

}  // namespace

void name_outputs(std::span<const OutputRole> roles, const Lengths& lengths, std::size_t length,
                  std::vector<OutputPlan>& plans) {
  if (roles.empty()) return;
  const bool read = std::any_of(plans.begin(), plans.end(), [](const OutputPlan& plan) {
    return plan.evidence == Evidence::recognized && plan.role == OutputRole::hidden_state;
  });
  const std::vector<graph::Sizes> shapes = lengths.output_shapes(length);
  for (std::size_t i = 0; i < plans.size() && i < shapes.size(); ++i) {
    OutputPlan& plan = plans[i];
    const auto place = place_of(plan.name);
    if (plan.evidence == Evidence::recognized || !place || *place >= roles.size()) continue;
    if (!agrees(roles[*place], shapes[i], length)) continue;
    plan.role = roles[*place];
    plan.evidence = Evidence::by_name;
    plan.embeddings = false;
    if (!read) plan.order = i;
  }
}

}  // namespace bertrt::family
