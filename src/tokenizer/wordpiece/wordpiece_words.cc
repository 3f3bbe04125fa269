#include "tokenizer/wordpiece/wordpiece_words.h"

#include <utility>

#include "text/utf8.h"

namespace bertrt::tokenizer {
namespace {

/// More than `limit` characters.
bool is_longer(std::string_view word, std::size_t limit) {
  std::size_t count = 0;
  for (std::size_t at = 0; at < word.size(); at += text::decode_utf8(word, at).length) {
    if (++count > limit) return true;
  }
  return false;
}

}  // namespace

WordPieceWords::WordPieceWords(WordPieceVocab vocab, Options options, bool prefix_in_words, const std::string& where)
    : options_(std::move(options)),
      lexicon_(std::move(vocab), options_.prefix, prefix_in_words, where),
      unk_id_(lexicon_.find(options_.unk_token).value_or(-1)) {}

void WordPieceWords::put_unknown(std::string_view word, Pieces& pieces) const {
  if (unk_id_ < 0) throw_no_unknown_token(options_.unk_token);
  pieces.ids.push_back(unk_id_);
  pieces.offsets.push_back({0, static_cast<std::uint32_t>(word.size())});
}

void WordPieceWords::encode(std::string_view word, bool, Pieces& pieces) const {
  if (is_longer(word, options_.max_word)) return put_unknown(word, pieces);
  const std::size_t before = pieces.ids.size();
  std::size_t at = 0;
  auto match = lexicon_.longest_initial(word);
  while (match.id >= 0) {
    const auto begin = static_cast<std::uint32_t>(at);
    pieces.ids.push_back(match.id);
    pieces.offsets.push_back({begin, begin + match.length});
    at += match.length;
    if (at == word.size()) return;
    match = lexicon_.longest_continuation(word.substr(at));
  }
  pieces.ids.resize(before);
  pieces.offsets.resize(before);
  put_unknown(word, pieces);
}

}  // namespace bertrt::tokenizer
