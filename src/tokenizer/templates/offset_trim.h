#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "bertrt/encoding.h"

namespace bertrt::tokenizer {

/// White space at the ends of every token of a byte-level vocabulary, so that offsets can be trimmed as ByteLevel's and
/// RobertaProcessing's post-processors do (tokenizers 0.23.3, pre_tokenizers/byte_level.rs, process_offsets).
class OffsetTrim {
 public:
  /// Tells of a token of the model; ids in any order.
  void add(std::int32_t id, std::string_view token);
  /// Tells of an added token: its white space is what it took from the text around `content`. The model may give the
  /// same id for other text, which is then trimmed by its token's.
  void add_from_text(std::int32_t id, std::string_view content);

  /// Trims one window's offsets into `text` in place. Which token is the window's first matters: its single leading
  /// space may have been put in by the tokenizer (`keeps_prefix_space`, the post-processor's add_prefix_space).
  void trim(std::string_view text, std::span<const std::int32_t> ids, std::span<Offset> offsets,
            bool keeps_prefix_space) const;
  /// One token's. `taken`: its offset before anything was trimmed, which is what an added token's white space is seen
  /// in.
  void trim_one(std::string_view text, std::int32_t id, bool is_first, bool keeps_prefix_space, Offset taken,
                Offset& offset) const;

 private:
  struct Space {
    std::uint32_t leading = 0;  // characters
    std::uint32_t trailing = 0;
    std::int32_t content = -1;  // in contents_, for an added token
  };
  static Space space_of(std::string_view token);
  Space& at(std::int32_t id);

  std::vector<Space> by_id_;
  std::vector<std::string> contents_;
};

}  // namespace bertrt::tokenizer
