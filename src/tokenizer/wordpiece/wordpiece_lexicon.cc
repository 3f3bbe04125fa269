#include "tokenizer/wordpiece/wordpiece_lexicon.h"

#include <algorithm>
#include <future>
#include <utility>

namespace bertrt::tokenizer {
namespace {

/// `count` (at most 8) bytes at `from`, the first one lowest, zeros behind them. `readable` bytes are there.
std::uint64_t load(const char* from, std::size_t count, std::size_t readable) {
  std::uint64_t bytes = 0;
  if (count == 0) return bytes;
  if (readable < 8) {
    for (std::size_t i = count; i > 0; --i) bytes = bytes << 8 | static_cast<unsigned char>(from[i - 1]);
    return bytes;
  }
  for (unsigned i = 0; i < 8; ++i) bytes |= std::uint64_t{static_cast<unsigned char>(from[i])} << 8 * i;  // one load
  return count < 8 ? bytes & ((std::uint64_t{1} << 8 * count) - 1) : bytes;
}

std::uint64_t reversed(std::uint64_t bytes) {
  std::uint64_t result = 0;
  for (unsigned i = 0; i < 8; ++i) result |= (bytes >> 8 * i & 0xFF) << (56 - 8 * i);  // one instruction
  return result;
}

}  // namespace

WordPieceLexicon::WordPieceLexicon(WordPieceVocab vocab, std::string prefix, bool prefix_in_words,
                                   const std::string& where)
    : vocab_(std::move(vocab)), prefix_(std::move(prefix)), prefix_in_words_(prefix_in_words) {
  // The word table with the small trie takes about as long as the large trie; they share nothing but what they read.
  auto initial = std::async(std::launch::async | std::launch::deferred,
                            [&] { return initial_.build(keys(Kind::initial), vocab_, 0, where); });
  add_words();
  const auto& entries = vocab_.entries();
  std::int32_t highest = -1;
  for (const auto& entry : entries) highest = std::max(highest, entry.id);
  by_id_.assign(static_cast<std::size_t>(highest + 1), 0);
  std::vector<std::uint32_t> in_no_trie;  // replaced ones: blank lines, and the prefix alone
  const auto replace = [&](std::int32_t& id, std::uint32_t& last, std::uint32_t index) {
    if (id >= 0) in_no_trie.push_back(last);
    id = entries[index].id;
    last = index;
  };
  std::uint32_t last_empty = 0;
  std::uint32_t last_prefix = 0;
  for (std::uint32_t i = 0; i < entries.size(); ++i) {
    by_id_[static_cast<std::size_t>(entries[i].id)] = i + 1;
    const std::string_view token = vocab_.view(entries[i]);
    if (token.empty()) replace(empty_id_, last_empty, i);
    if (token == prefix_) replace(prefix_id_, last_prefix, i);
  }
  const auto continuation = continuation_.build(keys(Kind::continuation), vocab_, prefix_.size(), where);
  // Of a token that comes twice the last id counts; the earlier one has no token then.
  for (const auto& replaced : {initial.get(), continuation, in_no_trie}) {
    for (const std::uint32_t index : replaced) {
      std::uint32_t& at = by_id_[static_cast<std::size_t>(entries[index].id)];
      if (at == index + 1) at = 0;
    }
  }
  token_count_ =
      static_cast<std::size_t>(std::count_if(by_id_.begin(), by_id_.end(), [](std::uint32_t at) { return at != 0; }));
}

bool WordPieceLexicon::is_initial(std::string_view token) const noexcept {
  return !token.empty() && (prefix_in_words_ || !token.starts_with(prefix_));
}

std::vector<PieceTrie::Key> WordPieceLexicon::keys(Kind kind) const {
  const auto& entries = vocab_.entries();
  const std::string& text = vocab_.text();
  const std::size_t skip = kind == Kind::initial ? 0 : prefix_.size();
  std::vector<PieceTrie::Key> keys;
  keys.reserve(kind == Kind::initial ? entries.size() : entries.size() / 4);
  for (std::uint32_t i = 0; i < entries.size(); ++i) {
    const std::string_view token = vocab_.view(entries[i]);
    if (kind == Kind::initial ? !is_initial(token) : token.size() == skip || !token.starts_with(prefix_)) continue;
    const std::size_t begin = entries[i].begin + skip;
    const std::size_t length = token.size() - skip;
    const std::uint64_t head = load(text.data() + begin, std::min<std::size_t>(length, 8), text.size() - begin);
    keys.push_back({reversed(head), i, static_cast<std::uint32_t>(length)});
  }
  return keys;
}

void WordPieceLexicon::add_words() {
  const std::string& text = vocab_.text();
  const bool any_zero = text.find('\0') != std::string::npos;
  const auto is_word = [&](std::string_view token) {
    // A byte 0 could not be told from the end of a word.
    return token.size() <= WordTable::kMaxWord && is_initial(token) &&
           !(any_zero && token.find('\0') != std::string_view::npos);
  };
  std::size_t short_words = 0;
  std::size_t long_words = 0;
  for (const auto& entry : vocab_.entries()) {
    if (is_word(vocab_.view(entry))) ++(entry.length <= 8 ? short_words : long_words);
  }
  words_.reserve(short_words, long_words);
  for (const auto& entry : vocab_.entries()) {
    if (!is_word(vocab_.view(entry))) continue;
    const auto bytes = [&](std::size_t from) {
      if (entry.length <= from) return std::uint64_t{0};
      const std::size_t begin = entry.begin + from;
      return load(text.data() + begin, std::min<std::size_t>(entry.length - from, 8), text.size() - begin);
    };
    words_.add(WordKey::of(bytes(0), bytes(8)), entry.id);
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
