#pragma once

#include <cstddef>
#include <vector>

#include "family/encoder_spec.h"

namespace bertrt::family {

/// base^(-2i / values) for each pair i of `values` values, in fp32 as Python computes it: its rounding is part of the
/// model.
std::vector<float> rotary_frequencies(double base, std::size_t values);

/// The spec's frequencies in a text of `length` tokens, where it is longer than those that they hold for ("dynamic" NTK
/// scaling, https://arxiv.org/abs/2309.00071, appendix B.3). The spec must have a growth.
std::vector<float> grown_frequencies(const RotarySpec& spec, std::size_t length);

}  // namespace bertrt::family
