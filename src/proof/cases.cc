#include "proof/cases.h"

#include <algorithm>
#include <utility>

namespace bertrt::proof {
namespace {

constexpr std::size_t kFirstOrdinaryId = 5;

// The longest text of a case that the trace can be run at for the truth.
std::size_t clamp(const family::Lengths& lengths, std::size_t wanted) {
  if (lengths.only() != 0) return std::min(wanted, lengths.only());
  const std::size_t most = lengths.longest() == 0 ? wanted : lengths.longest();
  return std::clamp(wanted, std::min(lengths.shortest(), most), most);
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
    encoding.token_type_ids.push_back(trace.type_vocab_size > 1 && i * 2 >= tokens ? 1 : 0);
  }
  for (const graph::ProgramInput& input : trace.program->inputs) {
    if (family::is_text_input(input.name)) continue;
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

std::vector<Encoding> make_cases(const family::Trace& trace, std::span<const std::int32_t> special_ids,
                                 bool thorough) {
  std::vector<std::size_t> wanted = {3, 11};
  if (thorough) {
    wanted = {1, 2, 3, 5, 8, 13, 24, 40, trace.traced_length, trace.traced_length + 1, 2 * trace.traced_length};
    if (trace.lengths->longest() != 0) wanted.push_back(std::min<std::size_t>(trace.lengths->longest(), 128));
  }
  std::vector<Encoding> cases;
  std::uint32_t seed = 1;
  for (const std::size_t tokens : wanted) {
    const std::size_t length = clamp(*trace.lengths, tokens);
    if (length == 0) continue;
    Encoding text = made_up_text(trace, length, seed++);
    // Special tokens where templates put them, the rest and padding among the words.
    std::size_t at = 0;
    for (const std::int32_t id : special_ids) {
      if (id < 0 || static_cast<std::size_t>(id) >= trace.vocab_size || length < 3) continue;
      text.input_ids[at] = id;
      at = (at + 2) % length;
    }
    if (length > 8 && static_cast<std::size_t>(trace.padding_id) < trace.vocab_size) {
      text.input_ids[length - 3] = static_cast<std::int32_t>(trace.padding_id);
    }
    if (length > 6 && trace.takes_mask()) {
      text.attention_mask.assign(length, 1);
      text.attention_mask[4] = 0;
    }
    cases.push_back(std::move(text));
  }
  return cases;
}

}  // namespace bertrt::proof
