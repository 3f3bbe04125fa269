#pragma once

#include <algorithm>
#include <bit>
#include <cstring>
#include <string>
#include <string_view>
#include <vector>

#include "text/ascii_runs.h"
#include "text/bert_normalizer.h"
#include "tokenizer/piece_output.h"
#include "tokenizer/word_cache.h"
#include "tokenizer/wordpiece/wordpiece_model.h"

namespace bertrt::tokenizer {

/// One run of text through a WordPieceModel into an Output (IdOutput, PieceOutput). Made anew for each run; it is also
/// the sink of its normalizer.
template <typename Output>
class WordPieceEncoder {
 public:
  WordPieceEncoder(const WordPieceModel& model, std::string_view text, Output& output)
      : model_(model), text_(text), output_(output), normalizer_(model.normalizer_, *this) {}

  /// The caller's text.
  void encode() {
    WordCache& cache = model_.caches_.mine();
    TextWords words;
    for (std::size_t base = 0; base < text_.size();) base = encode_stretch(base, words, cache);
  }

  /// A word of the caller's text, as encode_stretch() cuts them, from `begin` on: up to the next ASCII space or
  /// punctuation, whose place it gives, or to the end.
  std::size_t encode_word(std::size_t begin) {
    std::size_t end = begin;
    while (end < text_.size() && class_at(end) == ByteClass::word) ++end;
    if (end < text_.size() && class_at(end) == ByteClass::other) return encode_generally(begin);
    if (end == begin) {
      output_.put(model_.byte_id_[static_cast<unsigned char>(text_[begin])], begin, begin + 1);
      return begin + 1;
    }
    encode_ascii(begin, end);
    return end;
  }

  /// Text that the normalizer has seen already.
  void encode_normalized() {
    for (std::size_t at = 0; at < text_.size();) {
      const text::Decoded c = text::decode_utf8(text_, at);
      put(c.code_point, text::unicode_flags(c.code_point), source(at, c.length));
      at += c.length;
    }
    end_word();
  }

  /// The normalizer's sink: splits at white space and around punctuation.
  void put(char32_t c, std::uint8_t flags, Offset from) {
    if (flags & (text::kSpace | text::kPunctuation)) {
      end_word();
      if (flags & text::kSpace) return;
      append(c, from);
      return end_word();
    }
    append(c, from);
  }

 private:
  using ByteClass = WordPieceModel::ByteClass;
  static constexpr std::size_t kBlock = 64;
  static constexpr std::size_t kStretch = TextWords::kMost;
  static constexpr std::size_t kMaxKey = WordTable::kMaxWord;

  static Offset source(std::size_t at, std::size_t length) {
    return {static_cast<std::uint32_t>(at), static_cast<std::uint32_t>(at + length)};
  }
  ByteClass class_at(std::size_t at) const { return model_.byte_class_[static_cast<unsigned char>(text_[at])]; }

  /// At most kStretch bytes from `base`, which begins a word or stands between two. Gives the next one's base.
  ///
  /// A word here goes to the next ASCII space, or is an ASCII punctuation mark: what the normalizer and the splits do
  /// to it depends on nothing beyond it, so that its tokens can be remembered.
  std::size_t encode_stretch(std::size_t base, TextWords& words, WordCache& cache) {
    words.clear();
    const std::size_t length = std::min(text_.size() - base, kStretch);
    std::uint64_t breaks[kStretch / kBlock];
    const std::size_t whole = length / kBlock;
    const std::size_t rest = length % kBlock;
    text::find_word_breaks(text_.data() + base, whole, breaks);
    if (rest > 0) {
      char tail[kBlock] = {};
      std::memcpy(tail, text_.data() + base + kBlock * whole, rest);
      text::find_word_breaks(tail, 1, breaks + whole);
      breaks[whole] &= (std::uint64_t{1} << rest) - 1;
    }
    const std::size_t blocks = whole + (rest > 0);
    const auto add = [&](std::size_t begin, std::size_t end) {
      if (end - begin <= WordCache::kMaxKey) return words.add(begin, end);
      encode_words(base, words, cache);
      words.clear();
      encode_word(base + begin);
    };
    std::size_t word = 0;  // where the word that is being read began
    for (std::size_t block = 0; block < blocks; ++block) {
      for (std::uint64_t bits = breaks[block]; bits != 0; bits &= bits - 1) {
        const std::size_t at = block * kBlock + static_cast<std::size_t>(std::countr_zero(bits));
        const ByteClass byte_class = class_at(base + at);
        if (byte_class == ByteClass::other) continue;
        if (at > word) add(word, at);
        if (byte_class == ByteClass::punctuation) words.add(at, at + 1);
        word = at + 1;
      }
    }
    const bool is_last = base + length == text_.size();
    if (is_last && word < length) add(word, length);
    encode_words(base, words, cache);
    if (is_last) return text_.size();
    // The word goes on behind this stretch. One that fills it whole is read at once.
    return word == 0 ? encode_word(base) : base + word;
  }

