#include "tokenizer/wordpiece_lexicon.h"

#include <algorithm>
#include <array>
#include <future>
#include <utility>

namespace bertrt::tokenizer {
namespace {

/// @param any_zero  some token has a byte 0, which the table cannot tell from the end of a word
bool fits_word_table(std::string_view token, bool any_zero) {
  return token.size() <= WordTable::kMaxWord && !(any_zero && token.find('\0') != std::string_view::npos);
}

}  // namespace

WordPieceLexicon::WordPieceLexicon(WordPieceVocab vocab, std::string prefix, bool prefix_in_words,
                                   const std::string& where)
    : vocab_(std::move(vocab)), prefix_(std::move(prefix)), prefix_in_words_(prefix_in_words) {
  const auto& entries = vocab_.entries();
  const bool any_zero = vocab_.text().find('\0') != std::string::npos;
  std::vector<PieceTrie::Key> initial;
  std::vector<PieceTrie::Key> continuation;
  initial.reserve(entries.size());
  continuation.reserve(entries.size() / 4);
  std::size_t short_words = 0;
  std::size_t long_words = 0;
  std::int32_t highest = -1;
  for (const auto& entry : entries) highest = std::max(highest, entry.id);
  by_id_.assign(static_cast<std::size_t>(highest + 1), 0);
  for (std::uint32_t i = 0; i < entries.size(); ++i) {
    const std::string_view token = vocab_.view(entries[i]);
    const bool continues = token.starts_with(prefix_);
    if (token.empty()) empty_id_ = entries[i].id;
    if (token == prefix_) prefix_id_ = entries[i].id;
    if (continues && token.size() > prefix_.size()) {
      continuation.push_back({token.substr(prefix_.size()), entries[i].id, i});
    }
    if (token.empty() || (continues && !prefix_in_words_)) continue;
    initial.push_back({token, entries[i].id, i});
    if (fits_word_table(token, any_zero)) ++(token.size() <= 8 ? short_words : long_words);
  }
  // The tries and the word table take about as long and share nothing but what they read.
  const char* text = vocab_.text().data();
  auto tries = std::async(std::launch::async | std::launch::deferred, [&] {
    return std::array{initial_.build(initial, text, where), continuation_.build(continuation, text, where)};
  });
  words_.reserve(short_words, long_words);
  for (const PieceTrie::Key& key : initial) {
    if (fits_word_table(key.text, any_zero)) words_.add(key.text, key.id);
  }
  for (std::uint32_t i = 0; i < entries.size(); ++i) by_id_[static_cast<std::size_t>(entries[i].id)] = i + 1;
  // Of a token that comes twice the last id counts; the earlier one has no token then.
  for (const auto& replaced : tries.get()) {
    for (const std::uint32_t index : replaced) {
      std::uint32_t& at = by_id_[static_cast<std::size_t>(entries[index].id)];
      if (at == index + 1) at = 0;
    }
  }
}

std::optional<std::int32_t> WordPieceLexicon::find(std::string_view token) const noexcept {
  std::int32_t id = -1;
  if (token.empty()) {
    id = empty_id_;
  } else if (token == prefix_) {
    id = prefix_id_;
  } else if (token.starts_with(prefix_) && !prefix_in_words_) {
    id = continuation_.find(token.substr(prefix_.size()));
  } else {
    id = initial_.find(token);
  }
  return id < 0 ? std::nullopt : std::optional(id);
}

std::optional<std::string_view> WordPieceLexicon::token(std::int32_t id) const noexcept {
  if (id < 0 || static_cast<std::size_t>(id) >= by_id_.size()) return std::nullopt;
  const std::uint32_t index = by_id_[static_cast<std::size_t>(id)];
  if (index == 0) return std::nullopt;
  return vocab_.view(vocab_.entries()[index - 1]);
}

}  // namespace bertrt::tokenizer
