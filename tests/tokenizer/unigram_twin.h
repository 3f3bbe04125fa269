#pragma once

#include <algorithm>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "text/gpt2_classes.h"
#include "text/utf8.h"
#include "tokenizer/golden.h"
#include "tokenizer/subword_model.h"
#include "tokenizer/unigram/sentencepiece_model.h"

namespace bertrt::testing {

/// Unigram as it is described: the whole text normalized at once, words by white space, Viterbi over a map, no cache
/// and no trie. What the fast way must equal. For models whose ids are the file's own (ALBERT).
class UnigramTwin {
 public:
  /// @param model  normalizes for the twin, nothing else
  UnigramTwin(const std::string& path, std::int32_t unk, const tokenizer::SubwordModel& model)
      : model_(model), unk_(unk) {
    const std::string bytes = read_file(path);
    const auto file = tokenizer::SentencePieceModel::parse(bytes, path);
    std::int32_t id = 0;
    for (const auto& piece : file.pieces) {
      pieces_[std::string(piece.text)] = {piece.score, id++};
      worst_ = std::min(worst_, double{piece.score});
      longest_ = std::max(longest_, piece.text.size());
    }
  }

  tokenizer::Pieces encode(std::string_view text) const {
    text::NormalizedText normalized;
    model_.normalize(text, {}, normalized);
    tokenizer::Pieces pieces;
    std::size_t word = 0;
    for (std::size_t at = 0; at < normalized.bytes.size();) {
      const text::Decoded c = text::decode_utf8(normalized.bytes, at);
      if (text::is_white_space(c.code_point)) {
        add_word(normalized, word, at, pieces);
        word = at + c.length;
      }
      at += c.length;
    }
    add_word(normalized, word, normalized.bytes.size(), pieces);
    return pieces;
  }

 private:
  struct Piece {
    double score;
    std::int32_t id;
  };
  struct Way {
    double score = 0;
    std::int32_t id = -1;
    std::size_t begin = 0;
  };
  static constexpr std::string_view kMark = "\xE2\x96\x81";

  void add_word(const text::NormalizedText& text, std::size_t begin, std::size_t end, tokenizer::Pieces& pieces) const {
    if (begin == end) return;
    std::string word = text.bytes.substr(begin, end - begin);
    std::vector<Offset> source(text.source.begin() + static_cast<std::ptrdiff_t>(begin),
                               text.source.begin() + static_cast<std::ptrdiff_t>(end));
    if (!word.starts_with(kMark)) {
      word.insert(0, kMark);
      source.insert(source.begin(), kMark.size(), Offset(source.front()));
    }
    for (std::size_t from = 0; from < word.size();) {
      const std::size_t to = std::min(word.find(kMark, from + 1), word.size());
      add_part(word.substr(from, to - from), {source.begin() + static_cast<std::ptrdiff_t>(from), source.end()},
               pieces);
      from = to;
    }
  }

  void add_part(const std::string& part, const std::vector<Offset>& source, tokenizer::Pieces& pieces) const {
    std::vector<Way> ways(part.size() + 1);
    for (std::size_t begin = 0; begin < part.size();) {
      const std::size_t character = begin + text::decode_utf8(part, begin).length;
      const auto offer = [&](std::size_t end, double score, std::int32_t id) {
        if (ways[end].id < 0 || score > ways[end].score) ways[end] = {score, id, begin};
      };
      bool known = false;
      for (std::size_t end = begin + 1; end <= std::min(part.size(), begin + longest_); ++end) {
        const auto found = pieces_.find(part.substr(begin, end - begin));
        if (found == pieces_.end()) continue;
        offer(end, found->second.score + ways[begin].score, found->second.id);
        known = known || end == character;
      }
      if (!known) offer(character, worst_ - 10 + ways[begin].score, unk_);
      begin = character;
    }
    // Ranges from the end, neighbouring unknown ones joined.
    std::vector<std::pair<std::size_t, std::size_t>> ranges;
    std::vector<std::int32_t> ids;
    for (std::size_t end = part.size(); end > 0; end = ways[end].begin) {
      if (ways[end].id == unk_ && !ids.empty() && ids.back() == unk_) {
        ranges.back().first = ways[end].begin;
      } else {
        ranges.emplace_back(ways[end].begin, end);
        ids.push_back(ways[end].id);
      }
    }
    for (std::size_t i = ids.size(); i-- > 0;) {
      const auto [from, to] = ranges[i];
      const auto whole = pieces_.find(part.substr(from, to - from));
      pieces.ids.push_back(ids[i] == unk_ && whole != pieces_.end() ? whole->second.id : ids[i]);
      pieces.offsets.push_back({source[from].begin, source[to - 1].end});
    }
  }

  const tokenizer::SubwordModel& model_;
  std::int32_t unk_;
  std::map<std::string, Piece> pieces_;
  double worst_ = 0;
  std::size_t longest_ = 1;
};

}  // namespace bertrt::testing
