#include "tokenizer/added_tokens.h"

#include <algorithm>
#include <utility>

#include "text/unicode.h"
#include "text/utf8.h"

namespace bertrt::tokenizer {
namespace {

/// First bytes of added tokens that are looked for in chunks.
constexpr std::size_t kFewBytes = 3;

/// The flags of the character that ends at `end` (> 0), and where it begins. An invalid sequence has none.
std::pair<std::size_t, std::uint8_t> character_before(std::string_view text, std::size_t end) {
  const std::size_t at = text::previous_utf8(text, end);
  const text::Decoded c = text::decode_utf8(text, at);
  return {at, at + c.length == end ? text::unicode_flags(c.code_point) : std::uint8_t{0}};
}

bool ends_with_word(std::string_view text) {
  return !text.empty() && (character_before(text, text.size()).second & text::kWord) != 0;
}

bool starts_with_word(std::string_view text) {
  return !text.empty() && (text::unicode_flags(text::decode_utf8(text, 0).code_point) & text::kWord);
}

/// Where the white space that ends at `end` begins, not before `first`.
std::size_t space_before(std::string_view text, std::size_t end, std::size_t first) {
  while (end > first) {
    const auto [at, flags] = character_before(text, end);
    if ((flags & text::kSpace) == 0) break;
    end = at;
  }
  return end;
}

/// Where the white space that begins at `at` ends.
std::size_t space_behind(std::string_view text, std::size_t at) {
  while (at < text.size()) {
    const text::Decoded c = text::decode_utf8(text, at);
    if (!(text::unicode_flags(c.code_point) & text::kSpace)) break;
    at += c.length;
  }
  return at;
}

Offset offset(std::size_t begin, std::size_t end) {
  return {static_cast<std::uint32_t>(begin), static_cast<std::uint32_t>(end)};
}

unsigned char first_byte(const AddedTokenMatcher::Pattern& pattern) {
  return static_cast<unsigned char>(pattern.text.front());
}

}  // namespace

AddedTokenMatcher::AddedTokenMatcher(std::vector<Pattern> patterns) : patterns_(std::move(patterns)) {
  std::erase_if(patterns_, [](const Pattern& p) { return p.text.empty(); });
  std::stable_sort(patterns_.begin(), patterns_.end(), [](const Pattern& a, const Pattern& b) {
    if (first_byte(a) != first_byte(b)) return first_byte(a) < first_byte(b);
    return a.text.size() > b.text.size();
  });
  if (patterns_.empty()) return;
  by_byte_.assign(257, 0);
  for (const Pattern& p : patterns_) ++by_byte_[first_byte(p) + 1u];
  for (std::size_t i = 1; i < by_byte_.size(); ++i) by_byte_[i] += by_byte_[i - 1];
  for (const Pattern& p : patterns_) {
    if (first_bytes_.empty() || first_bytes_.back() != p.text.front()) first_bytes_.push_back(p.text.front());
  }
}

std::size_t AddedTokenMatcher::next_candidate(std::string_view text, std::size_t from) const noexcept {
  if (patterns_.empty() || from >= text.size()) return text.size();
  if (first_bytes_.size() <= kFewBytes) {
    // Without a branch for each byte, so that compilers make vectors of it.
    constexpr std::size_t kChunk = 32;
    const char one = first_bytes_.front();
    const char two = first_bytes_[first_bytes_.size() / 2];
    const char three = first_bytes_.back();
    for (; text.size() - from >= kChunk; from += kChunk) {
      const char* bytes = text.data() + from;
      unsigned char any = 0;
      for (std::size_t i = 0; i < kChunk; ++i) {
        any |= static_cast<unsigned char>((bytes[i] == one) | (bytes[i] == two) | (bytes[i] == three));
      }
      if (any != 0) break;
    }
  }
  for (; from < text.size(); ++from) {
    const auto byte = static_cast<unsigned char>(text[from]);
    if (by_byte_[byte] != by_byte_[byte + 1u]) break;
  }
  return from;
}

const AddedTokenMatcher::Pattern* AddedTokenMatcher::longest_at(std::string_view text, std::size_t at) const noexcept {
  const auto byte = static_cast<unsigned char>(text[at]);
  for (std::uint32_t i = by_byte_[byte]; i < by_byte_[byte + 1u]; ++i) {
    if (text.substr(at).starts_with(patterns_[i].text)) return &patterns_[i];
  }
  return nullptr;
}

void AddedTokenMatcher::split(std::string_view text, bool parse_special, std::vector<Segment>& segments) const {
  std::size_t done = 0;
  std::size_t space_end = 0;  // of the white space that a token took last: those found within it take the same
  for (std::size_t at = next_candidate(text, 0); at < text.size();) {
    const Pattern* pattern = longest_at(text, at);
    if (pattern == nullptr) {
      at = next_candidate(text, at + 1);
      continue;
    }
    std::size_t begin = at;
    std::size_t end = at + pattern->text.size();
    at = next_candidate(text, end);  // a match that is turned down is passed over whole, as Hugging Face does
    const AddedToken& token = pattern->token;
    if (token.special && !parse_special) continue;
    if (token.single_word && (ends_with_word(text.substr(0, begin)) || starts_with_word(text.substr(end)))) continue;
    // White space that the token before has taken stays there.
    if (token.lstrip) begin = std::max(space_before(text, begin, done), done);
    if (token.rstrip) end = space_end = end < space_end ? space_end : space_behind(text, end);
    if (begin >= end) continue;  // a token of white space, all of it
    if (done < begin) segments.push_back({offset(done, begin), -1});
    segments.push_back({offset(begin, end), pattern->id});
    done = end;
  }
  if (done < text.size()) segments.push_back({offset(done, text.size()), -1});
}

}  // namespace bertrt::tokenizer
