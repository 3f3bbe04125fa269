#include "tokenizer/pre_tokenizers/behavior.h"

#include <algorithm>
#include <utility>

namespace bertrt::tokenizer {
namespace {

using text::Match;

void merge(std::vector<Match>& to, const Match& match, bool joins) {
  if (joins && !to.empty()) {
    to.back().begin = std::min(to.back().begin, match.begin);
    to.back().end = std::max(to.back().end, match.end);
  } else {
    to.push_back({match.begin, match.end, false});
  }
}

}  // namespace

void apply_behavior(pre_tokenizers::Behavior behavior, std::vector<Match>& matches, std::vector<Match>& memory) {
  using pre_tokenizers::Behavior;
  if (behavior == Behavior::removed) return;
  if (behavior == Behavior::isolated) {
    for (Match& match : matches) match.matched = false;
    return;
  }
  const bool from_behind = behavior == Behavior::merged_with_next;
  if (from_behind) std::reverse(matches.begin(), matches.end());
  memory.clear();
  bool previous = false;
  for (const Match& match : matches) {
    const bool joins = behavior == Behavior::contiguous ? match.matched == previous : match.matched && !previous;
    merge(memory, match, joins);
    previous = match.matched;
  }
  if (from_behind) std::reverse(memory.begin(), memory.end());
  std::swap(matches, memory);
}

}  // namespace bertrt::tokenizer
