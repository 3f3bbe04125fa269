#include "family/mask_match.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

#include "family/terms.h"

namespace bertrt::family {
namespace {

using graph::Sizes;
using graph::Tensor;

// A mask's truths, [texts, heads, queries, keys]; an axis along which it is the same is 1 long.
struct Truths {
  std::size_t texts = 0;
  std::size_t heads = 0;
  std::size_t queries = 0;
  std::size_t keys = 0;
  std::vector<std::uint8_t> seen;

  // use(text, query, what it sees of each key)
  template <typename Use>
  void each(const Use& use) const {
    const std::uint8_t* row = seen.data();
    for (std::size_t text = 0; text < texts; ++text) {
      for (std::size_t head = 0; head < heads; ++head) {
        for (std::size_t query = 0; query < queries; ++query, row += keys) use(text, query, row);
      }
    }
  }
};

// What hides keys by its values; nothing where one neither hides nor shows.
std::optional<std::vector<std::uint8_t>> seen_by(const Tensor& mask, bool shown) {
  if (mask.type() == graph::ElementType::boolean) {
    std::vector<std::uint8_t> seen = graph::to_truths(mask);
    for (std::uint8_t& truth : seen) truth = (truth != 0) == shown;
    return seen;
  }
  if (!graph::is_floating(mask.type())) return std::nullopt;
  const std::vector<float> numbers = graph::to_floats(mask);
  std::vector<std::uint8_t> seen(numbers.size());
  for (std::size_t i = 0; i < numbers.size(); ++i) {
    if (numbers[i] != 0 && !(static_cast<double>(numbers[i]) <= MaskReader::kHidden)) return std::nullopt;
    seen[i] = numbers[i] == 0;
  }
  return seen;
}

// Which functions of the distance and of the probe's attention_mask a mask is.
struct Kinds {
  bool of_distance = true;
  bool of_both = true;
  bool of_pairs = true;
  bool cuts_distance = false;
  bool cuts_both = false;
};

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
  Sizes sizes = wide.tensor.sizes();
  for (std::size_t axis = 1; axis + 1 < sizes.size(); ++axis) {
    if (wide.tensor.strides()[axis] == 0) sizes[axis] = 1;
  }
  Truths truths;
  truths.texts = probe_.texts;
  truths.heads =
      sizes.size() == 3 ? static_cast<std::size_t>(scores[0]) / truths.texts : static_cast<std::size_t>(sizes[1]);
  truths.queries = static_cast<std::size_t>(sizes[sizes.size() - 2]);
  truths.keys = probe_.length;
  const bool same_for_queries = truths.queries != probe_.length;
  auto seen = seen_by({wide.tensor.storage(), sizes, wide.tensor.strides(), wide.tensor.offset()}, shown);
  if (!seen) return {std::nullopt, "a mask that weakens a key"};
  truths.seen = std::move(*seen);
  if (truths.seen.size() != truths.texts * truths.heads * truths.queries * truths.keys) {
    return {std::nullopt, "a mask of another shape"};
  }

  const auto distance = [](std::size_t a, std::size_t b) { return a < b ? b - a : a - b; };
  std::size_t reach = same_for_queries ? probe_.length : 0;  // the farthest key that is seen
  if (!same_for_queries) {
    truths.each([&](std::size_t, std::size_t query, const std::uint8_t* sees) {
      for (std::size_t key = 0; key < truths.keys; ++key) {
        if (sees[key] != 0) reach = std::max(reach, distance(query, key));
      }
    });
  }
  // It is one of two functions of the mask and the distance, or one of the mask of both, or none.
  Kinds is;
  is.of_pairs = filled && !same_for_queries;
  truths.each([&](std::size_t text, std::size_t query, const std::uint8_t* sees) {
    const std::int64_t* shows = probe_.mask.data() + text * probe_.length;
    for (std::size_t key = 0; key < truths.keys; ++key) {
      const bool visible = sees[key] != 0;
      const bool near = same_for_queries || distance(query, key) <= reach;
      const bool whole = shows[key] != 0;
      is.of_pairs = is.of_pairs && visible == (whole && shows[query] != 0);
      is.of_distance = is.of_distance && visible == near;
      is.of_both = is.of_both && visible == (near && whole);
      is.cuts_distance = is.cuts_distance || !near;
      is.cuts_both = is.cuts_both || (!near && whole);
    }
  });
  ReadMask mask;
  const bool cuts = is.of_distance ? is.cuts_distance : is.cuts_both;
  const bool alone = cuts && reach == 0;  // each token sees itself at most
  if (is.of_pairs && ((!is.of_distance && !is.of_both) || alone)) {
    mask.kind = MaskKind::pairs;
    return {mask, {}};
  }
  if (!is.of_distance && !is.of_both) return {std::nullopt, "a mask of another kind (causal, of queries)"};
  if (alone) return {std::nullopt, "a mask that shows each token itself alone"};
  mask.kind = is.of_distance ? MaskKind::none : MaskKind::keys;
  mask.window = cuts ? reach : 0;
  return {mask, {}};
}

}  // namespace bertrt::family
