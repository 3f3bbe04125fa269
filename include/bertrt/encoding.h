#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "bertrt/export.h"

namespace bertrt {
inline namespace v0 {

/// A half-open range of UTF-8 bytes in the text that the caller passed; code points after
/// code_point_offsets().
struct Offset {
  std::uint32_t begin = 0;  ///< first byte
  std::uint32_t end = 0;    ///< one past the last
  friend bool operator==(const Offset&, const Offset&) = default;
};

/// A further input of a model beside the standard ones, e.g. LayoutLM's "bbox" (width 4). Its values are integers or
/// floats: one of the two vectors is filled.
struct NamedInput {
  std::string name;                     ///< the trace's name for it, without suffix
  std::size_t width = 1;                ///< values for each token
  std::vector<std::int64_t> values;     ///< [sequence, width], row-major
  std::vector<float> real_values = {};  ///< the same, for an input that takes floats (BROS' "bbox")
};

/// One text (or pair of texts) as token ids, with everything a model needs beside them.
///
/// A plain value: every vector that is filled has one entry a token ("sequence" below). A hand-made
/// encoding needs `input_ids` alone; what is left empty means: token_type_ids all 0, attention_mask all 1,
/// positions counted by the model's own rule.
struct Encoding {
  std::vector<std::int32_t> input_ids;  ///< [sequence]
  std::vector<std::int32_t>
      token_type_ids;  ///< [sequence], 0 for the first text, 1 for the second where the model has types
  std::vector<std::int32_t> attention_mask;       ///< [sequence], 1 for a token, 0 for padding
  std::vector<std::uint8_t> special_tokens_mask;  ///< [sequence], 1 for a token that the template or the padding put in
  std::vector<Offset> offsets;  ///< [sequence], UTF-8 bytes in the caller's own text; {0,0} for a special token
  std::vector<std::int8_t> sequence_ids;   ///< [sequence], 0 or 1: which text; -1 for none
  std::vector<std::int32_t> position_ids;  ///< empty, or [sequence]
  /// Further inputs by name. One that the model has not, or that is a member here, is an error.
  std::vector<NamedInput> extra_inputs;
  std::vector<Encoding> overflowing;  ///< what truncation cut off, in windows that share `stride` tokens
  /// [sequence], with EncodeOptions::with_word_ids and for encode_words(): the number of the word that a token is of,
  /// as the tokenizer (or the caller) cut the text into words; -1 for none. Else empty.
  std::vector<std::int32_t> word_ids;
  /// [sequence], which of the two texts an offset is in, -1 for none; empty where that is what sequence_ids says.
  /// Hugging Face's sequence ids are wrong in the overflow of some templates, and sequence_ids is what it gives.
  std::vector<std::int8_t> text_ids;

  /// Tokens.
  std::size_t size() const noexcept { return input_ids.size(); }
};

/// The token that covers `position` (in what the offsets count, bytes or code points) of text `sequence` (0 or 1), as
/// Hugging Face's char_to_token: the first one whose offset has it; nullopt where none does, white space for example.
BERTRT_API std::optional<std::size_t> char_to_token(const Encoding& encoding, std::uint32_t position,
                                                    int sequence = 0) noexcept;

/// The tokens [first, second) of word `word` of text `sequence`, as Hugging Face's word_to_tokens; nullopt for a word
/// that gave none. Needs word_ids.
BERTRT_API std::optional<std::pair<std::size_t, std::size_t>> word_to_tokens(const Encoding& encoding,
                                                                             std::int32_t word,
                                                                             int sequence = 0) noexcept;

}  // namespace v0
}  // namespace bertrt
