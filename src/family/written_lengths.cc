#include "family/written_lengths.h"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace bertrt::family {
namespace {

bool near(double number, double wanted) { return std::abs(number - wanted) <= 1e-6 * std::abs(wanted); }

// What Python computes from a length, and no other number is likely to be near to: texts with and without their special
// tokens, or one more.
template <typename F>
bool is_of_a_length(double number, double tokens, double least, F f) {
  for (const double length : {tokens - 2, tokens - 1, tokens, tokens + 1}) {
    if (length < least) continue;
    const double wanted = f(length);
    if (std::floor(wanted) != wanted && (near(number, wanted) || near(1 / number, wanted))) return true;
  }
  return false;
}

bool is_logarithm(double number, double tokens) {
  constexpr double kLeast = 3;  // log(2) turns nats into bits
  return is_of_a_length(number, tokens, kLeast, [](double length) { return std::log(length); }) ||
         is_of_a_length(number, tokens, kLeast, [](double length) { return std::log2(length); }) ||
         is_of_a_length(number, tokens, kLeast, [](double length) { return std::log10(length); });
}

// That no other number is likely to be near to: 2 is the square root of 4, and the fourth of 16.
bool is_root(double number, double tokens) {
  if (std::floor(number) == number || std::floor(1 / number) == 1 / number) return false;
  for (const double power : {2.0, 3.0, 4.0}) {
    if (near(number, std::pow(tokens, 1 / power)) || near(number, std::pow(tokens - 1, 1 / power))) return true;
  }
  return false;
}

bool is_length(const Share& share, double number, double tokens) {
  for (const double wanted : {tokens - 2, tokens - 1, tokens, tokens + 1, 2 * tokens}) {
    if (wanted > 0 && near(number, wanted)) return true;
  }
  const auto folded = static_cast<double>(share.folded);
  const auto all = static_cast<double>(share.all);
  return near(number, folded) || near(number, folded - 1) || (share.all > 1 && near(number, all));
}

// Places as angles or in shares of a few: pi / length, 3 / length.
bool is_part_of_places(double number, double tokens) {
  if (std::floor(number) == number) return false;
  for (const double length : {tokens - 1, tokens, tokens + 1}) {
    const double parts = std::abs(length / number);
    for (const double wanted :
         {std::numbers::pi / 2, std::numbers::pi, 2 * std::numbers::pi, 2.0, 3.0, 4.0, 5.0, 10.0}) {
      if (near(parts, wanted)) return true;
    }
  }
  return false;
}

// Scores are divided by the root of a head's size, or of a few of them; queries and keys, too, as they stand or turned.
bool is_root_of_a_size(const Share& share, double number) {
  const auto square = static_cast<std::int64_t>(std::llround(number > 1 ? number * number : 1 / (number * number)));
  if (square <= 0) return false;
  const auto fits = [&](std::int64_t size) { return size > 2 && (size % square == 0 || square % size == 0); };
  return share.contracted != 0 ? fits(share.contracted) : fits(share.width) || fits(share.height);
}

const char* of_values(const Share& share, double tokens) {
  constexpr double kLeast = 5;
  const double number = std::abs(share.number);
  // Of values of the text alone: the buckets of T5's and MPNet's distances are divided by a logarithm of their own.
  if (share.of == Share::Of::other || share.of == Share::Of::places) return nullptr;
  if (is_logarithm(number, tokens)) {
    return share.how == Share::How::adds ? "the logarithm of the traced length is added to values"
                                         : "values are scaled by the logarithm of the traced length";
  }
  if (share.how == Share::How::divides && !is_root_of_a_size(share, number) &&
      is_of_a_length(number, tokens, kLeast, [](double length) { return std::sqrt(length); })) {
    return "values are scaled by the root of the traced length";
  }
  return nullptr;
}

const char* share_of_length(const Share& share, std::size_t length) {
  const auto tokens = static_cast<double>(length);
  const double number = std::abs(share.number);
  switch (share.how) {
    case Share::How::adds: return of_values(share, tokens);
    case Share::How::fills:
      if (length >= 4 && (near(number, tokens) || near(number, 1 / tokens) || is_logarithm(number, tokens))) {
        return "a tensor is filled with the traced length";
      }
      return nullptr;
    case Share::How::compares:
      if (length >= 4 && share.of == Share::Of::sum && near(number, tokens)) {
        return "a sum over the tokens is compared with the traced length";
      }
      return nullptr;
    case Share::How::divides: break;
  }
  switch (share.of) {
    case Share::Of::sum:
      if (is_length(share, number, tokens) || near(number, std::sqrt(tokens)) || is_root(number, tokens)) {
        return "a sum over the tokens is divided by the traced length";
      }
      break;
    case Share::Of::mean:
      if (is_length(share, 1 / number, tokens) || is_root(number, tokens) || is_root(1 / number, tokens) ||
          near(number, tokens / (tokens - 1)) || near(number, (tokens - 1) / tokens)) {
        return "a mean over the tokens is scaled by the traced length";
      }
      break;
    case Share::Of::places:
      if (is_length(share, number, tokens) || is_part_of_places(number, tokens)) {
        return "places are divided by the traced length";
      }
      break;
    case Share::Of::values:
    case Share::Of::other: break;
  }
  return of_values(share, tokens);
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

std::set<std::size_t> moved_numbers(const LengthLook& one, const LengthLook& other) {
  std::set<std::size_t> moved;
  const auto compare = [&](const auto& numbers, const auto& others, auto differ) {
    for (const auto& [instruction, number] : numbers) {
      const auto found = others.find(instruction);
      if (found != others.end() && differ(number, found->second)) moved.insert(instruction);
    }
  };
  compare(one.slices, other.slices, [](const auto& a, const auto& b) { return a.first != b.first || a.end != b.end; });
  compare(one.places, other.places, [](const auto& a, const auto& b) { return a.last != b.last; });
  compare(one.starts, other.starts, [](std::int64_t a, std::int64_t b) { return a != b; });
  compare(one.shares, other.shares, [](const Share& a, const Share& b) { return a.number != b.number; });
  return moved;
}

std::string written_length(const graph::Program& program, const LengthLook& traced, const LengthLook& other,
                           const std::function<bool(std::size_t instruction)>& moves) {
  const auto at = [&](std::size_t instruction) {
    return " at " + program.where(program.instructions[instruction].place);
  };
  const auto unclear = [&](std::int64_t place, std::size_t instruction) {
    return "place " + std::to_string(place) + " of the traced text's " + std::to_string(traced.length) +
           " is written into it, and nothing says whether it moves with the length," + at(instruction);
  };
  const auto tokens = static_cast<double>(traced.length);
  for (const auto& [instruction, now] : other.shares) {
    const auto found = traced.shares.find(instruction);
    if (found == traced.shares.end()) continue;
    const Share& then = found->second;
    if (then.how != now.how || then.number != now.number) continue;
    // What is as long as the tokens by chance is folded at one of the lengths alone, or not with it.
    const bool same = then.of == now.of && (now.folded == 0 || follows(then.folded, now.folded, traced, other));
    const char* what = same ? share_of_length(then, traced.length) : of_values(then, tokens);
    if (what != nullptr && !moves(instruction)) return what + at(instruction);
  }
  for (const auto& [instruction, now] : other.slices) {
    const auto found = traced.slices.find(instruction);
    if (found == traced.slices.end()) continue;
    const LengthLook::Slice& then = found->second;
    if (then.first != now.first || then.end != now.end || !follows(then.size(), now.size(), traced, other)) continue;
    const std::int64_t place = inner_place(then);
    if (is_far(place, traced) && !then.reaches_the_end() && !is_window(traced, then) && !moves(instruction)) {
      return unclear(place, instruction);
    }
  }
  for (const auto& [instruction, now] : other.places) {
    const auto then = traced.places.find(instruction);
    if (then == traced.places.end() || then->second.last != now.last ||
        !follows(then->second.size, now.size, traced, other)) {
      continue;
    }
    if (is_far(now.last, traced) && !moves(instruction)) return unclear(now.last, instruction);
  }
  for (const auto& [instruction, now] : other.starts) {
    const auto then = traced.starts.find(instruction);
    const auto length = static_cast<std::int64_t>(traced.length);
    if (then == traced.starts.end() || then->second != now || std::abs(now) < 4) continue;
    if ((std::abs(now) == length || std::abs(now) == length - 1) && !moves(instruction)) {
      return "places are counted from the traced length" + at(instruction);
    }
  }
  return {};
}

}  // namespace bertrt::family
