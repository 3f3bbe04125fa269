#include "tokenizer/subword_vocab.h"

#include <bit>

#include "bertrt/error.h"
#include "tokenizer/token_id.h"

namespace bertrt::tokenizer {

void SubwordVocab::reserve(std::size_t tokens, std::size_t bytes) {
  text_.reserve(bytes);
  spans_.reserve(tokens);
  grow(std::bit_ceil(tokens + tokens / 3 + 16));
}

std::size_t SubwordVocab::slot_of(std::string_view token, std::uint32_t hash) const noexcept {
  const std::size_t mask = slots_.size() - 1;
  std::size_t at = hash & mask;
  while (slots_[at].id >= 0 && (slots_[at].hash != hash || view(slots_[at].span) != token)) at = (at + 1) & mask;
  return at;
}

void SubwordVocab::grow(std::size_t slots) {
  if (slots <= slots_.size()) return;
  std::vector<Slot> old(slots);
  old.swap(slots_);
  const std::size_t mask = slots_.size() - 1;
  for (const Slot& slot : old) {
    if (slot.id < 0) continue;
    std::size_t at = slot.hash & mask;
    while (slots_[at].id >= 0) at = (at + 1) & mask;
    slots_[at] = slot;
  }
}

void SubwordVocab::add(std::string_view token, std::int64_t id, const std::string& where) {
  if (id < 0 || id > kMaxTokenId) {
    throw Error(ErrorCode::invalid_format, where, "token ids between 0 and " + std::to_string(kMaxTokenId),
                std::to_string(id) + " for \"" + std::string(token) + "\"");
  }
  if (text_.size() + token.size() >= kNone) {
    throw Error(ErrorCode::invalid_format, where, "a vocabulary below 4 GB", "a larger one");
  }
  if ((used_ + 1) * 4 > slots_.size() * 3) grow(std::bit_ceil((used_ + 1) * 2 + 16));
  const std::uint32_t hash = hash_of(token);
  Slot& slot = slots_[slot_of(token, hash)];
  if (slot.id < 0) {
    slot.hash = hash;
    slot.span = {static_cast<std::uint32_t>(text_.size()), static_cast<std::uint32_t>(token.size())};
    text_.append(token);
    ++used_;
  } else if (Span& earlier = spans_[static_cast<std::size_t>(slot.id)]; earlier == slot.span) {
    earlier = {};  // unless another token has taken that id
  }
  slot.id = static_cast<std::int32_t>(id);
  if (static_cast<std::size_t>(id) >= spans_.size()) spans_.resize(static_cast<std::size_t>(id) + 1);
  spans_[static_cast<std::size_t>(id)] = slot.span;
}

std::optional<std::int32_t> SubwordVocab::find(std::string_view token, std::uint32_t hash) const noexcept {
  if (slots_.empty()) return std::nullopt;
  const Slot& slot = slots_[slot_of(token, hash)];
  if (slot.id < 0) return std::nullopt;
  return slot.id;
}

std::optional<std::string_view> SubwordVocab::token(std::int32_t id) const noexcept {
  if (id < 0 || static_cast<std::size_t>(id) >= spans_.size()) return std::nullopt;
  const Span span = spans_[static_cast<std::size_t>(id)];
  if (span.length == kNone) return std::nullopt;
  return view(span);
}

}  // namespace bertrt::tokenizer
