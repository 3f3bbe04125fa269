#include "tokenizer/subword_model.h"

#include "text/utf8.h"

namespace bertrt::tokenizer {

void SubwordModel::normalize(std::string_view text, RunContext, text::NormalizedText& normalized) const {
  normalized.clear();
  normalized.bytes.reserve(text.size());
  normalized.source.reserve(text.size());
  for (std::size_t at = 0; at < text.size();) {
    const text::Decoded c = text::decode_utf8(text, at);
    const Offset source{static_cast<std::uint32_t>(at), static_cast<std::uint32_t>(at + c.length)};
    text::append_utf8(c.code_point, normalized.bytes);
    normalized.source.resize(normalized.bytes.size(), source);
    at += c.length;
  }
}

void SubwordModel::encode_normalized(std::string_view normalized, RunContext context, Pieces& pieces) const {
  encode(normalized, context, pieces);
}

}  // namespace bertrt::tokenizer
