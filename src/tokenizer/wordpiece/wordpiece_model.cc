#include "tokenizer/wordpiece/wordpiece_model.h"

#include "bertrt/error.h"
#include "tokenizer/wordpiece/wordpiece_encoder.h"

namespace bertrt::tokenizer {
namespace {

void replace_all(std::string& text, std::string_view from, std::string_view to) {
  for (std::size_t at = text.find(from); at != std::string::npos; at = text.find(from, at + to.size())) {
    text.replace(at, from.size(), to);
  }
}

/// Hugging Face's WordPiece decoder cleans token by token (tokenizers 0.23.3, decoders/wordpiece.rs).
void clean_up(std::string& token) {
  static constexpr std::pair<std::string_view, std::string_view> kReplacements[] = {
      {" .", "."},   {" ?", "?"},           {" !", "!"},   {" ,", ","},     {" ' ", "'"},   {" n't", "n't"},
      {" 'm", "'m"}, {" do not", " don't"}, {" 's", "'s"}, {" 've", "'ve"}, {" 're", "'re"}};
  for (const auto& [from, to] : kReplacements) replace_all(token, from, to);
}

/// The pre-tokenizer makes punctuation a word of its own, so that no word begins with such a prefix.
bool is_set_apart(std::string_view prefix) {
  if (prefix.size() < 2) return false;
  const auto first = static_cast<unsigned char>(prefix[0]);
  return first < 128 && (text::unicode_flags(first) & text::kPunctuation);
}

}  // namespace

WordPieceModel::WordPieceModel(WordPieceSpec spec, const std::string& where)
    : max_word_(spec.max_word),
      short_word_(std::min(spec.max_word, WordTable::kMaxWord)),
      normalizer_(spec.normalizer),
      decoder_cleanup_(spec.decoder_cleanup),
      prefix_(spec.prefix),
      lexicon_(std::move(spec.vocab), spec.prefix, !is_set_apart(spec.prefix), where) {
  const auto unk = lexicon_.find(spec.unk_token);
  if (!unk) {
    throw Error(ErrorCode::invalid_format, where, "the unknown token " + spec.unk_token, "none in the vocabulary");
  }
  unk_ = *unk;
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
  case_bits_ = normalizer_.lowercase ? 0x2020202020202020ULL : 0;
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

std::string WordPieceModel::decode(std::span<const std::string_view> tokens) const {
  std::string text;
  std::string piece;
  for (std::size_t i = 0; i < tokens.size(); ++i) {
    piece.clear();
    if (i > 0 && tokens[i].starts_with(prefix_)) {
      piece = tokens[i].substr(prefix_.size());
    } else {
      if (i > 0) piece = ' ';
      piece += tokens[i];
    }
    if (decoder_cleanup_) clean_up(piece);
    text += piece;
  }
  return text;
}

}  // namespace bertrt::tokenizer
