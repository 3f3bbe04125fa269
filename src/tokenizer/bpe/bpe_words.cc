#include "tokenizer/bpe/bpe_words.h"

#include <utility>

#include "text/utf8.h"
#include "tokenizer/piece_output.h"

namespace bertrt::tokenizer {
namespace {

/// The ids of <0x..> for each byte; false where the vocabulary lacks one.
bool byte_ids(const SubwordVocab& vocab, std::string_view bytes, std::vector<std::int32_t>& ids) {
  constexpr std::string_view kDigits = "0123456789ABCDEF";
  ids.clear();
  for (const char c : bytes) {
    const auto byte = static_cast<unsigned char>(c);
    const char token[] = {'<', '0', 'x', kDigits[byte >> 4U], kDigits[byte & 15U], '>'};
    const auto id = vocab.find({token, sizeof token});
    if (!id) return false;
    ids.push_back(*id);
  }
  return true;
}

}  // namespace

BpeWords::BpeWords(BpeSpec spec) : spec_(std::move(spec)), unk_id_(spec_.unk_id()) {
  for (unsigned char c = 0; c < 128; ++c) {
    const char byte = static_cast<char>(c);
    ascii_ids_[c] = spec_.vocab.find({&byte, 1}).value_or(-1);
  }
}

void BpeWords::encode(std::string_view word, bool, Pieces& pieces) const {
  WordCache& cache = caches_.mine();
  Pieces own;
  PieceOutput output(pieces, word.size() / 2 + 1);
  cache.encode(word, 0, own, output, [this](std::string_view whole, Pieces& made) {
    encode_anew(whole, made);
    return true;
  });
}

std::int32_t BpeWords::id_of(std::string_view character, bool is_first, bool is_last, std::string& spelled) const {
  const bool with_prefix = !is_first && !spec_.prefix.empty();
  const bool with_suffix = is_last && !spec_.suffix.empty();
  if (!with_prefix && !with_suffix) {
    if (character.size() == 1) return ascii_ids_[static_cast<unsigned char>(character[0])];
    return spec_.vocab.find(character).value_or(-1);
  }
  spelled.clear();
  if (with_prefix) spelled.append(spec_.prefix);
  spelled.append(character);
  if (with_suffix) spelled.append(spec_.suffix);
  return spec_.vocab.find(spelled).value_or(-1);
}

// In Hugging Face's order: an unknown character waits for the next known one, which bytes that stand for another
// unknown character are not.
void BpeWords::encode_anew(std::string_view word, Pieces& pieces) const {
  if (spec_.ignore_merges) {
    if (const auto id = spec_.vocab.find(word)) {
      pieces.ids.push_back(*id);
      pieces.offsets.push_back({0, static_cast<std::uint32_t>(word.size())});
      return;
    }
  }
  std::vector<BpeSymbol> symbols;
  std::vector<std::int32_t> bytes;
  std::string spelled;
  BpeSymbol unknown;
  const auto flush = [&] {
    if (unknown.id >= 0) symbols.push_back(unknown);
    unknown = {};
  };
  for (std::size_t at = 0; at < word.size();) {
    const std::uint32_t length = text::decode_utf8(word, at).length;
    const std::string_view character = word.substr(at, length);
    const std::int32_t id = id_of(character, at == 0, at + length == word.size(), spelled);
    at += length;
    if (id >= 0) {
      flush();
      symbols.push_back({id, length});
    } else if (spec_.byte_fallback && byte_ids(spec_.vocab, character, bytes)) {
      for (const std::int32_t byte : bytes) symbols.push_back({byte, 1});
    } else if (spec_.unk_token) {
      if (!unk_id_) throw_no_unknown_token(*spec_.unk_token);
      if (!spec_.fuse_unk) flush();
      unknown = {*unk_id_, unknown.length + length};
    }
  }
  flush();
  spec_.merges.apply(symbols);
  std::uint32_t at = 0;
  for (const BpeSymbol& symbol : symbols) {
    pieces.ids.push_back(symbol.id);
    pieces.offsets.push_back({at, at + symbol.length});
    at += symbol.length;
  }
}

}  // namespace bertrt::tokenizer
