#include "tasks/lower_case.h"

#include <algorithm>
#include <array>
#include <span>

#include "text/unicode.h"
#include "text/utf8.h"

namespace bertrt::tasks {
namespace {

struct CodePoints {
  char32_t first;
  char32_t last;
};

#include "tasks/case_tables.inc"

constexpr char32_t kCapitalSigma = 0x3A3;
constexpr char32_t kSigma = 0x3C3;
constexpr char32_t kFinalSigma = 0x3C2;

bool is_in(std::span<const CodePoints> ranges, char32_t c) {
  const auto at =
      std::upper_bound(ranges.begin(), ranges.end(), c, [](char32_t x, const CodePoints& r) { return x < r.first; });
  return at != ranges.begin() && c <= (at - 1)->last;
}

bool is_ignorable(char32_t c) { return is_in(kIgnorable, c); }

// A letter in front of it, none behind it; what is no letter nor parts words is passed over.
bool ends_word(const std::u32string& text, std::size_t at) {
  std::size_t before = at;
  while (before > 0 && is_ignorable(text[before - 1])) --before;
  if (before == 0 || !is_in(kCased, text[before - 1])) return false;
  std::size_t behind = at + 1;
  while (behind < text.size() && is_ignorable(text[behind])) ++behind;
  return behind == text.size() || !is_in(kCased, text[behind]);
}

}  // namespace

std::string lower_case(std::string_view text) {
  std::u32string points;
  for (std::size_t at = 0; at < text.size();) {
    const text::Decoded c = text::decode_utf8(text, at);
    points.push_back(c.code_point);
    at += c.length;
  }
  std::string lower;
  for (std::size_t i = 0; i < points.size(); ++i) {
    const char32_t c = points[i];
    if (c == kCapitalSigma) {
      text::append_utf8(ends_word(points, i) ? kFinalSigma : kSigma, lower);
      continue;
    }
    const std::span<const char32_t> mapped = text::lowercase(c);
    if (mapped.empty()) text::append_utf8(c, lower);
    for (const char32_t part : mapped) text::append_utf8(part, lower);
  }
  return lower;
}

}  // namespace bertrt::tasks
