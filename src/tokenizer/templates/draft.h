#pragma once

#include <cstdint>
#include <functional>
#include <string_view>
#include <utility>
#include <vector>

#include "bertrt/encoding.h"
#include "tokenizer/end_space.h"
#include "tokenizer/templates/post_processor.h"

namespace bertrt::tokenizer {

/// An encoding on its way through the post-processors, as Hugging Face's Encoding is: with the ranges that it takes for
/// its sequences, which odd templates and overflow leave behind in odd ways.
struct Draft {
  struct SequenceRange {
    std::size_t sequence;
    std::size_t begin;
    std::size_t end;
  };
  struct Token {
    std::int32_t id = -1;
    std::int32_t type_id = 0;
    Offset offset = {};
    EndSpace space = {};      ///< what is trimmed
    std::int32_t word = -1;   ///< -1: none
    std::int8_t text = -1;    ///< which of the two texts the offset is in; -1: none
    bool is_special = false;  ///< put in by a template
    bool is_padding = false;
  };
  std::vector<Token> tokens;
  std::vector<SequenceRange> ranges;
  std::vector<Draft> overflowing;  ///< one level

  void set_sequence(std::size_t sequence);
  void set_types(std::int32_t type_id);
  /// Puts `other` behind this, and every window of the one behind every window of the other.
  void merge(const Draft& other);
  /// Padding up to `length`, as the last step: a range that is all there is then covers the padding, too.
  void pad(std::size_t length, bool left, std::int32_t id, std::int32_t type_id);
  /// Which sequence each token is of, -1 for none.
  std::vector<std::int8_t> sequence_ids() const;
};

/// What post-processors have to know beside the encodings.
struct DraftContext {
  bool add_special_tokens = true;
  /// The text that a token's offset is in.
  std::function<std::string_view(const Draft::Token&)> text_of;
};

/// Runs one or two encodings through the post-processors, in their order. @throws Error invalid_argument for a template
/// that names what is not there
Draft post_process(const PostProcessors& processors, std::vector<Draft> encodings, const DraftContext& context);

/// How many special tokens the post-processors put in.
std::size_t added_tokens(const PostProcessors& processors, bool is_pair);

}  // namespace bertrt::tokenizer
