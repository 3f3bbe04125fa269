#include "tokenizer/unigram/sentencepiece_model.h"

#include <bit>
#include <cstddef>

#include "bertrt/error.h"
#include "text/utf8.h"

namespace bertrt::tokenizer {
namespace {

/// One message of a protocol buffer, field by field.
class Fields {
 public:
  Fields(std::string_view bytes, const std::string& where) : bytes_(bytes), where_(where) {}

  /// The next field; false at the end. Its value is in varint(), bits32() or bytes() by its kind.
  bool next() {
    if (at_ >= bytes_.size()) return false;
    const std::uint64_t tag = read_varint();
    number_ = tag >> 3U;
    kind_ = static_cast<unsigned>(tag & 7U);
    if (number_ == 0) fail("a field");
    switch (kind_) {
      case 0: value_ = read_varint(); return true;
      case 1: take(8); return true;
      case 2: span_ = take(read_varint()); return true;
      case 5: {
        const std::string_view four = take(4);
        value_ = 0;
        for (unsigned i = 0; i < 4; ++i) value_ |= std::uint64_t{static_cast<unsigned char>(four[i])} << (8U * i);
        return true;
      }
      default: fail("a field");
    }
  }

  bool is_varint(unsigned number) const noexcept { return number_ == number && kind_ == 0; }
  bool is_bits32(unsigned number) const noexcept { return number_ == number && kind_ == 5; }
  bool is_bytes(unsigned number) const noexcept { return number_ == number && kind_ == 2; }
  std::uint64_t varint() const noexcept { return value_; }
  float as_float() const noexcept { return std::bit_cast<float>(static_cast<std::uint32_t>(value_)); }
  std::string_view bytes() const noexcept { return span_; }

 private:
  [[noreturn]] void fail(const std::string& expected) const {
    throw Error(ErrorCode::invalid_format, where_, expected + " of a sentencepiece model",
                "something else in byte " + std::to_string(at_) + " of a message");
  }

  std::uint64_t read_varint() {
    std::uint64_t value = 0;
    for (unsigned shift = 0; shift < 64; shift += 7) {
      if (at_ >= bytes_.size()) break;
      const auto byte = static_cast<unsigned char>(bytes_[at_++]);
      value |= std::uint64_t{byte & 0x7FU} << shift;
      if (byte < 0x80) return value;
    }
    fail("a number");
  }

  std::string_view take(std::uint64_t length) {
    if (length > bytes_.size() - at_) fail("a complete field");
    const std::string_view taken = bytes_.substr(at_, static_cast<std::size_t>(length));
    at_ += taken.size();
    return taken;
  }

  std::string_view bytes_;
  const std::string& where_;
  std::size_t at_ = 0;
  std::uint64_t number_ = 0;
  unsigned kind_ = 0;
  std::uint64_t value_ = 0;
  std::string_view span_;
};

std::string_view text_of(std::string_view bytes, const std::string& where) {
  if (!text::is_valid_utf8(bytes)) {
    throw Error(ErrorCode::invalid_format, where, "names of pieces in UTF-8", "other bytes");
  }
  return bytes;
}

SentencePieceModel::Piece read_piece(std::string_view bytes, const std::string& where) {
  SentencePieceModel::Piece piece;
  Fields fields(bytes, where);
  while (fields.next()) {
    if (fields.is_bytes(1)) {
      piece.text = fields.bytes();
    } else if (fields.is_bits32(2)) {
      piece.score = fields.as_float();
    } else if (fields.is_varint(3) && fields.varint() >= 1 && fields.varint() <= 6) {
      piece.type = static_cast<SentencePieceModel::PieceType>(fields.varint());
    }
  }
  if (piece.text.empty() || !text::is_valid_utf8(piece.text)) {
    throw Error(ErrorCode::invalid_format, where, "pieces of text in UTF-8", "a piece that is none");
  }
  return piece;
}

}  // namespace

SentencePieceModel SentencePieceModel::parse(std::string_view bytes, const std::string& where) {
  SentencePieceModel model;
  model.pieces.reserve(bytes.size() / 20);
  Fields fields(bytes, where);
  while (fields.next()) {
    if (fields.is_bytes(1)) {
      model.pieces.push_back(read_piece(fields.bytes(), where));
    } else if (fields.is_bytes(2)) {
      Fields trainer(fields.bytes(), where);
      while (trainer.next()) {
        if (trainer.is_varint(3)) model.model_type = static_cast<int>(trainer.varint() & 0xFFU);
        if (trainer.is_varint(35)) model.byte_fallback = trainer.varint() != 0;
        if (trainer.is_varint(40)) model.unk_id = static_cast<std::int32_t>(trainer.varint());
        if (trainer.is_varint(41)) model.bos_id = static_cast<std::int32_t>(trainer.varint());
        if (trainer.is_varint(42)) model.eos_id = static_cast<std::int32_t>(trainer.varint());
        if (trainer.is_bytes(45)) model.unk_piece = text_of(trainer.bytes(), where);
        if (trainer.is_bytes(46)) model.bos_piece = text_of(trainer.bytes(), where);
        if (trainer.is_bytes(47)) model.eos_piece = text_of(trainer.bytes(), where);
      }
    } else if (fields.is_bytes(3)) {
      Fields normalizer(fields.bytes(), where);
      while (normalizer.next()) {
        if (normalizer.is_bytes(2)) model.precompiled_charsmap = normalizer.bytes();
        if (normalizer.is_varint(3)) model.add_dummy_prefix = normalizer.varint() != 0;
        if (normalizer.is_varint(4)) model.remove_extra_whitespaces = normalizer.varint() != 0;
        if (normalizer.is_varint(5)) model.escape_whitespaces = normalizer.varint() != 0;
      }
    }
  }
  if (model.pieces.empty()) throw Error(ErrorCode::invalid_format, where, "a sentencepiece model", "no pieces");
  return model;
}

}  // namespace bertrt::tokenizer
