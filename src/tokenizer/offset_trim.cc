#include "tokenizer/offset_trim.h"

#include <algorithm>

#include "text/unicode.h"
#include "text/utf8.h"

namespace bertrt::tokenizer {
namespace {

constexpr char32_t kSpaceLetter = 0x120;  // "Ġ", how byte-level vocabularies write a space

/// How many bytes of the caller's text a character of white space stands for; 0 where it is none.
std::uint32_t space_bytes(text::Decoded c) {
  if (c.code_point == kSpaceLetter) return 1;
  return text::unicode_flags(c.code_point) & text::kSpace ? c.length : 0;
}

}  // namespace

OffsetTrim::Space OffsetTrim::space_of(std::string_view token) {
  Space space;
  for (std::size_t at = 0; at < token.size() && space.leading < 250;) {
    const text::Decoded c = text::decode_utf8(token, at);
    const std::uint32_t bytes = space_bytes(c);
    if (bytes == 0) break;
    space.leading = static_cast<std::uint8_t>(space.leading + bytes);
    ++space.leading_count;
    at += c.length;
  }
  for (std::size_t end = token.size(); end > 0 && space.trailing < 250;) {
    const std::size_t at = text::previous_utf8(token, end);
    const std::uint32_t bytes = space_bytes(text::decode_utf8(token, at));
    if (bytes == 0) break;
    space.trailing = static_cast<std::uint8_t>(space.trailing + bytes);
    end = at;
  }
  return space;
}

OffsetTrim::Space& OffsetTrim::at(std::int32_t id) {
  const auto index = static_cast<std::size_t>(id);
  if (by_id_.size() <= index) by_id_.resize(index + 1);
  return by_id_[index];
}

void OffsetTrim::add(std::int32_t id, std::string_view token) {
  const Space space = space_of(token);
  if (space.leading != 0 || space.trailing != 0) at(id) = space;
}

void OffsetTrim::add_from_text(std::int32_t id) { at(id).from_text = true; }

void OffsetTrim::trim(std::string_view text, std::span<const std::int32_t> ids, std::span<Offset> offsets) const {
  for (std::size_t i = 0; i < ids.size(); ++i) {
    const auto id = static_cast<std::size_t>(ids[i]);
    if (id >= by_id_.size()) continue;
    Space space = by_id_[id];
    Offset& offset = offsets[i];
    if (space.from_text) space = space_of(text.substr(offset.begin, offset.end - offset.begin));
    const bool is_first = i == 0 || offset.begin == 0;
    const bool is_own = is_first && keeps_prefix_space_ && space.leading_count == 1;
    if (!is_own) offset.begin = std::min(offset.begin + space.leading, offset.end);
    if (offset.end >= space.trailing) offset.end = std::max(offset.end - space.trailing, offset.begin);
  }
}

}  // namespace bertrt::tokenizer
