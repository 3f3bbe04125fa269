#include "text/precompiled.h"

#include <algorithm>
#include <cstddef>

#include "bertrt/error.h"
#include "text/compatibility.h"
#include "text/utf8.h"

namespace bertrt::text {
namespace {

// A longer grapheme is never looked up as a whole.
constexpr std::size_t kGraphemeLimit = 6;

// darts-clone's units: a label with a mark of leaves, an offset to the children in 22 bits with a scale bit, or a
// value.
bool has_leaf(std::uint32_t unit) noexcept { return ((unit >> 8U) & 1U) == 1U; }
std::uint32_t value_of(std::uint32_t unit) noexcept { return unit & 0x7FFFFFFFU; }
std::uint32_t label_of(std::uint32_t unit) noexcept { return unit & 0x800000FFU; }
std::uint32_t offset_of(std::uint32_t unit) noexcept { return (unit >> 10U) << ((unit & 0x200U) >> 6U); }

std::uint32_t little_endian(std::string_view bytes, std::size_t at) noexcept {
  std::uint32_t value = 0;
  for (unsigned i = 0; i < 4; ++i) value |= std::uint32_t{static_cast<unsigned char>(bytes[at + i])} << (8U * i);
  return value;
}

std::size_t count_characters(std::string_view text) noexcept {
  return static_cast<std::size_t>(
      std::count_if(text.begin(), text.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xC0U) != 0x80U; }));
}

/// The end of the grapheme at `begin`. Rules that only join what makes 6 bytes or more (Hangul, flags, emoji
/// sequences, Indic conjuncts) are left out: such a grapheme is taken by characters in any case.
std::size_t grapheme_end(std::string_view text, std::size_t begin) noexcept {
  const Decoded c = decode_utf8(text, begin);
  std::size_t at = begin + c.length;
  if (c.code_point == '\r' && at < text.size() && text[at] == '\n') return at + 1;
  std::uint8_t flags = compatibility_flags(c.code_point);
  while (at < text.size()) {
    if (flags & kControl) return at;
    const Decoded next = decode_utf8(text, at);
    const std::uint8_t next_flags = compatibility_flags(next.code_point);
    const bool joined = (next_flags & kAttaches) || ((flags & kPrepends) && !(next_flags & kControl));
    if (!joined) return at;
    at += next.length;
    flags = next_flags;
  }
  return at;
}

/// Adds `target` in place of `source`, with the changes as precompiled.rs counts them. False when there is no
/// character yet that could carry the count of what was taken out.
bool add(std::string_view source, std::string_view target, std::vector<Change>& changes) {
  const auto difference =
      static_cast<std::int32_t>(count_characters(target)) - static_cast<std::int32_t>(count_characters(source));
  for (std::size_t at = 0; at < target.size();) {
    const Decoded c = decode_utf8(target, at);
    changes.push_back({c.code_point, 0});
    at += c.length;
  }
  for (std::int32_t i = 1; i <= difference; ++i) changes[changes.size() - static_cast<std::size_t>(i)].change = 1;
  if (difference >= 0) return true;
  if (changes.empty()) return false;
  changes.back().change += difference;
  return true;
}

}  // namespace

Precompiled::Precompiled(std::string_view charsmap, const std::string& where) {
  const std::size_t size = charsmap.size() < 4 ? 0 : little_endian(charsmap, 0);
  if (size == 0 || size % 4 != 0 || size > charsmap.size() - 4) {
    throw Error(ErrorCode::invalid_format, where + ": precompiled_charsmap", "a trie and its texts",
                std::to_string(charsmap.size()) + " bytes that are none");
  }
  trie_.reserve(size / 4);
  for (std::size_t at = 4; at < 4 + size; at += 4) trie_.push_back(little_endian(charsmap, at));
  targets_ = charsmap.substr(4 + size);
  if (!is_valid_utf8(targets_)) {
    throw Error(ErrorCode::invalid_format, where + ": precompiled_charsmap", "texts in UTF-8", "invalid bytes");
  }
  const std::uint32_t root = offset_of(trie_[0]);
  for (std::uint32_t byte = 1; byte < 256; ++byte) {
    const std::uint32_t at = root ^ byte;
    starts_a_key_[byte] = at < trie_.size() && label_of(trie_[at]) == byte;
  }
}

std::optional<std::string_view> Precompiled::find(std::string_view chunk) const noexcept {
  std::uint32_t at = offset_of(trie_[0]);
  for (const char c : chunk) {
    const std::uint32_t byte = static_cast<unsigned char>(c);
    at ^= byte;
    if (byte == 0 || at >= trie_.size() || label_of(trie_[at]) != byte) return std::nullopt;
    const bool leaf = has_leaf(trie_[at]);
    at ^= offset_of(trie_[at]);
    if (!leaf) continue;
    const std::size_t begin = at < trie_.size() ? value_of(trie_[at]) : targets_.size();
    const std::size_t end = targets_.find('\0', begin);
    if (begin > targets_.size()) return std::nullopt;
    return std::string_view(targets_).substr(begin, end == std::string::npos ? end : end - begin);
  }
  return std::nullopt;
}

bool Precompiled::apply(NormalizedText& text, ChangeList& list) const {
  const std::string_view bytes = text.bytes;
  std::vector<Change>& changes = list.changes;
  changes.clear();
  bool modified = false;
  bool counted = true;
  for (std::size_t at = 0; at < bytes.size();) {
    const std::size_t end = grapheme_end(bytes, at);
    if (end - at < kGraphemeLimit && starts_a_key_[static_cast<unsigned char>(bytes[at])]) {
      const std::string_view grapheme = bytes.substr(at, end - at);
      if (const auto target = find(grapheme)) {
        counted = add(grapheme, *target, changes) && counted;
        modified = true;
        at = end;
        continue;
      }
    }
    while (at < end) {
      const Decoded c = decode_utf8(bytes, at);
      const std::string_view character = bytes.substr(at, c.length);
      at += c.length;
      const auto target = starts_a_key_[static_cast<unsigned char>(character[0])] ? find(character) : std::nullopt;
      if (target) {
        counted = add(character, *target, changes) && counted;
        modified = true;
      } else {
        changes.push_back({c.code_point, 0});
      }
    }
  }
  if (modified) list.apply(text);
  return counted;
}

}  // namespace bertrt::text
