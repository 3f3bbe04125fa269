#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "text/gpt2_classes.h"
#include "text/utf8.h"

// What the hand-written scanners of byte-level pre-tokenizers' patterns have in common. All text is valid UTF-8.
namespace bertrt::tokenizer::scan {

using text::Gpt2Class;

constexpr std::array<Gpt2Class, 128> make_ascii() {
  std::array<Gpt2Class, 128> classes{};
  for (unsigned c = 0; c < 128; ++c) {
    if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z')) {
      classes[c] = Gpt2Class::letter;
    } else if (c >= '0' && c <= '9') {
      classes[c] = Gpt2Class::number;
    } else if ((c >= 9 && c <= 13) || c == ' ') {
      classes[c] = Gpt2Class::space;
    }
  }
  return classes;
}

inline constexpr std::array<Gpt2Class, 128> kAscii = make_ascii();

struct Classified {
  Gpt2Class kind;
  std::uint32_t length;
};

inline Classified classify(std::string_view text, std::size_t at) noexcept {
  const auto lead = static_cast<unsigned char>(text[at]);
  if (lead < 0x80) return {kAscii[lead], 1};
  const text::Decoded c = text::decode_utf8_multibyte(text, at);
  return {text::gpt2_class(c.code_point), c.length};
}

/// The end of the run of `kind` that begins at `at`.
inline std::size_t run_end(std::string_view text, std::size_t at, Gpt2Class kind) noexcept {
  while (at < text.size()) {
    const Classified c = classify(text, at);
    if (c.kind != kind) break;
    at += c.length;
  }
  return at;
}

/// A run of white space that no word takes: all of it at the text's end, else all but its last character (which
/// belongs to what follows, or stands alone when it is the only one).
inline std::size_t space_end(std::string_view text, std::size_t begin) noexcept {
  std::size_t at = begin;
  std::size_t last = begin;
  while (at < text.size()) {
    const Classified c = classify(text, at);
    if (c.kind != Gpt2Class::space) return last == begin ? at : last;
    last = at;
    at += c.length;
  }
  return at;
}

}  // namespace bertrt::tokenizer::scan
