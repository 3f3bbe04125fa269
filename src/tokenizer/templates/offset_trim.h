#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "bertrt/encoding.h"
#include "tokenizer/end_space.h"

namespace bertrt::tokenizer {

/// White space at the ends of every token of a byte-level vocabulary, so that offsets can be trimmed as ByteLevel's and
/// RobertaProcessing's post-processors do (tokenizers 0.23.3, pre_tokenizers/byte_level.rs, process_offsets).
class OffsetTrim {
 public:
  static EndSpace space_of(std::string_view token);

  /// Tells of a token of the model; ids in any order.
  void add(std::int32_t id, std::string_view token);
  /// The white space of the model's token.
  EndSpace of(std::int32_t id) const;

  /// Trims one token's offset into `text`. Which token is its window's first matters: its single leading space may have
  /// been put in by the tokenizer (`keeps_prefix_space`, the post-processor's add_prefix_space).
  static void trim(std::string_view text, EndSpace space, bool is_first, bool keeps_prefix_space, Offset& offset);

 private:
  std::vector<EndSpace> by_id_;
};

}  // namespace bertrt::tokenizer
