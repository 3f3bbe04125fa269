#pragma once

#include <cstdint>
#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "text/gpt2_classes.h"
#include "text/utf8.h"
#include "tokenizer/golden.h"
#include "tokenizer/subword_model.h"

namespace bertrt::testing {

/// Byte-level BPE as it is described: GPT-2's pattern read character by character, merges looked for one by one in a
/// map, no cache. What the fast way must equal.
class BpeTwin {
 public:
  /// A folder with vocab.json and merges.txt.
  explicit BpeTwin(const std::string& folder) {
    vocab_ = nlohmann::json::parse(read_file(folder + "/vocab.json")).get<std::map<std::string, std::int32_t>>();
    for (const std::string& line : read_lines(folder + "/merges.txt")) {
      const std::size_t space = line.find(' ');
      if (line.starts_with("#version") || space == std::string::npos) continue;
      const auto rank = ranks_.size();
      ranks_.emplace(std::pair{line.substr(0, space), line.substr(space + 1)}, rank);
    }
  }

  tokenizer::Pieces encode(std::string_view text) const {
    std::vector<Character> characters;
    for (std::size_t at = 0; at < text.size();) {
      const text::Decoded c = text::decode_utf8(text, at);
      const auto begin = static_cast<std::uint32_t>(at);
      characters.push_back({c.code_point, {begin, begin + c.length}});
      at += c.length;
    }
    tokenizer::Pieces pieces;
    for (std::size_t begin = 0; begin < characters.size();) {
      const std::size_t end = word_end(characters, begin);
      add_word({characters.begin() + static_cast<std::ptrdiff_t>(begin),
                characters.begin() + static_cast<std::ptrdiff_t>(end)},
               pieces);
      begin = end;
    }
    return pieces;
  }

 private:
  struct Character {
    char32_t code_point;
    Offset source;
  };
  struct Symbol {
    std::string token;
    Offset source;
  };
  using Characters = std::vector<Character>;

  /// 's|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+
  static std::size_t word_end(const Characters& text, std::size_t begin) {
    for (const std::u32string_view ending : {U"'s", U"'t", U"'re", U"'ve", U"'m", U"'ll", U"'d"}) {
      std::size_t same = 0;
      while (same < ending.size() && begin + same < text.size() && text[begin + same].code_point == ending[same])
        ++same;
      if (same == ending.size()) return begin + same;
    }
    const auto run = [&](std::size_t at) {
      const text::Gpt2Class kind = text::gpt2_class(text[at].code_point);
      while (at < text.size() && text::gpt2_class(text[at].code_point) == kind) ++at;
      return at;
    };
    const std::size_t first = begin + (text[begin].code_point == U' ');
    if (first < text.size() && !text::is_white_space(text[first].code_point)) return run(first);
    const std::size_t end = run(begin);
    return end == text.size() || end == begin + 1 ? end : end - 1;
  }

  /// The character that stands for a byte in the vocabulary.
  static std::string spelled(unsigned char byte) {
    char32_t next = 0x100;
    for (unsigned b = 0; b < 256; ++b) {
      const bool is_itself = (b >= '!' && b <= '~') || (b >= 0xA1 && b <= 0xAC) || b >= 0xAE;
      const char32_t character = is_itself ? b : next++;
      if (b != byte) continue;
      std::string token;
      text::append_utf8(character, token);
      return token;
    }
    return {};
  }

  void add_word(const Characters& word, tokenizer::Pieces& pieces) const {
    std::vector<Symbol> symbols;
    for (const Character& character : word) {
      std::string bytes;
      text::append_utf8(character.code_point, bytes);
      for (const char byte : bytes) symbols.push_back({spelled(static_cast<unsigned char>(byte)), character.source});
    }
    while (true) {
      auto best = ranks_.end();
      std::size_t place = 0;
      for (std::size_t i = 0; i + 1 < symbols.size(); ++i) {
        const auto found = ranks_.find({symbols[i].token, symbols[i + 1].token});
        if (found == ranks_.end() || (best != ranks_.end() && found->second >= best->second)) continue;
        best = found;
        place = i;
      }
      if (best == ranks_.end()) break;
      symbols[place].token += symbols[place + 1].token;
      symbols[place].source.end = symbols[place + 1].source.end;
      symbols.erase(symbols.begin() + static_cast<std::ptrdiff_t>(place) + 1);
    }
    for (const Symbol& symbol : symbols) {
      pieces.ids.push_back(vocab_.at(symbol.token));
      pieces.offsets.push_back(symbol.source);
    }
  }

  std::map<std::string, std::int32_t> vocab_;
  std::map<std::pair<std::string, std::string>, std::size_t> ranks_;
};

}  // namespace bertrt::testing
