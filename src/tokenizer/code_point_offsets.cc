#include <string>
#include <string_view>

#include "base/out_of_memory.h"
#include "bertrt/error.h"
#include "bertrt/tokenizer.h"
#include "text/utf8.h"

namespace bertrt {
inline namespace v0 {
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

using Map = std::vector<std::uint32_t>;

/// `map_of(text, word)` gives the map of what an offset is in, nullptr for nothing.
template <typename MapOf>
void convert(Encoding& encoding, MapOf map_of) {
  const auto& texts = encoding.text_ids.empty() ? encoding.sequence_ids : encoding.text_ids;
  if (texts.size() != encoding.offsets.size()) {
    throw Error(ErrorCode::invalid_argument, "encoding", "a sequence id for each offset",
                std::to_string(texts.size()) + " for " + std::to_string(encoding.offsets.size()));
  }
  for (std::size_t i = 0; i < encoding.offsets.size(); ++i) {
    if (texts[i] < 0) continue;
    const Map* map = map_of(texts[i] == 1, i < encoding.word_ids.size() ? encoding.word_ids[i] : -1);
    if (map == nullptr) continue;
    Offset& offset = encoding.offsets[i];
    if (offset.begin > offset.end || offset.end >= map->size()) {
      throw Error(ErrorCode::invalid_argument, "encoding", "offsets into the texts that it was made from",
                  "one that ends at byte " + std::to_string(offset.end) + " of " + std::to_string(map->size() - 1));
    }
    offset = {(*map)[offset.begin], (*map)[offset.end]};
  }
  for (Encoding& window : encoding.overflowing) convert(window, map_of);
}

}  // namespace

Encoding code_point_offsets(Encoding encoding, std::string_view text, std::string_view pair) {
  return base::or_out_of_memory("code_point_offsets", [&] {
    const Map before[2] = {code_points_before(text), code_points_before(pair)};
    convert(encoding, [&](bool is_second, std::int32_t) { return &before[is_second]; });
    return encoding;
  });
}

Encoding code_point_offsets(Encoding encoding, std::span<const std::string_view> words,
                            std::span<const std::string_view> pair) {
  return base::or_out_of_memory("code_point_offsets", [&] {
    std::vector<Map> before[2];
    for (const std::string_view word : words) before[0].push_back(code_points_before(word));
    for (const std::string_view word : pair) before[1].push_back(code_points_before(word));
    convert(encoding, [&](bool is_second, std::int32_t word) -> const Map* {
      const auto& maps = before[is_second];
      return word < 0 || static_cast<std::size_t>(word) >= maps.size() ? nullptr
                                                                       : &maps[static_cast<std::size_t>(word)];
    });
    return encoding;
  });
}

std::optional<std::size_t> char_to_token(const Encoding& encoding, std::uint32_t position, int sequence) noexcept {
  for (std::size_t i = 0; i < encoding.offsets.size() && i < encoding.sequence_ids.size(); ++i) {
    const Offset& offset = encoding.offsets[i];
    if (encoding.sequence_ids[i] == sequence && position >= offset.begin && position < offset.end) return i;
  }
  return std::nullopt;
}

std::optional<std::pair<std::size_t, std::size_t>> word_to_tokens(const Encoding& encoding, std::int32_t word,
                                                                  int sequence) noexcept {
  std::optional<std::pair<std::size_t, std::size_t>> tokens;
  for (std::size_t i = 0; i < encoding.word_ids.size() && i < encoding.sequence_ids.size(); ++i) {
    if (encoding.sequence_ids[i] != sequence || encoding.word_ids[i] != word) continue;
    if (!tokens) tokens.emplace(i, i);
    tokens->second = i + 1;
  }
  return tokens;
}

}  // namespace v0
}  // namespace bertrt
