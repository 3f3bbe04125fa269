#include "tokenizer/unigram/chunk_cuts.h"

namespace bertrt::tokenizer {
void ChunkCuts::build(const UnigramPieces& pieces, const UnigramNormalizer& normalizer,
                      const std::array<bool, 256>& separates) {
  separates_ = separates;
  for (std::size_t a = 0; a < 256; ++a) {
    for (std::size_t b = 0; b < 256; ++b) {
      if (separates_[a] || separates_[b]) cuts_[a * 256 + b] = kSpace;
    }
  }
  watches_ties_ = !pieces.vocab.has_exact_scores();
  if (watches_ties_ && !pieces.vocab.has_small_scores()) return;
  if (watches_ties_) most_ = kMostWatched;
  std::string_view unknown;
  if (const auto piece = pieces.vocab.piece(pieces.unk_id)) unknown = *piece;
  for (unsigned c = '!'; c < 127; ++c) {
    const int normal = normalizer.alone(static_cast<char>(c));
    if (normal <= ' ') continue;
    const char byte = static_cast<char>(normal);
    const UnigramVocab::End* end = pieces.vocab.find_end({&byte, 1});
    if (end != nullptr && !end->is_special && end->id != pieces.unk_id) normal_[c] = static_cast<unsigned char>(normal);
  }
  for (std::size_t a = 0; a < 128; ++a) {
    for (std::size_t b = 0; b < 128; ++b) {
      const unsigned char left = normal_[a];
      const unsigned char right = normal_[b];
      if (left == 0 || right == 0 || pieces.vocab.are_together(left, right) || separates_[a] || separates_[b]) continue;
      if (!unknown.empty() &&
          (unknown.back() == static_cast<char>(left) || unknown.front() == static_cast<char>(right)))
        continue;
      cuts_[a * 256 + b] = 1;
    }
  }
}

void ChunkCuts::forget(std::string_view piece) noexcept {
  if (piece.size() != 1) return;
  for (std::size_t c = 0; c < 128; ++c) {
    if (normal_[c] == 0 || normal_[c] != static_cast<unsigned char>(piece[0])) continue;
    for (std::size_t other = 0; other < 256; ++other) {
      if (cuts_[c * 256 + other] == 1) cuts_[c * 256 + other] = 0;
      if (cuts_[other * 256 + c] == 1) cuts_[other * 256 + c] = 0;
    }
  }
}

std::size_t ChunkCuts::cut(std::string_view text, std::size_t begin, std::size_t most,
                           TextWords& words) const noexcept {
  constexpr std::size_t kStretch = 4096;
  words.clear();
  std::size_t at = begin;
  while (at < text.size() && at - begin < kStretch && words.size() + kMostExact < TextWords::kMost) {
    if (separates_[static_cast<unsigned char>(text[at])]) {
      ++at;
      continue;
    }
    const std::size_t chunk = at;
    const std::size_t known = words.size();
    std::size_t word = at;
    for (++at; at < text.size(); ++at) {
      const std::uint8_t cut = between(static_cast<unsigned char>(text[at - 1]), static_cast<unsigned char>(text[at]));
      if (cut == 0) continue;
      if (cut == kSpace) break;
      if (at - chunk >= most) continue;
      words.add(word - begin, at - begin, word == chunk ? kFirst : kInner);
      word = at;
    }
    if (at - chunk > most) {
      words.cut(known);
      word = chunk;
    }
    words.add(word - begin, at - begin, word == chunk ? kFirst : kInner);
  }
  return at;
}

}  // namespace bertrt::tokenizer
