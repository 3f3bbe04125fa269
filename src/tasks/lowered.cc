#include "tasks/lowered.h"

#include "text/unicode.h"
#include "text/utf8.h"

namespace bertrt::tasks {

std::string lowered(std::string_view text, std::span<const std::string> kept, std::vector<std::uint32_t>* origins) {
  std::string out;
  out.reserve(text.size());
  const auto came_from = [&](std::size_t at) {
    if (origins != nullptr) origins->resize(out.size(), static_cast<std::uint32_t>(at));
  };
  for (std::size_t at = 0; at < text.size();) {
    const std::string* special = nullptr;
    for (const std::string& one : kept) {
      if (!one.empty() && text.substr(at).starts_with(one) && (special == nullptr || one.size() > special->size())) {
        special = &one;
      }
    }
    if (special != nullptr) {
      for (const char c : *special) {
        out += c;
        came_from(at++);
      }
      continue;
    }
    const text::Decoded decoded = text::decode_utf8(text, at);
    const std::span<const char32_t> lower = text::lowercase(decoded.code_point);
    if (lower.empty()) {
      text::append_utf8(decoded.code_point, out);
    } else {
      for (const char32_t c : lower) text::append_utf8(c, out);
    }
    came_from(at);
    at += decoded.length;
  }
  if (origins != nullptr) origins->push_back(static_cast<std::uint32_t>(text.size()));
  return out;
}

}  // namespace bertrt::tasks
