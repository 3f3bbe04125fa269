#include "text/bert_normalizer.h"

namespace bertrt::text {
namespace {

struct TextSink {
  NormalizedText& out;
  void put(char32_t c, std::uint8_t, Offset source) {
    append_utf8(c, out.bytes);
    out.source.resize(out.bytes.size(), source);
  }
};

}  // namespace

void normalize_bert(std::string_view text, const BertNormalizerOptions& options, NormalizedText& normalized) {
  normalized.clear();
  TextSink sink{normalized};
  BertNormalizer<TextSink> normalizer(options, sink);
  for (std::size_t at = 0; at < text.size();) {
    const Decoded c = decode_utf8(text, at);
    normalizer.feed(c.code_point, {static_cast<std::uint32_t>(at), static_cast<std::uint32_t>(at + c.length)});
    at += c.length;
  }
  normalizer.finish();
}

}  // namespace bertrt::text
