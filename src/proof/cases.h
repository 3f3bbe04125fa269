#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "bertrt/encoding.h"
#include "family/trace.h"

namespace bertrt::proof {

/// Texts for a proof, the same in every process: ordinary and special ids, ids that the trace compares with, padding
/// ids among the words, both types, a hidden token in the middle where the model takes a mask, lengths that differ.
/// @param special_ids  the tokenizer's; may be empty
/// @param thorough     every length up to 8, then spread to the model's limit (512 at most, fewer where the plain
///                     evaluation of a large model would take more than minutes), with masks of all kinds
std::vector<Encoding> make_cases(const family::Trace& trace, std::span<const std::int32_t> special_ids, bool thorough);

/// One text of ordinary ids and both types, with zeros for the inputs that only a caller can give.
Encoding made_up_text(const family::Trace& trace, std::size_t tokens, std::uint32_t seed);

}  // namespace bertrt::proof
