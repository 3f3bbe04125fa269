#include <string>
#include <string_view>

#include "bertrt/error.h"
#include "bertrt/tokenizer.h"
#include "text/utf8.h"

namespace bertrt {
namespace {

/// For each byte (and the end) of a text: how many code points begin before it.
std::vector<std::uint32_t> code_points_before(std::string_view text) {
  std::vector<std::uint32_t> before(text.size() + 1);
  std::uint32_t count = 0;
  for (std::size_t at = 0; at < text.size();) {
    const std::uint32_t length = text::decode_utf8(text, at).length;
    before[at] = count++;
    // An offset inside a code point belongs to its end.
    for (std::uint32_t i = 1; i < length; ++i) before[at + i] = count;
    at += length;
  }
  before[text.size()] = count;
  return before;
}

void convert(Encoding& encoding, const std::vector<std::uint32_t> (&before)[2]) {
  if (encoding.sequence_ids.size() != encoding.offsets.size()) {
    throw Error(ErrorCode::invalid_argument, "encoding", "a sequence id for each offset",
                std::to_string(encoding.sequence_ids.size()) + " for " + std::to_string(encoding.offsets.size()));
  }
  for (std::size_t i = 0; i < encoding.offsets.size(); ++i) {
    if (encoding.sequence_ids[i] < 0) continue;
    const auto& map = before[encoding.sequence_ids[i] == 1];
    Offset& offset = encoding.offsets[i];
    if (offset.begin > offset.end || offset.end >= map.size()) {
      throw Error(ErrorCode::invalid_argument, "encoding", "offsets into the texts that it was made from",
                  "one that ends at byte " + std::to_string(offset.end) + " of " + std::to_string(map.size() - 1));
    }
    offset = {map[offset.begin], map[offset.end]};
  }
  for (Encoding& window : encoding.overflowing) convert(window, before);
}

}  // namespace

Encoding code_point_offsets(Encoding encoding, std::string_view text, std::string_view pair) {
  const std::vector<std::uint32_t> before[2] = {code_points_before(text), code_points_before(pair)};
  convert(encoding, before);
  return encoding;
}

}  // namespace bertrt
