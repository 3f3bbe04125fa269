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
    std::size_t base = 0;
    while (base < text_.size()) base = encode_stretch(base);
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
  static constexpr std::size_t kStretch = 64 * kBlock;
  static constexpr std::size_t kMaxKey = WordTable::kMaxWord;

  static Offset source(std::size_t at, std::size_t length) {
    return {static_cast<std::uint32_t>(at), static_cast<std::uint32_t>(at + length)};
  }

  /// At most kStretch bytes from `base`, which begins a word or stands on a delimiter. Gives the next one's base.
  std::size_t encode_stretch(std::size_t base) {
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
    std::size_t word = base;  // where the word that is being read began
    for (std::size_t block = 0; block < blocks; ++block) {
      std::uint64_t bits = breaks[block];
      while (bits != 0) {
        const std::size_t at = base + block * kBlock + static_cast<std::size_t>(std::countr_zero(bits));
        bits &= bits - 1;
        const auto byte = static_cast<unsigned char>(text_[at]);
        const ByteClass byte_class = model_.byte_class_[byte];
        if (byte_class == ByteClass::other) {
          word = encode_generally(word);
          if (word >= base + length) return word;
          block = (word - base) / kBlock;
          bits = breaks[block] & ~std::uint64_t{0} << (word - base) % kBlock;
          continue;
        }
        if (at > word) ascii_word(word, at);
        if (byte_class == ByteClass::punctuation) output_.put(model_.byte_id_[byte], at, at + 1);
        word = at + 1;
      }
    }
    const std::size_t end = base + length;
    if (end == text_.size()) {
      if (end > word) ascii_word(word, end);
      return end;
    }
    // The word goes on behind this stretch. One that fills it whole is read the general way.
    return word == base ? encode_generally(word) : word;
  }

  /// Letters and digits only.
  void ascii_word(std::size_t begin, std::size_t end) {
    if (end - begin > model_.short_word_) return long_ascii_word(begin, end);
    const WordKey key = load_key(begin, end - begin);
    const std::int32_t id = model_.lexicon_.find_word(key);
    if (id < 0) return split_short(key, begin, end);
    output_.put(id, begin, end);
  }

  /// A short word that is no token itself: from this thread's cache, or piece by piece.
  void split_short(WordKey key, std::size_t begin, std::size_t end) {
    char bytes[WordCache::kMaxKey + 1] = {};
    std::memcpy(bytes, &key.low, 8);
    std::memcpy(bytes + 8, &key.high, 8);
    const std::string_view word(bytes, end - begin);
    if (cache_ == nullptr) cache_ = &model_.caches_.mine();
    cache_->encode(word, begin, pieces_, output_, [this](std::string_view whole, Pieces& pieces) {
      std::uint32_t at = 0;
      auto match = model_.lexicon_.longest_initial(whole);
      while (match.id >= 0) {
        pieces.ids.push_back(match.id);
        pieces.offsets.push_back({at, at + match.length});
        at += match.length;
        if (at == whole.size()) return true;
        match = model_.lexicon_.longest_continuation(whole.substr(at));
      }
      pieces.ids.assign(1, model_.unk_);
      pieces.offsets.assign(1, {0, static_cast<std::uint32_t>(whole.size())});
      return true;
    });
  }

  void long_ascii_word(std::size_t begin, std::size_t end) {
    const std::size_t length = end - begin;
    if (length > model_.max_word_) return output_.put(model_.unk_, begin, end);
    word_.assign(text_, begin, length);
    if (model_.case_bits_ != 0) {
      for (char& c : word_) c = static_cast<char>(c >= 'A' && c <= 'Z' ? c + 0x20 : c);
    }
    split(word_, begin, end, [begin](std::size_t from, std::size_t to) { return std::pair{begin + from, begin + to}; });
    word_.clear();
  }

  /// The word's bytes, lower-cased where the model does that.
  WordKey load_key(std::size_t begin, std::size_t length) const {
    WordKey key;
    WordKey mask;
    if (text_.size() - begin >= kMaxKey) {
      std::memcpy(&key.low, text_.data() + begin, 8);
      std::memcpy(&key.high, text_.data() + begin + 8, 8);
      // A window onto 16 bytes of ones and 16 of zeros: the first `length` bytes stay.
      static constexpr unsigned char kWindow[32] = {255, 255, 255, 255, 255, 255, 255, 255,
                                                    255, 255, 255, 255, 255, 255, 255, 255};
      std::memcpy(&mask.low, kWindow + kMaxKey - length, 8);
      std::memcpy(&mask.high, kWindow + kMaxKey - length + 8, 8);
      key.low &= mask.low;
      key.high &= mask.high;
    } else {
      char bytes[kMaxKey] = {};
      std::memcpy(bytes, text_.data() + begin, length);
      std::memcpy(&key.low, bytes, 8);
      std::memcpy(&key.high, bytes + 8, 8);
    }
    return {lower(key.low), lower(key.high)};
  }

  /// Eight ASCII bytes at once: bit 7 shows which are at least 'A' and which are above 'Z'.
  std::uint64_t lower(std::uint64_t bytes) const {
    constexpr std::uint64_t kEach = 0x0101010101010101ULL;
    const std::uint64_t upper = (bytes + kEach * (0x80 - 'A')) & ~(bytes + kEach * (0x7F - 'Z')) & kEach * 0x80;
    return bytes | (upper >> 2 & model_.case_bits_);
  }

  /// Longest piece first. `place(from, to)` gives the source of a range of the word's bytes.
  template <typename Place>
  void split(std::string_view word, std::size_t begin, std::size_t end, Place place) {
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
      const ByteClass byte_class = model_.byte_class_[static_cast<unsigned char>(text_[at])];
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
      general_word();
    }
    word_.clear();
    sources_.clear();
    word_size_ = 0;
  }

  void general_word() {
    if (word_.size() <= kMaxKey && word_.find('\0') == std::string::npos) {
      char bytes[kMaxKey] = {};
      std::memcpy(bytes, word_.data(), word_.size());
      WordKey key;
      std::memcpy(&key.low, bytes, 8);
      std::memcpy(&key.high, bytes + 8, 8);
      const std::int32_t id = model_.lexicon_.find_word(key);
      if (id >= 0) return output_.put(id, first_.begin, last_.end);
    }
    split(word_, first_.begin, last_.end, [this](std::size_t from, std::size_t to) {
      if constexpr (Output::kOffsets) {
        return std::pair<std::size_t, std::size_t>{sources_[from].begin, sources_[to - 1].end};
      } else {
        return std::pair{from, to};
      }
    });
  }

  const WordPieceModel& model_;
  std::string_view text_;
  Output& output_;
  text::BertNormalizer<WordPieceEncoder> normalizer_;
  WordCache* cache_ = nullptr;  // this thread's; none until a word is not found whole
  Pieces pieces_;               // of such a word
  // The word that the general way is building.
  std::string word_;
  std::vector<Offset> sources_;  // of each byte
  std::size_t word_size_ = 0;    // code points
  Offset first_;
  Offset last_;
};

}  // namespace bertrt::tokenizer
