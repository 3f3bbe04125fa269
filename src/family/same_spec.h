#pragma once

#include "family/encoder_spec.h"

namespace bertrt::family {

/// The same stored tensors, sizes, constants and rules: what two looks at one program have to agree on. Rows for
/// distances may be known for more of them in one. Windows are the caller's: a text may be too short to
/// show one.
bool same_spec(const EncoderSpec& a, const EncoderSpec& b);
bool same_weight(const Weight& a, const Weight& b);
bool same_dense(const Dense& a, const Dense& b);
bool same_positions(const DisentangledSpec& a, const DisentangledSpec& b);
bool same_head(const HeadSpec& a, const HeadSpec& b);

}  // namespace bertrt::family
