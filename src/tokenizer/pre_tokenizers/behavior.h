#pragma once

#include <vector>

#include "text/regex.h"
#include "tokenizer/pre_tokenizers/pre_tokenizer.h"

namespace bertrt::tokenizer {

/// Merges the stretches of a text by `behavior`, in place; those that are to be left out stay as `matched`, all others
/// are not. `memory` is used on the way.
void apply_behavior(pre_tokenizers::Behavior behavior, std::vector<text::Match>& matches,
                    std::vector<text::Match>& memory);

}  // namespace bertrt::tokenizer
