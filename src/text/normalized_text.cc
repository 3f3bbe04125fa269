#include "text/normalized_text.h"

#include "text/utf8.h"

namespace bertrt::text {

void align_to_itself(std::string_view text, NormalizedText& normalized) {
  normalized.clear();
  normalized.bytes.reserve(text.size());
  normalized.source.reserve(text.size());
  for (std::size_t at = 0; at < text.size();) {
    const Decoded c = decode_utf8(text, at);
    const Offset source{static_cast<std::uint32_t>(at), static_cast<std::uint32_t>(at + c.length)};
    append_utf8(c.code_point, normalized.bytes);
    normalized.source.resize(normalized.bytes.size(), source);
    at += c.length;
  }
}

}  // namespace bertrt::text
