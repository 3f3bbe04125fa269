#include "text/newer_characters.h"

#include <algorithm>
#include <iterator>

#include "text/utf8.h"

namespace bertrt::text {
namespace {

struct Row {
  char32_t first;
  char32_t last;
  char32_t older;
};

#include "text/newer_characters_table.inc"

/// The one in its place; 0 for a character that is as old.
char32_t older_of(char32_t c) noexcept {
  const Row* row = std::upper_bound(std::begin(kRows), std::end(kRows), c,
                                    [](char32_t value, const Row& one) { return value < one.first; });
  return row != std::begin(kRows) && c <= (row - 1)->last ? (row - 1)->older : 0;
}

}  // namespace

std::string_view with_older_characters(std::string_view text, std::string& scratch) {
  scratch.clear();
  std::string older;
  for (std::size_t at = 0; at < text.size();) {
    if (static_cast<unsigned char>(text[at]) < 0xCD) {  // before the first of them, U+0363
      ++at;
      continue;
    }
    const Decoded c = decode_utf8(text, at);
    if (const char32_t found = older_of(c.code_point); found != 0) {
      if (scratch.empty()) scratch.assign(text);
      older.clear();
      append_utf8(found, older);
      scratch.replace(at, older.size(), older);
    }
    at += c.length;
  }
  return scratch.empty() ? text : std::string_view(scratch);
}

}  // namespace bertrt::text
