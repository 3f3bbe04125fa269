#include "tokenizer/wordpiece/wordpiece_model.h"

#include "bertrt/error.h"
#include "tokenizer/wordpiece/wordpiece_encoder.h"

namespace bertrt::tokenizer {
namespace {

/// The pre-tokenizer makes punctuation a word of its own, so that no word begins with such a prefix.
bool is_set_apart(std::string_view prefix) {
  if (prefix.size() < 2) return false;
  const auto first = static_cast<unsigned char>(prefix[0]);
  return first < 128 && (text::unicode_flags(first) & text::kPunctuation);
}

}  // namespace

WordPieceModel::WordPieceModel(WordPieceSpec spec, const std::string& where)
    : max_word_(spec.words.max_word),
      normalizer_(spec.normalizer),
      words_(std::move(spec.vocab), spec.words, !is_set_apart(spec.words.prefix), where),
      unk_(words_.unk_id()),
      lowercase_(spec.normalizer.lowercase) {
  if (unk_ < 0) {
    throw Error(ErrorCode::invalid_format, where, "the unknown token " + spec.words.unk_token,
                "none in the vocabulary");
  }
  byte_class_.fill(ByteClass::other);
  byte_id_.fill(unk_);
  for (unsigned char c = 0; c < 128; ++c) {
    const std::uint8_t flags = text::unicode_flags(c);
    const bool is_removed = normalizer_.clean_text && (flags & text::kRemoved);
    const bool is_alphanumeric = (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
    if (is_alphanumeric) byte_class_[c] = ByteClass::word;
    if (!is_removed && (flags & text::kSpace)) byte_class_[c] = ByteClass::space;
    if (!is_removed && (flags & text::kPunctuation)) {
      byte_class_[c] = ByteClass::punctuation;
      const char byte = static_cast<char>(c);
      if (const auto id = lexicon_.find({&byte, 1}); id && max_word_ > 0) byte_id_[c] = *id;
    }
  }
}

void WordPieceModel::encode(std::string_view text, RunContext, Pieces& pieces) const {
  PieceOutput output(pieces, expected_pieces(text));
  WordPieceEncoder<PieceOutput>(*this, text, output).encode();
}

void WordPieceModel::encode_ids(std::string_view text, RunContext, std::vector<std::int32_t>& ids) const {
  IdOutput output(ids, expected_pieces(text));
  WordPieceEncoder<IdOutput>(*this, text, output).encode();
}

void WordPieceModel::normalize(std::string_view text, RunContext, text::NormalizedText& normalized) const {
  text::normalize_bert(text, normalizer_, normalized);
}

void WordPieceModel::encode_normalized(std::string_view normalized, RunContext, Pieces& pieces) const {
  PieceOutput output(pieces, expected_pieces(normalized));
  WordPieceEncoder<PieceOutput>(*this, normalized, output).encode_normalized();
}

}  // namespace bertrt::tokenizer
