#include "tokenizer/subword_model.h"

#include "bertrt/error.h"
#include "tokenizer/word_model.h"

namespace bertrt::tokenizer {

void SubwordModel::normalize(std::string_view text, RunContext, text::NormalizedText& normalized) const {
  text::align_to_itself(text, normalized);
}

void SubwordModel::encode_normalized(std::string_view normalized, RunContext context, Pieces& pieces) const {
  encode(normalized, context, pieces);
}

void throw_no_unknown_token(std::string_view unk_token) {
  throw Error(ErrorCode::invalid_argument, "text",
              unk_token.empty() ? "nothing unknown: this tokenizer names no unk_token"
                                : "nothing unknown: this tokenizer's unk_token \"" + std::string(unk_token) +
                                      "\" is not in its vocabulary",
              "something that the vocabulary lacks");
}

}  // namespace bertrt::tokenizer
