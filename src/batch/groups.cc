#include "batch/groups.h"

#include <algorithm>
#include <limits>
#include <numeric>

namespace bertrt::batch {
namespace {

// Whether the texts first … last (longest first) may be one group.
bool fits(std::span<const std::size_t> sorted, std::size_t first, std::size_t last, const GroupPolicy& policy) {
  const std::size_t count = last - first + 1;
  if (count == 1) return true;
  return count <= policy.max_texts && sorted[first] * count <= policy.max_tokens &&
         (policy.padding || sorted[first] == sorted[last]);
}

}  // namespace

std::vector<Group> plan_groups(std::span<const std::size_t> lengths, const GroupPolicy& policy) {
  const std::size_t count = lengths.size();
  std::vector<std::size_t> order(count);
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) { return lengths[a] > lengths[b]; });
  std::vector<std::size_t> sorted(count);
  for (std::size_t i = 0; i < count; ++i) sorted[i] = lengths[order[i]];

  // cost[i]: the least for the first i texts; start[i]: where their last group begins.
  std::vector<std::size_t> cost(count + 1, std::numeric_limits<std::size_t>::max());
  std::vector<std::size_t> start(count + 1, 0);
  cost[0] = 0;
  for (std::size_t first = 0; first < count; ++first) {
    for (std::size_t last = first; last < count && fits(sorted, first, last, policy); ++last) {
      const std::size_t total = cost[first] + policy.call_overhead + sorted[first] * (last - first + 1);
      if (total < cost[last + 1]) {
        cost[last + 1] = total;
        start[last + 1] = first;
      }
    }
  }

  std::vector<Group> groups;
  for (std::size_t end = count; end > 0; end = start[end]) {
    Group group;
    group.length = sorted[start[end]];
    group.texts.assign(order.begin() + static_cast<std::ptrdiff_t>(start[end]),
                       order.begin() + static_cast<std::ptrdiff_t>(end));
    groups.push_back(std::move(group));
  }
  std::reverse(groups.begin(), groups.end());
  return groups;
}

}  // namespace bertrt::batch
