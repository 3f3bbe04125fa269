#pragma once

#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <tuple>
#include <vector>

#include "family/encoder_spec.h"
#include "family/instance.h"
#include "family/probe.h"

namespace bertrt::family {

/// Which keys queries see by a mask over scores.
struct ReadMask {
  MaskKind kind = MaskKind::none;
  std::size_t window = 0;  ///< keys at most so many tokens away; 0: no key of this text is too far
  bool causal = false;     ///< of those, the query's own and those before it alone
  /// Not causal, but hidden keys are all that shows it: as a causal one it would be the same.
  bool may_be_causal = false;
  /// What a head's scores lose for each token that a key is away from its query: [heads], or empty for nothing.
  std::vector<float> slopes;
};

/// Whether it is the attention_mask for each token, as numbers: [texts, tokens, 1].
bool is_token_mask(const Instance& instance, const Probe& probe, const Ref& ref);

/// Reads masks of one instance by their values: each pair of query and key is compared with what the probe's
/// attention_mask, and a distance, say. One that many layers share is read once.
class MaskReader {
 public:
  MaskReader(const Instance& instance, const Probe& probe) : instance_(instance), probe_(probe) {}

  /// @param ref     known numbers to add (0, or a slope times the distance, or what hides a key for good), or truths
  /// @param scores  [texts, heads, queries, keys], or [texts * heads, queries, keys]
  /// @param shown   a true value shows its key; else it hides it
  /// @param filled  what it hides gets one and the same score: then a query that sees no key sees all of them evenly
  /// @param why     what was not explained, when nothing is returned
  std::optional<ReadMask> read(const Ref& ref, const graph::Sizes& scores, bool shown, bool filled, std::string& why);

  /// Additive masks and fills up to this hide a key: exp of it is 0 in float32, whatever a trained model's scores are.
  static constexpr double kHidden = -1000;

 private:
  struct Answer {
    std::optional<ReadMask> mask;
    std::string why;
  };
  Answer look(const Ref& ref, const graph::Sizes& scores, bool shown, bool filled) const;

  const Instance& instance_;
  const Probe& probe_;
  using Key = std::tuple<const graph::Storage*, std::int64_t, graph::Sizes, graph::Sizes, bool, bool>;
  std::map<Key, Answer> known_;
};

}  // namespace bertrt::family
