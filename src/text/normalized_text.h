#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "bertrt/encoding.h"

namespace bertrt::text {

/// A text after a normalizer, with the place of every byte in the text it was made from.
struct NormalizedText {
  std::string bytes;           ///< valid UTF-8
  std::vector<Offset> source;  ///< one for each byte of `bytes`: the bytes of the original that it stands for

  /// The range of the original that `bytes[begin, end)` stands for: from its first byte's to its last byte's.
  /// An empty range is empty at `begin`.
  Offset to_source(Offset range) const {
    if (range.begin >= range.end) {
      const std::uint32_t at = range.begin < source.size() ? source[range.begin].begin
                               : source.empty()            ? 0
                                                           : source.back().end;
      return {at, at};
    }
    return {source[range.begin].begin, source[range.end - 1].end};
  }

  void clear() {
    bytes.clear();
    source.clear();
  }
};

/// `text` as it stands, each character with its own place; each maximal invalid subpart as U+FFFD.
void align_to_itself(std::string_view text, NormalizedText& normalized);

}  // namespace bertrt::text
