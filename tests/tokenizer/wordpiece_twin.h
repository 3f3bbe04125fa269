#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <utility>

#include "bertrt/tokenizer.h"
#include "text/bert_normalizer.h"
#include "text/unicode.h"
#include "text/utf8.h"
#include "tokenizer/golden.h"
#include "tokenizer/subword_model.h"

namespace bertrt::testing {

/// WordPiece as it is described, one step after the other and no table: what the fast way must equal.
class WordPieceTwin {
 public:
  WordPieceTwin(std::map<std::string, std::int32_t, std::less<>> vocab, text::BertNormalizerOptions options)
      : vocab_(std::move(vocab)), options_(options), unk_(vocab_.at("[UNK]")) {}

  tokenizer::Pieces encode(std::string_view text) const {
    text::NormalizedText normalized;
    text::normalize_bert(text, options_, normalized);
    tokenizer::Pieces pieces;
    const std::string_view bytes = normalized.bytes;
    std::size_t word = 0;
    for (std::size_t at = 0; at < bytes.size();) {
      const text::Decoded c = text::decode_utf8(bytes, at);
      const std::uint8_t flags = text::unicode_flags(c.code_point);
      if (flags & (text::kSpace | text::kPunctuation)) {
        add_word(normalized, word, at, pieces);
        word = at + c.length;
        if (flags & text::kPunctuation) add_word(normalized, at, word, pieces);
      }
      at += c.length;
    }
    add_word(normalized, word, bytes.size(), pieces);
    return pieces;
  }

 private:
  void add_word(const text::NormalizedText& text, std::size_t begin, std::size_t end, tokenizer::Pieces& pieces) const {
    if (begin == end) return;
    const std::string_view word = std::string_view(text.bytes).substr(begin, end - begin);
    const auto offset = [&](std::size_t from, std::size_t to) {
      return Offset{text.source[begin + from].begin, text.source[begin + to - 1].end};
    };
    tokenizer::Pieces own;
    std::size_t at = code_points(word) > 100 ? std::string::npos : 0;
    while (at < word.size()) {
      std::size_t length = word.size() - at;
      auto found = vocab_.end();
      for (; length > 0 && found == vocab_.end(); --length) {
        found = vocab_.find((at > 0 ? "##" : "") + std::string(word.substr(at, length)));
        if (found != vocab_.end()) break;
      }
      if (found == vocab_.end()) {
        at = std::string::npos;
        break;
      }
      own.ids.push_back(found->second);
      own.offsets.push_back(offset(at, at + length));
      at += length;
    }
    if (at == std::string::npos) own = {{unk_}, {offset(0, word.size())}};
    pieces.ids.insert(pieces.ids.end(), own.ids.begin(), own.ids.end());
    pieces.offsets.insert(pieces.offsets.end(), own.offsets.begin(), own.offsets.end());
  }

  static std::size_t code_points(std::string_view text) {
    std::size_t count = 0;
    for (const char c : text) count += (static_cast<unsigned char>(c) & 0xC0) != 0x80;
    return count;
  }

  std::map<std::string, std::int32_t, std::less<>> vocab_;
  text::BertNormalizerOptions options_;
  std::int32_t unk_;
};

/// The twin of load_golden_tokenizer(name), "added" left out: added tokens are not its business.
inline WordPieceTwin load_twin(const std::string& name) {
  std::map<std::string, std::int32_t, std::less<>> vocab;
  std::int32_t id = 0;
  for (const std::string& token :
       read_lines(data_path(name == "main" ? "wordpiece/vocab.txt" : "wordpiece/small/vocab.txt"))) {
    vocab[token] = id++;
  }
  text::BertNormalizerOptions options;
  if (name == "cased") options = {.strip_accents = false, .lowercase = false};
  if (name == "lower_keep_accents") options.strip_accents = false;
  if (name == "strip_only") options.lowercase = false;
  if (name == "no_chinese") options.handle_chinese_chars = false;
  if (name == "no_clean") options.clean_text = false;
  return {std::move(vocab), options};
}

inline constexpr const char* kTwins[] = {"main", "cased", "lower_keep_accents", "strip_only", "no_chinese", "no_clean"};

}  // namespace bertrt::testing
