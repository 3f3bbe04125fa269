#include "text/change_list.h"

#include <utility>

#include "text/utf8.h"

namespace bertrt::text {
namespace {

/// Steps over up to `count` characters of valid UTF-8.
std::size_t skip(const std::string& bytes, std::size_t at, std::size_t count) noexcept {
  for (; count > 0 && at < bytes.size(); --count) at += decode_utf8(bytes, at).length;
  return at;
}

}  // namespace

void ChangeList::apply(NormalizedText& text, std::size_t removed_first) {
  next.clear();
  std::size_t at = skip(text.bytes, 0, removed_first);
  for (const Change& change : changes) {
    Offset source;
    if (change.change > 0) {
      if (at > 0) source = text.source[at - 1];
    } else {
      if (at < text.source.size()) source = text.source[at];
      at = skip(text.bytes, at, 1 + static_cast<std::size_t>(-change.change));
    }
    append_utf8(change.code_point, next.bytes);
    next.source.resize(next.bytes.size(), source);
  }
  std::swap(text, next);
}

}  // namespace bertrt::text
