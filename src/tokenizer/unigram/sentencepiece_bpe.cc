#include "tokenizer/unigram/sentencepiece_bpe.h"

#include <algorithm>
#include <cstdint>
#include <string_view>

#include "bertrt/error.h"

namespace bertrt::tokenizer {
namespace {

/// Every split of every piece is looked up, which costs the squares of their lengths: some million in a usual model.
constexpr std::uint64_t kMaxWork = std::uint64_t{1} << 31U;

bool is_boundary(std::string_view text, std::size_t at) {
  return (static_cast<unsigned char>(text[at]) & 0xC0U) != 0x80U;
}

SubwordVocab vocab_of(std::span<const std::string> names, const std::string& where) {
  SubwordVocab vocab;
  std::size_t bytes = 0;
  for (const std::string& name : names) bytes += name.size();
  vocab.reserve(names.size(), bytes);
  for (std::size_t i = 0; i < names.size(); ++i) vocab.add(names[i], static_cast<std::int64_t>(i), where);
  return vocab;
}

}  // namespace

BpeSpec sentencepiece_bpe(std::span<const std::string> names, const SentencePieceModel& model, MergeOrder order,
                          const std::string& where) {
  std::uint64_t work = 0;
  for (const std::string& name : names) {
    work += std::uint64_t{name.size()} * name.size();
    if (work > kMaxWork) {
      throw Error(ErrorCode::invalid_format, where, "pieces of a usual length", std::to_string(name.size()) + " bytes");
    }
  }
  BpeSpec spec;
  spec.vocab = vocab_of(names, where);
  const bool by_score = order == MergeOrder::by_score;
  const auto merges = [&](std::int32_t id) {
    return !by_score || model.pieces[static_cast<std::size_t>(id)].type == SentencePieceModel::PieceType::normal;
  };
  std::vector<std::int32_t> made;
  for (std::size_t i = 0; i < names.size(); ++i) {
    const auto id = static_cast<std::int32_t>(i);
    // A later piece may have the same text.
    if (spec.vocab.find(names[i]) == id && merges(id)) made.push_back(id);
  }
  if (by_score) {
    const auto score = [&](std::int32_t id) { return model.pieces[static_cast<std::size_t>(id)].score; };
    std::stable_sort(made.begin(), made.end(), [&](std::int32_t a, std::int32_t b) { return score(a) > score(b); });
  }
  std::uint32_t rank = 0;
  for (const std::int32_t id : made) {
    const std::string_view whole = names[static_cast<std::size_t>(id)];
    for (std::size_t at = 1; at < whole.size(); ++at) {
      if (!is_boundary(whole, at)) continue;
      const auto left = spec.vocab.find(whole.substr(0, at));
      const auto right = left ? spec.vocab.find(whole.substr(at)) : std::nullopt;
      if (right && merges(*left) && merges(*right)) spec.merges.add(*left, *right, {rank++, id});
    }
  }
  return spec;
}

}  // namespace bertrt::tokenizer
