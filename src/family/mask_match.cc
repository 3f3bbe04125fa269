#include "family/mask_match.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

#include "family/ids_use.h"
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

// What hides keys by its values, and what the others lose by their distance; nothing where one does neither.
// @param numbers  of Truths' shape
bool see_numbers(const std::vector<float>& numbers, Truths& truths, std::vector<float>& slopes) {
  if (numbers.size() != truths.texts * truths.heads * truths.queries * truths.keys) return false;
  // Of the second token, which always sees the first: made-up masks do not hide that.
  const bool by_head = truths.queries == truths.keys && truths.keys > 1;
  for (std::size_t head = 0; by_head && head < truths.heads; ++head) {
    slopes.push_back(-numbers[(head * truths.queries + 1) * truths.keys]);
  }
  if (std::all_of(slopes.begin(), slopes.end(), [](float slope) { return slope == 0; })) slopes.clear();
  if (std::any_of(slopes.begin(), slopes.end(), [](float slope) { return !(slope > 0 && slope <= 1); })) slopes.clear();
  truths.seen.resize(numbers.size());
  bool known = true;
  std::size_t row = 0;
  truths.each([&](std::size_t, std::size_t query, const std::uint8_t*) {
    const std::size_t head = row / truths.queries % truths.heads;
    for (std::size_t key = 0; key < truths.keys; ++key) {
      const std::size_t at = row * truths.keys + key;
      const float apart = static_cast<float>(query < key ? key - query : query - key);
      const float lost = slopes.empty() ? 0 : slopes[head] * apart;
      const bool sees = std::abs(numbers[at] + lost) <= 1e-6F * lost;
      known = known && (sees || static_cast<double>(numbers[at]) <= MaskReader::kHidden);
      truths.seen[at] = sees;
    }
    ++row;
  });
  return known;
}

// Which functions of the distance and of the probe's attention_mask a mask is.
struct Kinds {
  bool of_distance = true;
  bool of_both = true;
  bool of_pairs = true;
  bool of_order = true;  // causal; likewise of_order_both
  bool of_order_both = true;
  bool cuts_distance = false;
  bool cuts_both = false;
};

}  // namespace

bool is_token_mask(const Instance& instance, const Probe& probe, const Ref& ref) {
  const Sizes sizes = {static_cast<std::int64_t>(probe.texts), static_cast<std::int64_t>(probe.length), 1};
  if (!ref.tensor.defined() || !ref.tensor.known() || ref.tensor.sizes() != sizes ||
      ref.tensor.type() == graph::ElementType::boolean || !ids_use(instance, ref).shows(probe)) {
    return false;
  }
  if (!graph::is_floating(ref.tensor.type())) return graph::to_integers(ref.tensor) == probe.mask;
  const std::vector<float> values = graph::to_floats(ref.tensor);
  return std::equal(values.begin(), values.end(), probe.mask.begin(), probe.mask.end(),
                    [](float value, std::int64_t mask) { return value == static_cast<float>(mask); });
}

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
  const IdsUse use = ids_use(instance_, wide);
  if (!use.shows(probe_)) {
    return {std::nullopt, use.counted ? "a mask that depends on tokens together" : "a mask that depends on ids"};
  }
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
  const Tensor mask_values(wide.tensor.storage(), sizes, wide.tensor.strides(), wide.tensor.offset());
  ReadMask mask;
  if (mask_values.type() == graph::ElementType::boolean) {
    truths.seen = graph::to_truths(mask_values);
    for (std::uint8_t& truth : truths.seen) truth = (truth != 0) == shown;
  } else if (!graph::is_floating(mask_values.type()) ||
             !see_numbers(graph::to_floats(mask_values), truths, mask.slopes)) {
    return {std::nullopt, "a mask that weakens a key"};
  }
  // One for all heads.
  const std::int64_t heads = scores.size() == 3 ? scores[0] / static_cast<std::int64_t>(probe_.texts) : scores[1];
  if (mask.slopes.size() == 1) mask.slopes.resize(static_cast<std::size_t>(heads), mask.slopes.front());
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
      is.of_order = is.of_order && visible == (key <= query);
      is.of_order_both = is.of_order_both && visible == (key <= query && whole);
      is.cuts_distance = is.cuts_distance || !near;
      is.cuts_both = is.cuts_both || (!near && whole);
    }
  });
  const bool cuts = is.of_distance ? is.cuts_distance : is.cuts_both;
  const bool alone = cuts && reach == 0;  // each token sees itself at most
  if (is.of_pairs && ((!is.of_distance && !is.of_both) || alone)) {
    mask.kind = MaskKind::pairs;
    return {mask, {}};
  }
  const bool ordered = !same_for_queries && (is.of_order || is.of_order_both);
  if (!is.of_distance && !is.of_both) {
    if (!ordered) return {std::nullopt, "a mask of another kind (of queries)"};
    mask.kind = is.of_order ? MaskKind::none : MaskKind::keys;
    mask.causal = true;
    return {mask, {}};
  }
  mask.may_be_causal = ordered;
  if (alone) return {std::nullopt, "a mask that shows each token itself alone"};
  mask.kind = is.of_distance ? MaskKind::none : MaskKind::keys;
  mask.window = cuts ? reach : 0;
  return {mask, {}};
}

}  // namespace bertrt::family
