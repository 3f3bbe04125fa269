#include "proof/cases.h"

#include <algorithm>
#include <set>
#include <utility>

#include "base/input_names.h"
#include "graph/evaluate.h"

namespace bertrt::proof {
namespace {

constexpr std::size_t kFirstOrdinaryId = 5;
// Nobody waits for the plain evaluation of longer texts, or of more work: some minutes.
constexpr std::size_t kLongest = 512;
constexpr double kThoroughMultiplications = 3e11;

// The longest text of a case that the trace can be run at for the truth.
std::size_t clamp(const family::Lengths& lengths, std::size_t wanted) {
  if (lengths.only() != 0) return std::min(wanted, lengths.only());
  if (lengths.longest() == 0) return std::max(wanted, lengths.shortest());
  return std::clamp(wanted, std::min(lengths.shortest(), lengths.longest()), lengths.longest());
}

}  // namespace

Encoding made_up_text(const family::Trace& trace, std::size_t tokens, std::uint32_t seed) {
  const std::size_t vocab_size = trace.vocab_size;
  const std::size_t first = vocab_size > kFirstOrdinaryId ? kFirstOrdinaryId : 0;
  const std::size_t count = std::max<std::size_t>(vocab_size - std::min(vocab_size, first), 1);
  Encoding encoding;
  std::uint32_t state = seed;
  for (std::size_t i = 0; i < tokens; ++i) {
    state = state * 1664525U + 1013904223U;  // Numerical Recipes' generator
    encoding.input_ids.push_back(static_cast<std::int32_t>(first + (state >> 8U) % count));
    encoding.token_type_ids.push_back(std::max(trace.type_vocab_size, trace.types_tried) > 1 && i * 2 >= tokens ? 1
                                                                                                                : 0);
  }
  for (const graph::ProgramInput& input : trace.program->inputs) {
    if (base::is_text_input(input.name)) continue;
    NamedInput extra;
    extra.name = input.name;
    extra.width = input.traced_shape.size() > 2 ? static_cast<std::size_t>(input.traced_shape[2]) : 1;
    if (graph::is_floating(input.type)) {
      extra.real_values.assign(tokens * extra.width, 0.0F);
    } else {
      extra.values.assign(tokens * extra.width, 0);
    }
    encoding.extra_inputs.push_back(std::move(extra));
  }
  return encoding;
}

namespace {

// Lengths that a short proof runs at, and those of a long one: each up to 8, where most of what differs by length
// shows, then apart up to the longest that the model takes and somebody waits for.
std::vector<std::size_t> wanted_lengths(const family::Trace& trace, bool thorough) {
  if (!thorough) return {3, 11};
  std::vector<std::size_t> lengths = {1, 2, 3, 4, 5, 6, 7, 8, 13, 24, 40, 127};
  if (const std::size_t traced = trace.traced_length; traced > 1) {
    lengths.insert(lengths.end(), {traced - 1, traced, traced + 1, 2 * traced + 1});
  }
  if (trace.reading.recognition) {
    for (const family::LayerSpec& layer : trace.reading.recognition->spec.layers) {
      if (layer.window != 0) lengths.push_back(2 * layer.window + 3);  // keys out of sight on both sides
    }
  }
  const std::size_t longest = trace.lengths->longest() == 0 ? kLongest : trace.lengths->longest();
  lengths.insert(lengths.end(), {longest - 1, longest});
  for (std::size_t& length : lengths) length = std::min(length, kLongest);
  std::sort(lengths.begin(), lengths.end());
  lengths.erase(std::unique(lengths.begin(), lengths.end()), lengths.end());
  return lengths;
}

// Multiplications of one token's way through the trace.
double cost_of_token(const family::Trace& trace) {
  graph::EvaluateOptions options;
  options.shapes_only = true;
  const auto arguments = trace.example_arguments();
  const auto done = graph::evaluate(*trace.program, arguments, options);
  return done.multiplications / static_cast<double>(trace.lengths->usual());
}

// Which tokens are hidden: one in the middle in a short proof; in a long one none, some, or all behind a place, by
// turns.
void hide(Encoding& text, std::size_t turn, bool thorough, std::uint32_t seed) {
  const std::size_t length = text.input_ids.size();
  if (!thorough) {
    if (length <= 6) return;
    text.attention_mask.assign(length, 1);
    text.attention_mask[4] = 0;
    return;
  }
  if (length < 2 || turn % 3 == 0) return;
  text.attention_mask.assign(length, 1);
  for (std::size_t i = 1; i < length; ++i) {
    seed = seed * 1664525U + 1013904223U;
    const bool hidden = turn % 3 == 1 ? (seed >> 8U) % 3 == 0 || i == length / 2 : 3 * i >= 2 * length;
    if (hidden) text.attention_mask[i] = 0;
  }
}

// What the trace itself asks for (ids == 102), some of it by turns, in a few places between those of special tokens.
void ask_for(std::span<const std::int64_t> ids, std::size_t turn, std::size_t vocab_size, Encoding& text) {
  constexpr std::size_t kPlaces = 3;
  for (std::size_t i = 0; i < std::min(kPlaces, ids.size()); ++i) {
    const std::int64_t id = ids[(turn * kPlaces + i) % ids.size()];
    if (static_cast<std::size_t>(id) < vocab_size) text.input_ids[2 * i + 1] = static_cast<std::int32_t>(id);
  }
}

}  // namespace

std::vector<Encoding> make_cases(const family::Trace& trace, std::span<const std::int32_t> special_ids, bool thorough) {
  std::vector<Encoding> cases;
  std::set<std::size_t> done;
  double budget = thorough ? kThoroughMultiplications : 0;
  const double cost = thorough ? cost_of_token(trace) : 0;
  std::uint32_t seed = 1;
  for (const std::size_t tokens : wanted_lengths(trace, thorough)) {
    const std::size_t length = clamp(*trace.lengths, tokens);
    if (length == 0 || (thorough && !done.insert(length).second)) continue;
    budget -= cost * static_cast<double>(length);
    if (thorough && budget < 0 && length > 8) continue;
    Encoding text = made_up_text(trace, length, seed++);
    // Special tokens where templates put them, the rest and padding among the words.
    std::size_t at = 0;
    for (const std::int32_t id : special_ids) {
      if (id < 0 || static_cast<std::size_t>(id) >= trace.vocab_size || length < 3) continue;
      text.input_ids[at] = id;
      at = (at + 2) % length;
    }
    if (length > 8) ask_for(trace.compared_ids, cases.size(), trace.vocab_size, text);
    if (length > 8 && static_cast<std::size_t>(trace.padding_id) < trace.vocab_size) {
      text.input_ids[length - 3] = static_cast<std::int32_t>(trace.padding_id);
    }
    if (trace.takes_mask()) hide(text, cases.size(), thorough, seed);
    cases.push_back(std::move(text));
  }
  return cases;
}

}  // namespace bertrt::proof
