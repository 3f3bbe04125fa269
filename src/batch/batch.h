#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "bertrt/encoding.h"

namespace bertrt::batch {

/// The real tokens of many texts, one after another, without padding: what every engine takes.
///
/// Tokens with attention_mask 0 at the end of an encoding (padding) are left out of `input_ids` and of every other
/// vector here, and have no output row, unless they were to be kept. A zero anywhere else is a hole that engines must
/// honour.
struct Batch {
  std::shared_ptr<const std::vector<std::size_t>> row_offsets;  ///< [batch + 1]
  std::vector<std::int32_t> input_ids;                          ///< [total_tokens]
  std::vector<std::int32_t> token_type_ids;                     ///< [total_tokens]
  std::vector<std::int32_t> attention_mask;                     ///< [total_tokens] or empty: all 1
  std::vector<std::int32_t> position_ids;                       ///< [total_tokens] or empty: the model's own rule
  std::vector<NamedInput> extra_inputs;                         ///< values or real_values [total_tokens, width]

  std::size_t size() const noexcept { return row_offsets->size() - 1; }
  std::size_t total_tokens() const noexcept { return row_offsets->back(); }
  std::size_t length(std::size_t text) const { return (*row_offsets)[text + 1] - (*row_offsets)[text]; }
};

/// What a model takes; 0 stands for "unknown, not checked".
struct BatchLimits {
  std::size_t vocab_size = 0;
  std::string vocab_size_why = {};  ///< for the message, where a tokenizer gives ids beyond it
  std::size_t type_vocab_size = 0;
  std::size_t max_length = 0;       ///< in tokens, padding not counted
  std::string max_length_why = {};  ///< for the message, e.g. "the traced length; other lengths are not proven"
};

/// Joins encodings into a batch, padding left out. The only way in: engines trust what it returns.
///
/// @throws Error invalid_argument for an empty batch, a null, an empty encoding, vectors of different lengths, a value
/// out of
///         its domain, position_ids or extra inputs that only some of the texts have; input_too_long. Each message
///         names the text ("text 3") and the first index that is wrong.
/// @param keep_padding  tokens with attention_mask 0 at the end stay, as those elsewhere do
Batch make_batch(std::span<const Encoding* const> encodings, const BatchLimits& limits, bool keep_padding = false);
Batch make_batch(std::span<const Encoding> encodings, const BatchLimits& limits, bool keep_padding = false);

}  // namespace bertrt::batch
