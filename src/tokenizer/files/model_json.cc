#include <algorithm>
#include <string>

#include "bertrt/error.h"
#include "text/unicode.h"
#include "text/utf8.h"
#include "tokenizer/bpe/bpe_vocab.h"
#include "tokenizer/files/json_cursor.h"
#include "tokenizer/files/model_spec.h"
#include "tokenizer/unigram/unigram_json.h"

namespace bertrt::tokenizer {
namespace {

constexpr std::size_t kMaxWord = std::size_t{1} << 31U;

/// As Hugging Face reads a line: without white space at its end.
std::string_view trim_end(std::string_view line) {
  if (!line.empty() && line.back() > ' ') return line;  // ASCII, the most of them
  while (!line.empty()) {
    const std::size_t last = text::previous_utf8(line, line.size());
    if (!(text::unicode_flags(text::decode_utf8(line, last).code_point) & text::kSpace)) break;
    line = line.substr(0, last);
  }
  return line;
}

WordPieceFiles read_wordpiece(std::string_view bytes, const std::string& where) {
  WordPieceFiles files;
  JsonCursor cursor(bytes, where);
  std::string key;
  std::string token;
  unsigned found = 0;
  cursor.enter_object();
  while (cursor.next_key(key)) {
    if (key == "vocab") {
      found |= 1U;
      files.vocab.reserve(bytes.size() / 20, bytes.size() / 3);
      cursor.enter_object();
      while (cursor.next_key(token)) files.vocab.add(token, cursor.read_integer(), where);
    } else if (key == "unk_token") {
      found |= 2U;
      cursor.read_string(files.options.unk_token);
    } else if (key == "continuing_subword_prefix") {
      found |= 4U;
      cursor.read_string(files.options.prefix);
    } else if (key == "max_input_chars_per_word") {
      found |= 8U;
      const std::int64_t most = cursor.read_integer();
      if (most < 0) {
        throw Error(ErrorCode::invalid_format, where + ".max_input_chars_per_word", "a number that is not negative",
                    std::to_string(most));
      }
      files.options.max_word = std::min(static_cast<std::size_t>(most), kMaxWord);
    } else if (key == "type") {
      cursor.skip_value();
    } else {
      cursor.refuse_key(key);
    }
  }
  if (found != 15U) {
    throw Error(ErrorCode::invalid_format, where,
                "a vocab, unk_token, continuing_subword_prefix and max_input_chars_per_word of WordPiece", "less");
  }
  return files;
}

WordLevelFiles read_wordlevel(std::string_view bytes, const std::string& where) {
  WordLevelFiles files;
  JsonCursor cursor(bytes, where);
  std::string key;
  unsigned found = 0;
  cursor.enter_object();
  while (cursor.next_key(key)) {
    if (key == "vocab") {
      found |= 1U;
      read_vocab_json(cursor.skip_value(), where, files.vocab);
    } else if (key == "unk_token") {
      found |= 2U;
      cursor.read_string(files.unk_token);
    } else if (key == "type") {
      cursor.skip_value();
    } else {
      cursor.refuse_key(key);
    }
  }
  if (found != 3U) throw Error(ErrorCode::invalid_format, where, "a vocab and an unk_token of WordLevel", "less");
  return files;
}

/// The type that the model names, else the one that its keys fit.
std::string type_of(std::string_view model, const std::string& where) {
  JsonCursor cursor(model, where);
  std::string key;
  std::string type;
  bool has_merges = false;
  bool has_words = false;
  bool has_list = false;
  cursor.enter_object();
  while (cursor.next_key(key)) {
    if (key == "type") {
      cursor.read_string(type);
      return type;
    }
    if (key == "vocab") has_list = cursor.peek() == '[';
    has_merges = has_merges || key == "merges";
    has_words = has_words || key == "max_input_chars_per_word";
    cursor.skip_value();
  }
  return has_merges ? "BPE" : has_words ? "WordPiece" : has_list ? "Unigram" : "WordLevel";
}

}  // namespace

void read_vocab_txt(std::string_view bytes, const std::string& where, WordPieceVocab& vocab) {
  if (bytes.find('\0') != std::string_view::npos || !text::is_valid_utf8(bytes)) {
    throw Error(ErrorCode::invalid_format, where, "a vocabulary: UTF-8 text, one token a line", "other bytes");
  }
  vocab.take_text(bytes, where);
  vocab.reserve(static_cast<std::size_t>(std::count(bytes.begin(), bytes.end(), '\n')) + 1, 0);
  std::int64_t id = 0;
  for (std::size_t at = 0; at < bytes.size(); ++id) {
    const std::size_t end = std::min(bytes.find('\n', at), bytes.size());
    vocab.add_range(at, trim_end(bytes.substr(at, end - at)).size(), id, where);
    at = end + 1;
  }
  if (vocab.entries().empty()) throw Error(ErrorCode::invalid_format, where, "one token a line", "an empty file");
}

ModelSpec read_model(std::string_view model, const std::string& where, JsonReader reader) {
  const std::string type = type_of(model, where);
  if (type == "WordPiece") return read_wordpiece(model, where);
  if (type == "WordLevel") return read_wordlevel(model, where);
  if (type == "BPE") {
    BpeSpec spec;
    read_bpe_json(model, where, spec);
    return spec;
  }
  if (type == "Unigram") {
    UnigramPieces pieces;
    read_unigram_json(model, where, reader, pieces);
    return pieces;
  }
  throw Error(ErrorCode::unsupported, where, "a model WordPiece, BPE, Unigram or WordLevel", type);
}

}  // namespace bertrt::tokenizer
