#include "tokenizer/wordpiece/wordpiece_vocab.h"

#include "bertrt/error.h"

namespace bertrt::tokenizer {
namespace {

constexpr std::size_t kMaxText = std::size_t{1} << 30;

void check_size(std::size_t bytes, const std::string& where) {
  if (bytes > kMaxText) throw Error(ErrorCode::invalid_format, where, "a vocabulary below 1 GiB", "a larger one");
}

}  // namespace

void WordPieceVocab::refuse_id(std::int64_t id, const std::string& where, std::string_view token) {
  throw Error(ErrorCode::invalid_format, where, "token ids between 0 and " + std::to_string(kMaxTokenId),
              std::to_string(id) + " for \"" + std::string(token) + "\"");
}

void WordPieceVocab::add(std::string_view token, std::int64_t id, const std::string& where) {
  check_size(text_.size() + token.size(), where);
  const std::size_t begin = text_.size();
  text_.append(token);
  add_range(begin, token.size(), id, where);
}

void WordPieceVocab::take_text(std::string_view text, const std::string& where) {
  check_size(text.size(), where);
  text_ = text;
}

}  // namespace bertrt::tokenizer
