#include "engine/graph/offers.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>

#include "bertrt/error.h"
#include "graph/slices.h"

namespace bertrt::engine::graph {
namespace {

using Source = family::OutputPlan::Source;

Offer offer_of(const family::Trace& trace, std::size_t output, bertrt::graph::Slot slot) {
  const family::OutputPlan& plan = trace.reading.outputs[output];
  Offer offer{trace.outputs[output], plan.source, plan.index, std::nullopt, slot};
  if (plan.pair != family::kNoNode && plan.source == Source::head) offer.column = plan.column;
  return offer;
}

void add_inside(const family::Recognition& recognition, std::vector<Offer>& offers) {
  const auto hidden = static_cast<std::int64_t>(recognition.spec.hidden);
  for (std::size_t layer = 1; layer < recognition.states.size(); ++layer) {
    Offer offer;
    offer.info = {
        "layer " + std::to_string(layer), OutputRole::hidden_state, Evidence::recognized, {-1, hidden}, false, true};
    offer.source = Source::state;
    offer.index = layer;
    offer.slot = recognition.states[layer];
    offers.push_back(std::move(offer));
  }
}

// A classifier's own dense layer may be the same operators (RoBERTa's): what the trace does not give is the model's
// pooled output where the file calls it so.
void add_inside_pooled(const family::Recognition& recognition, std::vector<Offer>& offers) {
  if (!recognition.pooled || recognition.spec.pooler->weight.name.find("pooler") == std::string::npos) return;
  Offer offer;
  const auto width = static_cast<std::int64_t>(recognition.spec.pooler->out());
  offer.info = {"pooler", OutputRole::pooled_output, Evidence::recognized, {width}, false, true};
  offer.source = Source::pooled;
  offer.slot = *recognition.pooled;
  offers.push_back(std::move(offer));
}

// Whether the trace gives rows for tokens as wide as its layers, whatever it made of them: then they are its states,
// and nobody is given others in their place.
bool gives_states(const family::Trace& trace) {
  const std::optional<family::Recognition>& recognition = trace.reading.recognition;
  const std::int64_t hidden = recognition ? static_cast<std::int64_t>(recognition->spec.hidden) : 0;
  return std::any_of(trace.outputs.begin(), trace.outputs.end(), [&](const OutputInfo& info) {
    if (info.role == OutputRole::hidden_state) return true;
    const std::size_t rank = info.shape.size();
    return info.role == OutputRole::other && rank >= 2 && info.shape[rank - 2] < 0 && info.shape[rank - 1] == hidden;
  });
}

}  // namespace

std::vector<Offer> make_offers(const family::Trace& trace, bool inside) {
  const std::vector<family::OutputPlan>& plans = trace.reading.outputs;
  const auto slots = bertrt::graph::output_slots(*trace.program);  // as many as plans: read_trace() looked
  std::vector<Offer> offers;
  std::vector<std::size_t> states;
  // What stands before the first layer is no layer's state, but comes before them.
  for (std::size_t i = 0; i < plans.size(); ++i) {
    if (!plans[i].embeddings) continue;
    offers.push_back(offer_of(trace, i, (*slots)[i]));
    offers.back().info.in_more = true;
  }
  for (std::size_t i = 0; i < plans.size(); ++i) {
    if (plans[i].role == OutputRole::hidden_state && !plans[i].embeddings) states.push_back(i);
  }
  // First layer first: in the program's order.
  std::stable_sort(states.begin(), states.end(),
                   [&](std::size_t a, std::size_t b) { return plans[a].order < plans[b].order; });
  states.erase(std::unique(states.begin(), states.end(),
                           [&](std::size_t a, std::size_t b) { return plans[a].order == plans[b].order; }),
               states.end());
  for (const std::size_t i : states) {
    offers.push_back(offer_of(trace, i, (*slots)[i]));
    offers.back().info.in_more = false;
  }
  const bool own_states = gives_states(trace);
  const family::Recognition* recognition = trace.reading.recognition ? &*trace.reading.recognition : nullptr;
  if (inside && !own_states && recognition != nullptr) add_inside(*recognition, offers);

  static constexpr std::array kSingle = {OutputRole::pooled_output, OutputRole::token_logits, OutputRole::text_logits,
                                         OutputRole::start_logits, OutputRole::end_logits};
  std::vector<bool> taken(plans.size());
  for (const std::size_t i : states) taken[i] = true;
  for (std::size_t i = 0; i < plans.size(); ++i) taken[i] = taken[i] || plans[i].embeddings;
  for (const OutputRole role : kSingle) {
    const auto first = std::find_if(plans.begin(), plans.end(), [&](const auto& plan) { return plan.role == role; });
    if (first != plans.end()) {
      const auto i = static_cast<std::size_t>(first - plans.begin());
      taken[i] = true;
      offers.push_back(offer_of(trace, i, (*slots)[i]));
    } else if (role == OutputRole::pooled_output && inside && !own_states && recognition != nullptr) {
      add_inside_pooled(*recognition, offers);
    }
  }
  for (std::size_t i = 0; i < plans.size(); ++i) {
    // A state that is given under two names is given once.
    const bool again = plans[i].role == OutputRole::hidden_state && !plans[i].embeddings;
    if (taken[i] || again) continue;
    Offer offer = offer_of(trace, i, (*slots)[i]);
    offer.info.in_more = true;
    offers.push_back(std::move(offer));
  }
  return offers;
}

}  // namespace bertrt::engine::graph
