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
/// vector here; their output rows do not exist unless the session puts them back.
struct Batch {
  std::shared_ptr<const std::vector<std::size_t>> row_offsets;  ///< [batch + 1]
  std::vector<std::int32_t> input_ids;       ///< [total_tokens]
  std::vector<std::int32_t> token_type_ids;  ///< [total_tokens]
  std::vector<std::int32_t> attention_mask;  ///< [total_tokens] or empty: all 1
  std::vector<std::int32_t> position_ids;    ///< [total_tokens] or empty: the model's own rule
  std::vector<NamedInput> extra_inputs;      ///< values [total_tokens, width]

  std::size_t size() const noexcept { return row_offsets->size() - 1; }
  std::size_t total_tokens() const noexcept { return row_offsets->back(); }
  std::size_t length(std::size_t text) const { return (*row_offsets)[text + 1] - (*row_offsets)[text]; }
};

}  // namespace bertrt::batch