  void encode_words(std::size_t base, const TextWords& words, WordCache& cache) {
    cache.encode_words(text_, base, words, pieces_, output_,
                       [this](std::string_view word, std::uint8_t, Pieces& pieces) {
                         PieceOutput output(pieces, word.size());
                         WordPieceEncoder<PieceOutput>(model_, word, output).encode_word(0);
                         return true;
                       });
  }

  /// Letters and digits only.
  void encode_ascii(std::size_t begin, std::size_t end) {
    const std::size_t length = end - begin;
    if (length > model_.max_word_) return output_.put(model_.unk_, begin, end);
    word_.assign(text_, begin, length);
    if (model_.lowercase_) {
      for (char& c : word_) c = static_cast<char>(c >= 'A' && c <= 'Z' ? c + 0x20 : c);
    }
    encode_pieces(begin, end, [begin](std::size_t from, std::size_t to) {
      return std::pair{begin + from, begin + to};
    });
    word_.clear();
  }

  /// The word in word_, whole or the longest piece first. `place(from, to)` gives the source of a range of its bytes.
  template <typename Place>
  void encode_pieces(std::size_t begin, std::size_t end, Place place) {
    const std::string_view word = word_;
    if (word.size() <= kMaxKey && word.find('\0') == std::string_view::npos) {
      char bytes[kMaxKey] = {};
      std::memcpy(bytes, word.data(), word.size());
      WordKey key;
      std::memcpy(&key.low, bytes, 8);
      std::memcpy(&key.high, bytes + 8, 8);
      const std::int32_t id = model_.lexicon_.find_word(key);
      if (id >= 0) return output_.put(id, begin, end);
    }
    const std::size_t mark = output_.mark();
    std::size_t at = 0;
    auto match = model_.lexicon_.longest_initial(word);
    while (match.id >= 0) {
      const auto [from, to] = place(at, at + match.length);
      output_.put(match.id, from, to);
      at += match.length;
      if (at == word.size()) return;
      match = model_.lexicon_.longest_continuation(word.substr(at));
    }
    output_.rewind(mark);
    output_.put(model_.unk_, begin, end);
  }

  /// Any text, from the start of a word to the next ASCII space or punctuation, whose place it gives, or to the end.
  std::size_t encode_generally(std::size_t at) {
    while (at < text_.size()) {
      const ByteClass byte_class = class_at(at);
      if (byte_class == ByteClass::space || byte_class == ByteClass::punctuation) break;
      const text::Decoded c = text::decode_utf8(text_, at);
      normalizer_.feed(c.code_point, source(at, c.length));
      at += c.length;
    }
    normalizer_.finish();
    end_word();
    return at;
  }

  void append(char32_t c, Offset from) {
    if (word_size_++ == 0) first_ = from;
    last_ = from;
    if (word_size_ > model_.max_word_) return;  // unknown anyway: a word without end takes no memory
    char bytes[4];
    const std::size_t length = text::write_utf8(c, bytes);
    word_.append(bytes, length);
    if constexpr (Output::kOffsets) sources_.insert(sources_.end(), length, from);
  }

  void end_word() {
    if (word_size_ == 0) return;
    if (word_size_ > model_.max_word_) {
      output_.put(model_.unk_, first_.begin, last_.end);
    } else {
      encode_pieces(first_.begin, last_.end, [&](std::size_t from, std::size_t to) {
        if constexpr (Output::kOffsets) {
          return std::pair<std::size_t, std::size_t>{sources_[from].begin, sources_[to - 1].end};
        } else {
          return std::pair{from, to};
        }
      });
    }
    word_.clear();
    sources_.clear();
    word_size_ = 0;
  }

  const WordPieceModel& model_;
  std::string_view text_;
  Output& output_;
  text::BertNormalizer<WordPieceEncoder> normalizer_;
  Pieces pieces_;  // of a word that is met for the first time
  // The word that the general way is building.
  std::string word_;
  std::vector<Offset> sources_;  // of each byte
  std::size_t word_size_ = 0;    // code points
  Offset first_;
  Offset last_;
};

}  // namespace bertrt::tokenizer
