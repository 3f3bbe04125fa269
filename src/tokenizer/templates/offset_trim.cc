#include "tokenizer/templates/offset_trim.h"

#include "text/unicode.h"
#include "text/utf8.h"

namespace bertrt::tokenizer {
namespace {

constexpr char32_t kSpaceLetter = 0x120;  // "Ġ", how byte-level vocabularies write a space

bool is_space(char32_t c) { return c == kSpaceLetter || (text::unicode_flags(c) & text::kSpace) != 0; }

/// `offset` without `leading` and `trailing` characters of `text` at its ends; empty at its begin where it has fewer.
Offset without(std::string_view text, Offset offset, std::uint32_t leading, std::uint32_t trailing) {
  // The text may be invalid UTF-8, so its characters are counted forwards.
  std::uint32_t before_end = 0;
  for (std::uint32_t at = 0; at < offset.end && before_end < trailing; ++before_end) {
    at += text::decode_utf8(text, at).length;
  }
  // More white space than there are characters before the end: Hugging Face leaves the end alone.
  if (before_end < trailing) trailing = 0;
  for (; leading > 0 && offset.begin < offset.end; --leading) {
    offset.begin += text::decode_utf8(text, offset.begin).length;
  }
  if (trailing == 0) return offset;
  std::uint32_t count = 0;
  for (std::uint32_t at = offset.begin; at < offset.end; ++count) at += text::decode_utf8(text, at).length;
  std::uint32_t end = offset.begin;
  for (; count > trailing; --count) end += text::decode_utf8(text, end).length;
  return {offset.begin, end};
}

}  // namespace

EndSpace OffsetTrim::space_of(std::string_view token) {
  EndSpace space;
  for (std::size_t at = 0; at < token.size(); ++space.leading) {
    const text::Decoded c = text::decode_utf8(token, at);
    if (!is_space(c.code_point)) break;
    at += c.length;
  }
  for (std::size_t end = token.size(); end > 0; ++space.trailing) {
    const std::size_t at = text::previous_utf8(token, end);
    if (!is_space(text::decode_utf8(token, at).code_point)) break;
    end = at;
  }
  return space;
}

void OffsetTrim::add(std::int32_t id, std::string_view token) {
  const EndSpace space = space_of(token);
  if (space.leading == 0 && space.trailing == 0) return;
  const auto index = static_cast<std::size_t>(id);
  if (by_id_.size() <= index) by_id_.resize(index + 1);
  by_id_[index] = space;
}

EndSpace OffsetTrim::of(std::int32_t id) const {
  const auto index = static_cast<std::size_t>(id);
  return index < by_id_.size() ? by_id_[index] : EndSpace{};
}

void OffsetTrim::trim(std::string_view text, EndSpace space, bool is_first, bool keeps_prefix_space, Offset& offset) {
  if (space.leading == 0 && space.trailing == 0) return;
  const bool is_own = (is_first || offset.begin == 0) && keeps_prefix_space && space.leading == 1;
  offset = without(text, offset, is_own ? 0 : space.leading, space.trailing);
}

}  // namespace bertrt::tokenizer
