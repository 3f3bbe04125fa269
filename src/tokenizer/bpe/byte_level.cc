#include "tokenizer/bpe/byte_level.h"

#include "text/utf8.h"
#include "tokenizer/bpe/scan.h"

namespace bertrt::tokenizer {
namespace {

using scan::Classified;
using scan::classify;
using scan::run_end;
using scan::space_end;
using text::Gpt2Class;

constexpr bool stands_for_itself(unsigned byte) {
  return (byte >= 0x21 && byte <= 0x7E) || (byte >= 0xA1 && byte <= 0xAC) || byte >= 0xAE;
}

struct Alphabet {
  std::array<char16_t, 256> character{};
  std::array<std::int16_t, 0x144> byte{};
};

constexpr Alphabet make_alphabet() {
  Alphabet alphabet;
  for (auto& value : alphabet.byte) value = -1;
  char16_t next = 0x100;
  for (unsigned byte = 0; byte < 256; ++byte) {
    const char16_t character = stands_for_itself(byte) ? static_cast<char16_t>(byte) : next++;
    alphabet.character[byte] = character;
    alphabet.byte[character] = static_cast<std::int16_t>(byte);
  }
  return alphabet;
}

constexpr Alphabet kAlphabet = make_alphabet();

/// The length of 's 't 'm 'd 're 've 'll at `at`, which holds the apostrophe; 0 for none.
inline std::size_t contraction(std::string_view text, std::size_t at) noexcept {
  const char first = at + 1 < text.size() ? text[at + 1] : '\0';
  if (first == 's' || first == 't' || first == 'm' || first == 'd') return 2;
  const char second = at + 2 < text.size() ? text[at + 2] : '\0';
  if ((first == 'r' && second == 'e') || (first == 'v' && second == 'e') || (first == 'l' && second == 'l')) return 3;
  return 0;
}

}  // namespace

char32_t byte_level_char(std::uint8_t byte) noexcept { return kAlphabet.character[byte]; }

int byte_level_byte(char32_t character) noexcept {
  return character < kAlphabet.byte.size() ? kAlphabet.byte[character] : -1;
}

void append_byte_level(std::string_view token, std::string& bytes) {
  const std::size_t before = bytes.size();
  for (std::size_t at = 0; at < token.size();) {
    const text::Decoded c = text::decode_utf8(token, at);
    const int byte = byte_level_byte(c.code_point);
    if (byte < 0) {
      bytes.resize(before);
      bytes.append(token);
      return;
    }
    bytes.push_back(static_cast<char>(byte));
    at += c.length;
  }
}

std::size_t byte_level_word_end(std::string_view text, std::size_t begin) noexcept {
  if (text[begin] == '\'') {
    if (const std::size_t length = contraction(text, begin)) return begin + length;
  }
  std::size_t at = begin;
  Classified first = classify(text, at);
  if (text[begin] == ' ' && begin + 1 < text.size()) {
    const Classified second = classify(text, begin + 1);
    if (second.kind == Gpt2Class::space) return space_end(text, begin);
    first = second;
    at = begin + 1;
  }
  if (first.kind == Gpt2Class::space) return space_end(text, begin);
  return run_end(text, at + first.length, first.kind);
}

}  // namespace bertrt::tokenizer
