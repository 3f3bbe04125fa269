#include "family/mask_match.h"

#include <algorithm>
#include <cstdlib>
#include <utility>
#include <vector>

#include "family/terms.h"

namespace bertrt::family {
namespace {

using graph::Sizes;
using graph::Tensor;

// A mask's truths, [texts, heads, queries, keys]; an axis along which it is the same is 1 long.
struct Truths {
  std::int64_t texts = 0;
  std::int64_t heads = 0;
  std::int64_t queries = 0;
  std::int64_t keys = 0;
  std::vector<bool> seen;

  template <typename Use>
  void each(const Use& use) const {
    std::size_t i = 0;
    for (std::int64_t text = 0; text < texts; ++text) {
      for (std::int64_t head = 0; head < heads; ++head) {
        for (std::int64_t query = 0; query < queries; ++query) {
          for (std::int64_t key = 0; key < keys; ++key, ++i) use(text, query, key, seen[i]);
        }
      }
    }
  }
};

// What hides keys by its values; nothing where one neither hides nor shows.
std::optional<std::vector<bool>> seen_by(const Tensor& mask, bool shown) {
  std::vector<bool> seen;
  if (mask.type() == graph::ElementType::boolean) {
    for (const std::int64_t truth : graph::to_integers(mask)) seen.push_back((truth != 0) == shown);
    return seen;
  }
  if (!graph::is_floating(mask.type())) return std::nullopt;
  for (const float number : graph::to_floats(mask)) {
    if (number != 0 && !(static_cast<double>(number) <= MaskReader::kHidden)) return std::nullopt;
    seen.push_back(number == 0);
  }
  return seen;
}

}  // namespace

std::optional<ReadMask> MaskReader::read(const Ref& ref, const Sizes& scores, bool shown, bool filled,
                                         std::string& why) {
  if (!ref.tensor.known()) {
    why = "a mask that depends on weights";
    return std::nullopt;
  }
  const auto wide = broadcast(ref, scores);
  if (!wide) {
    why = "a mask of another shape";
    return std::nullopt;
  }
  const Tensor& tensor = wide->tensor;
  // The storage is the instance's: nobody takes its place as long as this lives.
  const Key key{tensor.storage().get(), tensor.offset(), tensor.sizes(), tensor.strides(), shown, filled};
  auto found = known_.find(key);
  if (found == known_.end()) found = known_.emplace(key, look(*wide, scores, shown, filled)).first;
  why = found->second.why;
  return found->second.mask;
}

MaskReader::Answer MaskReader::look(const Ref& wide, const Sizes& scores, bool shown, bool filled) const {
  // As a rule it is the same for all heads, often for all queries: then once is enough.
  const auto length = static_cast<std::int64_t>(probe_.length);
  Sizes sizes = wide.tensor.sizes();
  for (std::size_t axis = 1; axis + 1 < sizes.size(); ++axis) {
    if (wide.tensor.strides()[axis] == 0) sizes[axis] = 1;
  }
  Truths truths;
  truths.texts = static_cast<std::int64_t>(probe_.texts);
  truths.heads = sizes.size() == 3 ? scores[0] / truths.texts : sizes[1];
  truths.queries = sizes[sizes.size() - 2];
  truths.keys = length;
  const bool same_for_queries = truths.queries != length;
  auto seen = seen_by({wide.tensor.storage(), sizes, wide.tensor.strides(), wide.tensor.offset()}, shown);
  if (!seen) return {std::nullopt, "a mask that weakens a key"};
  truths.seen = std::move(*seen);

  std::int64_t reach = same_for_queries ? length : 0;  // the farthest key that is seen
  if (!same_for_queries) {
    truths.each([&](std::int64_t, std::int64_t query, std::int64_t key, bool visible) {
      if (visible) reach = std::max(reach, std::abs(query - key));
    });
  }
  // It is one of two functions of the mask and the distance, or one of the mask of both, or none.
  bool of_distance = true;
  bool of_both = true;
  bool of_pairs = filled && !same_for_queries;
  bool cuts_distance = false;
  bool cuts_both = false;
  truths.each([&](std::int64_t text, std::int64_t query, std::int64_t key, bool visible) {
    const bool near = same_for_queries || std::abs(query - key) <= reach;
    const auto shows = [&](std::int64_t token) {
      return probe_.at(probe_.mask, static_cast<std::size_t>(text), static_cast<std::size_t>(token)) != 0;
    };
    const bool whole = shows(key);
    of_pairs = of_pairs && visible == (whole && shows(query));
    of_distance = of_distance && visible == near;
    of_both = of_both && visible == (near && whole);
    cuts_distance = cuts_distance || !near;
    cuts_both = cuts_both || (!near && whole);
  });
  ReadMask mask;
  const bool cuts = of_distance ? cuts_distance : cuts_both;
  const bool alone = cuts && reach == 0;  // each token sees itself at most
  if (of_pairs && ((!of_distance && !of_both) || alone)) {
    mask.kind = MaskKind::pairs;
    return {mask, {}};
  }
  if (!of_distance && !of_both) return {std::nullopt, "a mask of another kind (causal, of queries)"};
  if (alone) return {std::nullopt, "a mask that shows each token itself alone"};
  mask.kind = of_distance ? MaskKind::none : MaskKind::keys;
  mask.window = cuts ? static_cast<std::size_t>(reach) : 0;
  return {mask, {}};
}

}  // namespace bertrt::family
