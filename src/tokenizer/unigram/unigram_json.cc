#include "tokenizer/unigram/unigram_json.h"

#include "bertrt/error.h"
#include "tokenizer/files/json_cursor.h"

namespace bertrt::tokenizer {
namespace {

// Large vocabularies have about 30 bytes an entry in tokenizer.json, 8 of them the piece.
constexpr std::size_t kBytesAnEntry = 24;

void read_vocab(JsonCursor& json, const std::string& where, JsonReader reader, UnigramVocab& vocab) {
  std::string piece;
  json.enter_array();
  while (json.next_element()) {
    json.enter_array();
    if (!json.next_element()) json.fail("a piece and its score");
    json.read_string(piece);
    if (!json.next_element()) json.fail("a piece and its score");
    vocab.add(piece, json.read_number(reader), where);
    if (json.next_element()) json.fail("a piece and its score");
  }
}

}  // namespace

void read_unigram_json(std::string_view model, const std::string& where, JsonReader reader, UnigramPieces& pieces) {
  JsonCursor json(model, where);
  std::string key;
  std::int64_t unk_id = -1;
  bool has_unk = false;
  bool has_vocab = false;
  pieces.vocab.reserve(model.size() / kBytesAnEntry, model.size() / 3);
  json.enter_object();
  while (json.next_key(key)) {
    if (key == "unk_id") {
      has_unk = json.peek() != 'n';
      if (has_unk) {
        unk_id = json.read_integer();
      } else {
        json.skip_value();
      }
    } else if (key == "byte_fallback") {
      pieces.byte_fallback = json.read_flag();
    } else if (key == "vocab") {
      has_vocab = true;
      read_vocab(json, where, reader, pieces.vocab);
    } else if (key == "type") {
      json.skip_value();
    } else {
      json.refuse_key(key);
    }
  }
  if (!has_vocab) throw Error(ErrorCode::invalid_format, where, "a vocab of Unigram", "none");
  if (has_unk && (unk_id < 0 || static_cast<std::size_t>(unk_id) >= pieces.vocab.size())) {
    throw Error(ErrorCode::invalid_format, where, "an unk_id in the vocabulary", std::to_string(unk_id));
  }
  pieces.unk_id = static_cast<std::int32_t>(unk_id);
}

}  // namespace bertrt::tokenizer
