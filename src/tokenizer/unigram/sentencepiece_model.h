#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace bertrt::tokenizer {

/// What a sentencepiece model file (spiece.model, sentencepiece.bpe.model) holds, as far as a tokenizer needs it.
/// Read by our own few lines of protocol buffers: no library, no limit on size but the file's own.
/// Source of the field numbers: sentencepiece src/sentencepiece_model.proto.
struct SentencePieceModel {
  enum class PieceType : std::uint8_t { normal = 1, unknown = 2, control = 3, user_defined = 4, unused = 5, byte = 6 };
  struct Piece {
    std::string_view text;  ///< in the file's bytes
    float score = 0;
    PieceType type = PieceType::normal;
  };
  std::vector<Piece> pieces;
  int model_type = 1;  ///< 1: unigram, 2: BPE, 3: word, 4: char
  std::int32_t unk_id = 0;
  std::int32_t bos_id = 1;  ///< below 0: none
  std::int32_t eos_id = 2;
  std::string_view unk_piece = "<unk>";
  std::string_view bos_piece = "<s>";
  std::string_view eos_piece = "</s>";
  bool byte_fallback = false;
  std::string_view precompiled_charsmap;  ///< in the file's bytes; may be empty
  bool add_dummy_prefix = true;
  bool remove_extra_whitespaces = true;
  bool escape_whitespaces = true;

  /// Views into `bytes`, which must outlive the result. @throws Error invalid_format with `where`
  static SentencePieceModel parse(std::string_view bytes, const std::string& where);
};

}  // namespace bertrt::tokenizer
