#include "tokenizer/templates/offset_trim.h"

#include "text/unicode.h"
#include "text/utf8.h"

namespace bertrt::tokenizer {
namespace {

constexpr char32_t kSpaceLetter = 0x120;  // "Ġ", how byte-level vocabularies write a space

bool is_space(char32_t c) { return c == kSpaceLetter || (text::unicode_flags(c) & text::kSpace) != 0; }

/// `offset` without `leading` and `trailing` characters of `text` at its ends; empty at its begin where it has fewer.
Offset without(std::string_view text, Offset offset, std::uint32_t leading, std::uint32_t trailing) {
  for (; leading > 0 && offset.begin < offset.end; --leading) {
    offset.begin += text::decode_utf8(text, offset.begin).length;
  }
  if (trailing == 0) return offset;
  // The text may be invalid UTF-8, so its characters are counted forwards.
  std::uint32_t count = 0;
  for (std::uint32_t at = offset.begin; at < offset.end; ++count) at += text::decode_utf8(text, at).length;
  std::uint32_t end = offset.begin;
  for (; count > trailing; --count) end += text::decode_utf8(text, end).length;
  return {offset.begin, end};
}

}  // namespace

OffsetTrim::Space OffsetTrim::space_of(std::string_view token) {
  Space space;
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

OffsetTrim::Space& OffsetTrim::at(std::int32_t id) {
  const auto index = static_cast<std::size_t>(id);
  if (by_id_.size() <= index) by_id_.resize(index + 1);
  return by_id_[index];
}

void OffsetTrim::add(std::int32_t id, std::string_view token) {
  const Space space = space_of(token);
  if (space.leading != 0 || space.trailing != 0) at(id) = space;
}

void OffsetTrim::add_from_text(std::int32_t id, std::string_view content) {
  at(id).content = static_cast<std::int32_t>(contents_.size());
  contents_.emplace_back(content);
}

void OffsetTrim::trim(std::string_view text, std::span<const std::int32_t> ids, std::span<Offset> offsets,
                      bool keeps_prefix_space) const {
  for (std::size_t i = 0; i < ids.size(); ++i) {
    trim_one(text, ids[i], i == 0, keeps_prefix_space, offsets[i], offsets[i]);
  }
}

void OffsetTrim::trim_one(std::string_view text, std::int32_t token, bool is_first, bool keeps_prefix_space,
                          Offset whole, Offset& offset) const {
  const auto id = static_cast<std::size_t>(token);
  if (id >= by_id_.size()) return;
  Space space = by_id_[id];
  if (space.content >= 0) {
    if (whole.begin > whole.end || whole.end > text.size()) return;
    const std::string_view taken = text.substr(whole.begin, whole.end - whole.begin);
    const std::string& content = contents_[static_cast<std::size_t>(space.content)];
    // Else the model gave the id, and the white space is its token's.
    if (taken.find(content) != std::string_view::npos) space = space_of(taken);
  }
  if (space.leading == 0 && space.trailing == 0) return;
  const bool is_own = (is_first || offset.begin == 0) && keeps_prefix_space && space.leading == 1;
  offset = without(text, offset, is_own ? 0 : space.leading, space.trailing);
}

}  // namespace bertrt::tokenizer
