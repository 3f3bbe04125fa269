#pragma once

#include <optional>
#include <string>

#include "family/encoder_spec.h"
#include "family/instance.h"
#include "family/probe.h"

namespace bertrt::family {

struct MatchedEmbeddings {
  Embeddings embeddings;
  bool positions_given = false;
  bool counts_mask = false;  ///< the share of dropped tokens is that of those whose attention_mask is not 0
  NodeId state = kNoNode;    ///< the first layer's input
};

/// The sum of looked-up rows that `node` is, or a norm that stands on one: words by ids, scaled perhaps; types by types
/// or all of one; positions as the caller gives them or counted. Anything else in the sum is not explained.
std::optional<MatchedEmbeddings> match_embeddings(const Instance& instance, const Probe& probe, NodeId node,
                                                  std::string& why);
/// Whether it is worth asking.
bool may_be_embeddings(const Node& node);

}  // namespace bertrt::family
