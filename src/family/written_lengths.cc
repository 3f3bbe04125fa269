#include "family/written_lengths.h"

#include <algorithm>
#include <cmath>

namespace bertrt::family {
namespace {

using Share = LengthLook::Share;

bool near(double number, double wanted) { return std::abs(number - wanted) <= 1e-6 * wanted; }

bool is_length(const Share& share, double tokens) {
  const auto folded = static_cast<double>(share.folded);
  return near(share.number, tokens) || near(share.number, folded) || near(share.number, folded - 1);
}

const char* share_of_length(const Share& share, std::size_t length) {
  const auto tokens = static_cast<double>(length);
  switch (share.of) {
    case Share::Of::sum:
      if (is_length(share, tokens) || near(share.number, std::sqrt(tokens))) {
        return "a sum over the tokens is divided by the traced length";
      }
      break;
    case Share::Of::mean:
      if (is_length(share, tokens)) return "a mean over the tokens is multiplied by the traced length";
      break;
    case Share::Of::places:
      if (is_length(share, tokens)) return "places are divided by the traced length";
      break;
    case Share::Of::values:
      // No other number is near that of many lengths, so it need not be known what it scales. (Of distances it is: the
      // buckets of T5 and MPNet are divided by a logarithm of their own.)
      if (length > 2 && (near(share.number, std::log(tokens)) || near(1 / share.number, std::log(tokens)))) {
        return "values are scaled by the logarithm of the traced length";
      }
      break;
    case Share::Of::other: break;
  }
  return nullptr;
}

// Whether an axis is as long as the text, but for a few tokens.
bool follows(std::int64_t then, std::int64_t now, const LengthLook& traced, const LengthLook& other) {
  const auto less = static_cast<std::int64_t>(traced.length) - then;
  return less == static_cast<std::int64_t>(other.length) - now && less >= 0 && less <= 2;
}

// A place of the traced text's second half: of a text of any length, or of that one alone? A few first tokens are those
// of every text.
bool is_far(std::int64_t place, const LengthLook& traced) {
  place = std::abs(place);
  return place >= 4 && 2 * place >= static_cast<std::int64_t>(traced.length) &&
         place <= static_cast<std::int64_t>(traced.length);
}

// Where a slice of numbers that stand in the code begins or ends inside the text, counted from its end if negative.
std::int64_t inner_place(const LengthLook::Slice& slice) {
  const std::int64_t end = slice.end < slice.size() ? slice.end : 0;
  return std::abs(end) > std::abs(slice.first) ? end : slice.first;
}

// One of several as wide that go to the end, as a loop writes them: these have a rule of their own.
bool is_window(const LengthLook& look, const LengthLook::Slice& slice) {
  return std::any_of(look.slices.begin(), look.slices.end(), [&](const auto& entry) {
    const LengthLook::Slice& other = entry.second;
    return other.from == slice.from && other.axis == slice.axis && other.first > slice.first &&
           other.end - other.first == slice.end - slice.first && other.reaches_the_end();
  });
}

}  // namespace

std::string written_length(const graph::Program& program, const LengthLook& traced, const LengthLook& other) {
  const auto at = [&](std::size_t instruction) {
    return " at " + program.where(program.instructions[instruction].place);
  };
  const auto unclear = [&](std::int64_t place, std::size_t instruction) {
    return "place " + std::to_string(place) + " of the traced text's " + std::to_string(traced.length) +
           " is written into it, and nothing says whether it moves with the length," + at(instruction);
  };
  for (const auto& [instruction, now] : other.shares) {
    const auto then = traced.shares.find(instruction);
    if (then == traced.shares.end() || then->second.of != now.of || then->second.number != now.number) continue;
    if (now.folded != 0 && !follows(then->second.folded, now.folded, traced, other)) continue;
    if (const char* what = share_of_length(then->second, traced.length)) return what + at(instruction);
  }
  for (const auto& [instruction, now] : other.slices) {
    const auto found = traced.slices.find(instruction);
    if (found == traced.slices.end()) continue;
    const LengthLook::Slice& then = found->second;
    if (then.first != now.first || then.end != now.end || !follows(then.size(), now.size(), traced, other)) continue;
    const std::int64_t place = inner_place(then);
    if (is_far(place, traced) && !then.reaches_the_end() && !is_window(traced, then))
      return unclear(place, instruction);
  }
  for (const auto& [instruction, now] : other.places) {
    const auto then = traced.places.find(instruction);
    if (then == traced.places.end() || then->second.last != now.last ||
        !follows(then->second.size, now.size, traced, other)) {
      continue;
    }
    if (is_far(now.last, traced)) return unclear(now.last, instruction);
  }
  for (const auto& [instruction, now] : other.starts) {
    const auto then = traced.starts.find(instruction);
    const auto tokens = static_cast<std::int64_t>(traced.length);
    if (then == traced.starts.end() || then->second != now || std::abs(now) < 4) continue;
    if (std::abs(now) == tokens || std::abs(now) == tokens - 1) {
      return "places are counted from the traced length" + at(instruction);
    }
  }
  return {};
}

}  // namespace bertrt::family
