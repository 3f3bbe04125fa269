#include "tokenizer/bpe/word_scanner.h"

#include <utility>

#include "tokenizer/bpe/byte_level.h"
#include "tokenizer/bpe/scan.h"

namespace bertrt::tokenizer {
namespace {

using scan::Classified;
using scan::classify;
using scan::run_end;
using scan::space_end;
using text::Gpt2Class;

/// The length of 's 't 'm 'd 're 've 'll in any case at `at`, which holds the apostrophe; 0 for none. A long s is an s.
std::size_t contraction(std::string_view text, std::size_t at) noexcept {
  const auto letter = [&](std::size_t i) { return i < text.size() ? static_cast<char>(text[i] | 0x20) : '\0'; };
  const char first = letter(at + 1);
  if (first == 's' || first == 't' || first == 'm' || first == 'd') return 2;
  if (text.substr(at + 1).starts_with("\xC5\xBF")) return 3;
  const char second = letter(at + 2);
  if ((first == 'r' && second == 'e') || (first == 'v' && second == 'e') || (first == 'l' && second == 'l')) return 3;
  return 0;
}

bool is_newline(char c) noexcept { return c == '\r' || c == '\n'; }

/// White space up to the last line end in it; `begin` where it has none.
std::size_t last_newline_end(std::string_view text, std::size_t begin) noexcept {
  std::size_t end = begin;
  for (std::size_t at = begin; at < text.size();) {
    const Classified c = classify(text, at);
    if (c.kind != Gpt2Class::space) break;
    if (is_newline(text[at])) end = at + 1;
    at += c.length;
  }
  return end;
}

/// (?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,n}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+
template <std::size_t kDigits>
std::size_t cl100k_word_end(std::string_view text, std::size_t begin) noexcept {
  if (text[begin] == '\'') {
    if (const std::size_t length = contraction(text, begin)) return begin + length;
  }
  const Classified first = classify(text, begin);
  if (first.kind == Gpt2Class::letter) return run_end(text, begin + first.length, Gpt2Class::letter);
  if (first.kind == Gpt2Class::number) {
    std::size_t at = begin + first.length;
    for (std::size_t i = 1; i < kDigits && at < text.size(); ++i) {
      const Classified c = classify(text, at);
      if (c.kind != Gpt2Class::number) break;
      at += c.length;
    }
    return at;
  }
  const std::size_t behind = begin + first.length;
  const Classified second = behind < text.size() ? classify(text, behind) : Classified{Gpt2Class::space, 0};
  if (!is_newline(text[begin]) && behind < text.size() && second.kind == Gpt2Class::letter) {
    return run_end(text, behind + second.length, Gpt2Class::letter);
  }
  std::size_t other = begin;
  if (text[begin] == ' ' && behind < text.size() && second.kind == Gpt2Class::other) other = behind;
  if (first.kind == Gpt2Class::other || other != begin) {
    std::size_t at = run_end(text, other, Gpt2Class::other);
    while (at < text.size() && is_newline(text[at])) ++at;
    return at;
  }
  if (const std::size_t end = last_newline_end(text, begin); end != begin) return end;
  return space_end(text, begin);
}

constexpr std::pair<std::string_view, WordScanner> kScanners[] = {
    {R"('s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+)", byte_level_word_end},
    {R"((?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+)",
     cl100k_word_end<3>},
    {R"((?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]|\s+(?!\S)|\s+)",
     cl100k_word_end<3>},
    {R"((?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+)",
     cl100k_word_end<1>},
};

}  // namespace

WordScanner scanner_of(std::string_view pattern) noexcept {
  for (const auto& [known, scanner] : kScanners) {
    if (known == pattern) return scanner;
  }
  return nullptr;
}

std::size_t digits_of(WordScanner scanner) noexcept {
  if (scanner == cl100k_word_end<3>) return 3;
  return scanner == cl100k_word_end<1> ? 1 : 0;
}

}  // namespace bertrt::tokenizer
