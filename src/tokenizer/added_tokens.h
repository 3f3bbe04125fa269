#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "bertrt/encoding.h"
#include "tokenizer/added_vocabulary.h"

namespace bertrt::tokenizer {

/// A stretch of text: an added token, or what stands between two.
struct Segment {
  Offset range;
  std::int32_t id = -1;  ///< the added token's, -1 for plain text
};

/// Finds added tokens in a text: leftmost, then longest, never overlapping. Immutable.
class AddedTokenMatcher {
 public:
  struct Pattern {
    std::string text;  ///< what is looked for: the token's content, normalized where it has to be
    AddedToken token;
    std::int32_t id = -1;
  };

  AddedTokenMatcher() = default;
  explicit AddedTokenMatcher(std::vector<Pattern> patterns);

  bool empty() const noexcept { return patterns_.empty(); }

  /// Appends the segments that cover `text`; none for an empty text. With `parse_special` off, special tokens are plain
  /// text and only the others are found.
  void split(std::string_view text, bool parse_special, std::vector<Segment>& segments) const;

  /// The place of the first byte at or behind `from` where a pattern could begin; text.size() if there is none.
  std::size_t next_candidate(std::string_view text, std::size_t from) const noexcept;

 private:
  const Pattern* longest_at(std::string_view text, std::size_t at) const noexcept;

  std::vector<Pattern> patterns_;       // by first byte, longest first
  std::vector<std::uint32_t> by_byte_;  // 257 bounds into patterns_
  std::string first_bytes_;             ///< of the patterns, each once
};

}  // namespace bertrt::tokenizer
