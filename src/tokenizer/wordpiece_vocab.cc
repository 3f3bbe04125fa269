#include "tokenizer/wordpiece_vocab.h"

#include "bertrt/error.h"

namespace bertrt::tokenizer {
namespace {

constexpr std::int64_t kMaxId = (1 << 22) - 1;
constexpr std::size_t kMaxText = std::size_t{1} << 30;

}  // namespace

void WordPieceVocab::add(std::string_view token, std::int64_t id, const std::string& where) {
  if (id < 0 || id > kMaxId) {
    throw Error(ErrorCode::invalid_format, where, "token ids between 0 and " + std::to_string(kMaxId),
                std::to_string(id) + " for \"" + std::string(token) + "\"");
  }
  if (text_.size() + token.size() > kMaxText) {
    throw Error(ErrorCode::invalid_format, where, "a vocabulary below 1 GiB", "a larger one");
  }
  entries_.push_back({static_cast<std::uint32_t>(text_.size()), static_cast<std::uint32_t>(token.size()),
                      static_cast<std::int32_t>(id)});
  text_.append(token);
}

}  // namespace bertrt::tokenizer
