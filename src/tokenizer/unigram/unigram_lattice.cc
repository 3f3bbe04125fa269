#include "tokenizer/unigram/unigram_lattice.h"

#include <array>
#include <cstddef>

#include "text/utf8.h"
#include "tokenizer/word_model.h"

namespace bertrt::tokenizer {
namespace {

// What an unknown character costs below the worst piece.
constexpr double kUnknownPenalty = 10;

/// The ids of <0x..> for each byte of `run`; false where the vocabulary lacks one.
bool byte_pieces(const UnigramVocab& vocab, std::string_view run, std::vector<std::int32_t>& ids) {
  constexpr std::string_view kDigits = "0123456789ABCDEF";
  std::array<char, 6> piece = {'<', '0', 'x', '0', '0', '>'};
  const std::size_t before = ids.size();
  for (const char c : run) {
    const auto byte = static_cast<unsigned char>(c);
    piece[3] = kDigits[byte >> 4U];
    piece[4] = kDigits[byte & 15U];
    const auto id = vocab.find({piece.data(), piece.size()});
    if (!id) {
      ids.resize(before);
      return false;
    }
    ids.push_back(*id);
  }
  return true;
}

}  // namespace

void UnigramLattice::search(const UnigramVocab& vocab, std::string_view word, const Options& options) {
  best_.assign(word.size() + 1, Best{});
  if (options.watches_ties) near_.assign(word.size() + 1, 0);
  const double unknown_score = vocab.min_score() - kUnknownPenalty;
  for (std::size_t begin = 0; begin < word.size();) {
    const double score = best_[begin].score;
    const std::size_t character = begin + text::decode_utf8(word, begin).length;
    const auto offer = [&](std::size_t end, double candidate, std::int32_t id) {
      Best& best = best_[end];
      if (options.watches_ties && best.id >= 0) {
        const double lead = candidate - best.score;
        near_[end] = lead < kNear && (lead > -kNear || near_[end] != 0) ? 1 : 0;
      }
      if (best.id < 0 || candidate > best.score) best = {candidate, id, static_cast<std::uint32_t>(begin)};
    };
    bool has_character = false;
    UnigramVocab::Node node = UnigramVocab::kRoot;
    for (std::size_t at = begin; at < word.size();) {
      node = vocab.child(node, static_cast<unsigned char>(word[at]));
      if (node == UnigramVocab::kNone) break;
      ++at;
      const UnigramVocab::End& end = vocab.end(node);
      if (end.id >= 0 && (options.special_pieces || !end.is_special)) {
        offer(at, end.score + score, end.id);
        has_character = has_character || at == character;
      }
      if (end.is_leaf) break;
    }
    if (!has_character) {
      const Best& best = best_[character];
      const bool is_taken = best.id < 0 || unknown_score + score > best.score;
      if (is_taken && options.unk_id < 0) throw_no_unknown_token("");
      offer(character, unknown_score + score, options.unk_id);
    }
    begin = character;
  }
}

void UnigramLattice::encode(const UnigramVocab& vocab, std::string_view word, const Options& options,
                            std::vector<std::int32_t>& ids, std::vector<Offset>& offsets) {
  search(vocab, word, options);
  cuts_.clear();
  is_near_tie_ = false;
  for (auto end = static_cast<std::uint32_t>(word.size()); end > 0; end = best_[end].begin) {
    const Best& best = best_[end];
    const bool unknown = best.id == options.unk_id;
    is_near_tie_ = is_near_tie_ || (options.watches_ties && near_[end] != 0);
    if (unknown && !cuts_.empty() && cuts_.back().id < 0) {
      cuts_.back().range.begin = best.begin;
    } else {
      cuts_.push_back({{best.begin, end}, unknown ? -1 : best.id});
    }
  }
  for (auto cut = cuts_.rbegin(); cut != cuts_.rend(); ++cut) {
    if (cut->id < 0) {
      const std::string_view run = word.substr(cut->range.begin, cut->range.end - cut->range.begin);
      // A run of unknown characters may happen to be a piece.
      const UnigramVocab::End* piece = vocab.find_end(run);
      if (piece != nullptr && (options.special_pieces || !piece->is_special)) cut->id = piece->id;
      if (cut->id < 0 && options.byte_fallback && byte_pieces(vocab, run, ids)) {
        offsets.resize(ids.size(), cut->range);
        continue;
      }
      if (cut->id < 0 && options.unk_id < 0) throw_no_unknown_token("");
      if (cut->id < 0) cut->id = options.unk_id;
    }
    ids.push_back(cut->id);
    offsets.push_back(cut->range);
  }
}

}  // namespace bertrt::tokenizer
