#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "tokenizer/byte_hash.h"

namespace bertrt::tokenizer {

/// A vocabulary: tokens by id and ids by token. All text stands in one buffer.
class SubwordVocab {
 public:
  /// Makes room, so that filling does not grow step by step.
  void reserve(std::size_t tokens, std::size_t bytes);

  /// Adds a token. One that is there already gets the new id, and its earlier one has no token then; an id that is
  /// taken gets the new token: the last one counts, as in Hugging Face's maps. `id` must be in [0, 2^22): a larger one
  /// is no vocabulary.
  /// @throws Error invalid_format with `where`
  void add(std::string_view token, std::int64_t id, const std::string& where);

  std::optional<std::int32_t> find(std::string_view token) const noexcept { return find(token, hash_of(token)); }
  // For many look-ups in a row, each of which would wait for memory: hashes first, then the two places that each will
  // touch, then the look-ups.
  static std::uint32_t hash_of(std::string_view token) noexcept { return static_cast<std::uint32_t>(byte_hash(token)); }
  void prefetch_slot(std::uint32_t hash) const noexcept {
    if (!slots_.empty()) prefetch(&slots_[hash & (slots_.size() - 1)]);
  }
  void prefetch_text(std::uint32_t hash) const noexcept {
    if (!slots_.empty()) prefetch(text_.data() + slots_[hash & (slots_.size() - 1)].span.begin);
  }
  std::optional<std::int32_t> find(std::string_view token, std::uint32_t hash) const noexcept;

  /// nullopt for an id that has no token. The view lives as long as the vocabulary is not changed.
  std::optional<std::string_view> token(std::int32_t id) const noexcept;
  /// Highest id + 1.
  std::size_t size() const noexcept { return spans_.size(); }
  /// Number of tokens.
  std::size_t count() const noexcept { return used_; }

 private:
  struct Span {
    std::uint32_t begin = 0;
    std::uint32_t length = kNone;
    friend bool operator==(Span, Span) = default;
  };
  struct Slot {
    std::uint32_t hash = 0;
    std::int32_t id = -1;
    Span span;
  };
  static constexpr std::uint32_t kNone = 0xFFFFFFFF;

  std::string_view view(Span span) const noexcept { return {text_.data() + span.begin, span.length}; }
  std::size_t slot_of(std::string_view token, std::uint32_t hash) const noexcept;
  void grow(std::size_t slots);

  std::string text_;
  std::vector<Span> spans_;  ///< by id
  std::vector<Slot> slots_;  ///< open addressing, a power of two
  std::size_t used_ = 0;
};

}  // namespace bertrt::tokenizer
