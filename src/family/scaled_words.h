#pragma once

#include <optional>

#include "family/encoder_spec.h"
#include "family/instance.h"
#include "family/probe.h"

namespace bertrt::family {

/// Rows before they were multiplied with numbers that depend on the ids alone.
struct ScaledWords {
  Ref rows;
  float scale = 1;
  std::optional<DroppedToken> dropped;  ///< then `scale` is 1
  bool counts_mask = false;             ///< its share is of tokens whose attention_mask is not 0; else of all
};

/// What `term` [texts, tokens, width] is a multiple of: `term` itself at least. Its factors are one number for all; or
/// 0 for one id, and for the others a number divided by 1 - the text's share of tokens that are that id.
/// Nothing where only a part of that is there.
std::optional<ScaledWords> find_scaled_words(const Instance& instance, const Probe& probe, const Ref& term);

}  // namespace bertrt::family
