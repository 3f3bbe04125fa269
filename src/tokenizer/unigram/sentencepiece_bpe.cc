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

BpeSpec sentencepiece_bpe(std::span<const std::string> names, const SentencePieceModel& model,
                          const std::string& where) {
  std::vector<std::string> original;
  std::uint64_t work = 0;
  for (const SentencePieceModel::Piece& piece : model.pieces) {
    original.emplace_back(piece.text);
    work += std::uint64_t{piece.text.size()} * piece.text.size();
    if (work > kMaxWork)
      throw Error(ErrorCode::invalid_format, where, "pieces of a usual length",
                  std::to_string(piece.text.size()) + " bytes");
  }
  BpeSpec spec;
  spec.vocab = vocab_of(names, where);
  const SubwordVocab pieces = vocab_of(original, where);
  std::uint32_t rank = 0;
  for (std::size_t i = 0; i < original.size(); ++i) {
    const std::string_view whole = original[i];
    const auto id = static_cast<std::int32_t>(i);
    if (pieces.find(whole) != id) continue;  // a later piece has the same text
    for (std::size_t at = 1; at < whole.size(); ++at) {
      if (!is_boundary(whole, at)) continue;
      const auto left = pieces.find(whole.substr(0, at));
      const auto right = left ? pieces.find(whole.substr(at)) : std::nullopt;
      if (!right) continue;
      for (const std::int32_t part : {*left, *right, id}) {
        if (names[static_cast<std::size_t>(part)] != original[static_cast<std::size_t>(part)]) {
          throw Error(ErrorCode::unsupported, where, "renamed pieces that no merge needs",
                      original[static_cast<std::size_t>(part)]);
        }
      }
      spec.merges.add(*left, *right, {rank++, id});
    }
  }
  return spec;
}

}  // namespace bertrt::tokenizer
