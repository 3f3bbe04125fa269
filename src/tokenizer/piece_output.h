#pragma once

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <string_view>
#include <vector>

#include "tokenizer/subword_model.h"

namespace bertrt::tokenizer {

/// Pieces that a text is expected to give; more are allowed.
inline std::size_t expected_pieces(std::string_view text) { return text.size() / 3 + 16; }

/// Appends to a vector through a bare pointer; the vector is cut to what was written at the end. Its work goes with
/// what it appends, however much stood there before: a text may take one of these a word.
template <typename T>
class Appender {
 public:
  Appender(std::vector<T>& values, std::size_t expected) : values_(values), before_(values.size()) {
    values_.resize(before_ + expected);
    next_ = values_.data() + before_;
    end_ = values_.data() + values_.size();
  }
  ~Appender() { values_.resize(used()); }
  Appender(const Appender&) = delete;
  Appender& operator=(const Appender&) = delete;

  void put(T value) {
    if (next_ == end_) grow();
    *next_++ = value;
  }
  /// The first `count` of kMost values at `from`, without a loop.
  template <std::size_t kMost>
  void put_some(const T* from, std::size_t count) {
    if (static_cast<std::size_t>(end_ - next_) < kMost) grow();
    std::memcpy(next_, from, kMost * sizeof(T));
    next_ += count;
  }
  std::size_t used() const { return static_cast<std::size_t>(next_ - values_.data()); }
  void rewind(std::size_t used) { next_ = values_.data() + used; }

 private:
  void grow() {
    const std::size_t count = used();
    values_.resize(count + std::max<std::size_t>((count - before_) / 2, 64));
    next_ = values_.data() + count;
    end_ = values_.data() + values_.size();
  }

  std::vector<T>& values_;
  std::size_t before_;  ///< values that stood there
  T* next_;
  T* end_;
};

/// Where an encoder writes ids alone.
class IdOutput {
 public:
  static constexpr bool kOffsets = false;
  IdOutput(std::vector<std::int32_t>& ids, std::size_t expected) : ids_(ids, expected) {}

  void put(std::int32_t id, std::size_t, std::size_t) { ids_.put(id); }
  template <std::size_t kMost>
  void put_ids(const std::int32_t* ids, std::size_t count) {
    ids_.put_some<kMost>(ids, count);
  }
  /// A place to go back to, when a word turns out to be unknown after some of its pieces were written.
  std::size_t mark() const { return ids_.used(); }
  void rewind(std::size_t mark) { ids_.rewind(mark); }

 private:
  Appender<std::int32_t> ids_;
};

/// Where an encoder writes ids with their offsets.
class PieceOutput {
 public:
  static constexpr bool kOffsets = true;
  PieceOutput(Pieces& pieces, std::size_t expected) : ids_(pieces.ids, expected), offsets_(pieces.offsets, expected) {}

  void put(std::int32_t id, std::size_t begin, std::size_t end) {
    ids_.put(id);
    offsets_.put({static_cast<std::uint32_t>(begin), static_cast<std::uint32_t>(end)});
  }
  std::size_t mark() const { return ids_.used(); }
  void rewind(std::size_t mark) {
    ids_.rewind(mark);
    offsets_.rewind(mark);
  }

 private:
  Appender<std::int32_t> ids_;
  Appender<Offset> offsets_;
};

}  // namespace bertrt::tokenizer
