#include "tokenizer/bpe/bpe_model.h"

#include <algorithm>
#include <utility>

#include "text/composition.h"
#include "text/rewrite.h"
#include "text/utf8.h"
#include "tokenizer/bpe/byte_level.h"
#include "tokenizer/bpe/word_cutter.h"
#include "tokenizer/piece_output.h"

namespace bertrt::tokenizer {
namespace {

bool is_continuation(char byte) noexcept { return (static_cast<unsigned char>(byte) & 0xC0U) == 0x80U; }

/// The range of the characters that `range` touches.
Offset whole_characters(std::string_view word, Offset range) noexcept {
  while (range.begin > 0 && is_continuation(word[range.begin])) --range.begin;
  while (range.end < word.size() && is_continuation(word[range.end])) ++range.end;
  return range;
}

}  // namespace

BpeModel::BpeModel(BpeSpec spec, ByteLevelOptions options)
    : words_(std::move(spec)), options_(options), unk_id_(spec_.unk_id()) {
  std::string spelled;
  for (unsigned byte = 0; byte < 256; ++byte) {
    spelled.clear();
    text::append_utf8(byte_level_char(static_cast<std::uint8_t>(byte)), spelled);
    byte_ids_[byte] = spec_.vocab.find(spelled).value_or(-1);
    every_byte_known_ = every_byte_known_ && byte_ids_[byte] >= 0;
  }
}

bool BpeModel::stands_as_it_is(std::string_view text) const noexcept {
  return text::is_valid_utf8(text) && (!options_.nfc || text::is_composed(text));
}

void BpeModel::normalize(std::string_view text, RunContext, text::NormalizedText& normalized) const {
  text::align_to_itself(text, normalized);
  if (!options_.nfc) return;
  text::ChangeList list;
  text::nfc(normalized, list);
}

void BpeModel::encode(std::string_view text, RunContext context, Pieces& pieces) const {
  if (stands_as_it_is(text)) return encode_normalized(text, context, pieces);
  const std::size_t before = pieces.offsets.size();
  text::NormalizedText normalized;
  normalize(text, context, normalized);
  encode_normalized(normalized.bytes, context, pieces);
  for (std::size_t i = before; i < pieces.offsets.size(); ++i) {
    pieces.offsets[i] = normalized.to_source(pieces.offsets[i]);
  }
}

void BpeModel::encode_normalized(std::string_view text, RunContext, Pieces& pieces) const {
  const std::size_t before = pieces.offsets.size();
  if (!options_.add_prefix_space || text.empty() || text.front() == ' ') {
    PieceOutput output(pieces, expected_pieces(text));
    encode_words(text, output);
    return;
  }
  std::string prefixed(" ");
  prefixed.append(text);
  {
    PieceOutput output(pieces, expected_pieces(prefixed));
    encode_words(prefixed, output);
  }
  // The space that was put in stands where the first character stands.
  const std::uint32_t first = text::decode_utf8(text, 0).length;
  for (std::size_t i = before; i < pieces.offsets.size(); ++i) {
    Offset& offset = pieces.offsets[i];
    offset.begin -= offset.begin > 0 ? 1 : 0;
    offset.end = offset.end == 1 ? first : offset.end - 1;
  }
}

void BpeModel::encode_ids(std::string_view text, RunContext context, std::vector<std::int32_t>& ids) const {
  text::NormalizedText normalized;
  if (!stands_as_it_is(text)) {
    normalize(text, context, normalized);
    text = normalized.bytes;
  }
  std::string prefixed;
  if (options_.add_prefix_space && !text.empty() && text.front() != ' ') {
    prefixed.append(" ").append(text);
    text = prefixed;
  }
  IdOutput output(ids, expected_pieces(text));
  encode_words(text, output);
}

template <typename Output>
void BpeModel::encode_words(std::string_view text, Output& output) const {
  if (text.empty()) return;
  WordCache& cache = caches_.mine();
  Scratch scratch;
  if (options_.scanner == nullptr) {
    cache.encode(text, 0, scratch.pieces, output, [&](std::string_view word, Pieces&) {
      encode_word(word, scratch);
      return true;
    });
    return;
  }
  TextWords words;
  for (std::size_t begin = 0; begin < text.size();) {
    const std::size_t next = cut_words(options_.scanner, text, begin, words);
    cache.encode_words(text, begin, words, scratch.pieces, output, [&](std::string_view word, std::uint8_t, Pieces&) {
      encode_word(word, scratch);
      return true;
    });
    begin = next;
  }
}

void BpeModel::encode_word(std::string_view word, Scratch& scratch) const {
  if (spec_.ignore_merges) {
    scratch.spelled.clear();
    for (const char byte : word) text::append_utf8(byte_level_char(static_cast<std::uint8_t>(byte)), scratch.spelled);
    if (const auto id = spec_.vocab.find(scratch.spelled)) {
      scratch.pieces.ids.push_back(*id);
      scratch.pieces.offsets.push_back({0, static_cast<std::uint32_t>(word.size())});
      return;
    }
  }
  if (every_byte_known_) {
    encode_known_bytes(word, scratch);
  } else {
    encode_with_unknown_bytes(word, scratch);
  }
}

void BpeModel::encode_known_bytes(std::string_view word, Scratch& scratch) const {
  scratch.symbols.clear();
  for (const char byte : word) scratch.symbols.push_back({byte_ids_[static_cast<unsigned char>(byte)], 1});
  spec_.merges.apply(scratch.symbols);
  std::uint32_t at = 0;
  for (const BpeSymbol& symbol : scratch.symbols) {
    scratch.pieces.ids.push_back(symbol.id);
    scratch.pieces.offsets.push_back(whole_characters(word, {at, at + symbol.length}));
    at += symbol.length;
  }
}

// Hugging Face counts the lengths of what is left in bytes of the spelled word, whose characters have one or two, and
// a byte that vanishes (no unk token) is not counted: what follows it is found too far left. The same is done here.
void BpeModel::encode_with_unknown_bytes(std::string_view word, Scratch& scratch) const {
  std::vector<std::uint32_t> place;  // spelled byte -> byte of the word
  BpeSymbol unknown;
  scratch.symbols.clear();
  const auto flush = [&] {
    if (unknown.id >= 0) scratch.symbols.push_back(unknown);
    unknown = {};
  };
  for (std::size_t i = 0; i < word.size(); ++i) {
    const auto byte = static_cast<std::uint8_t>(word[i]);
    const std::uint32_t length = byte_level_char(byte) < 0x80 ? 1 : 2;
    place.insert(place.end(), length, static_cast<std::uint32_t>(i));
    if (byte_ids_[byte] >= 0) {
      flush();
      scratch.symbols.push_back({byte_ids_[byte], length});
    } else if (spec_.unk_token) {
      if (!unk_id_) throw_no_unknown_token(*spec_.unk_token);
      if (!spec_.fuse_unk) flush();
      unknown = {*unk_id_, unknown.length + length};
    }
  }
  flush();
  spec_.merges.apply(scratch.symbols);
  std::uint32_t at = 0;
  for (const BpeSymbol& symbol : scratch.symbols) {
    scratch.pieces.ids.push_back(symbol.id);
    scratch.pieces.offsets.push_back(whole_characters(word, {place[at], place[at + symbol.length - 1] + 1}));
    at += symbol.length;
  }
}

}  // namespace bertrt::tokenizer
