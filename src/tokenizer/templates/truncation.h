#pragma once

#include <cstddef>
#include <utility>
#include <vector>

#include "bertrt/tokenizer.h"
#include "tokenizer/tokenizer_config.h"

namespace bertrt::tokenizer {

/// Half-open ranges of a text's tokens. The first is what the encoding keeps; the others are its overflow, each sharing
/// `stride` tokens with its neighbour.
using Windows = std::vector<std::pair<std::size_t, std::size_t>>;

struct PairWindows {
  Windows first;
  Windows second;
};

/// Hugging Face's truncation (tokenizers 0.23.3, utils/truncation.rs): which tokens of one text or of a pair stay when
/// at most `room` are left beside the template.
/// @throws Error input_too_long where truncation is `none` or the chosen text alone cannot give up enough tokens;
///         invalid_argument where `stride` leaves no progress or only_second is asked for without a second text
PairWindows truncate(std::size_t first_size, std::size_t second_size, bool is_pair, std::size_t room,
                     Truncation truncation, std::size_t stride, Side side);

}  // namespace bertrt::tokenizer
