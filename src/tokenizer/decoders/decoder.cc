#include "tokenizer/decoders/decoder.h"

#include <array>
#include <numeric>
#include <span>

#include "bertrt/error.h"
#include "text/utf8.h"
#include "text/valid_utf8.h"
#include "tokenizer/bpe/byte_level.h"

namespace bertrt::tokenizer {
namespace {

using Tokens = std::vector<std::string>;
using Replacement = std::pair<std::string_view, std::string_view>;

void replace_all(std::string& text, std::string_view from, std::string_view to) {
  if (from.empty() || text.find(from) == std::string::npos) return;
  std::string next;
  std::size_t done = 0;
  for (std::size_t at = text.find(from); at != std::string::npos; at = text.find(from, done)) {
    next.append(text, done, at - done).append(to);
    done = at + from.size();
  }
  next.append(text, done);
  text = std::move(next);
}

// Hugging Face's WordPiece decoder cleans token by token, transformers a whole text, with one contraction less.
constexpr std::array<Replacement, 11> kDecoderCleanup = {{{" .", "."},
                                                          {" ?", "?"},
                                                          {" !", "!"},
                                                          {" ,", ","},
                                                          {" ' ", "'"},
                                                          {" n't", "n't"},
                                                          {" 'm", "'m"},
                                                          {" do not", " don't"},
                                                          {" 's", "'s"},
                                                          {" 've", "'ve"},
                                                          {" 're", "'re"}}};

void clean_up(std::string& token) {
  for (const auto& [from, to] : kDecoderCleanup) replace_all(token, from, to);
}

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/// The byte of "<0xAB>"; -1 for any other token. Rust's parser takes "+A", too.
int byte_of(std::string_view token) {
  if (token.size() != 6 || !token.starts_with("<0x") || token[5] != '>') return -1;
  const int high = token[3] == '+' ? 0 : hex_digit(token[3]);
  const int low = hex_digit(token[4]);
  return high < 0 || low < 0 ? -1 : high * 16 + low;
}

struct Apply {
  Tokens& tokens;

  void operator()(const decoders::WordPiece& step) const {
    for (std::size_t i = 0; i < tokens.size(); ++i) {
      std::string& token = tokens[i];
      if (i > 0 && token.starts_with(step.prefix)) {
        token.erase(0, step.prefix.size());
      } else if (i > 0) {
        std::string spaced(1, ' ');
        spaced += token;
        token = std::move(spaced);
      }
      if (step.cleanup) clean_up(token);
    }
  }
  void operator()(decoders::ByteLevel) const {
    std::string bytes;
    for (const std::string& token : tokens) append_byte_level(token, bytes);
    tokens = {text::valid_utf8(std::move(bytes))};
  }
  void operator()(const decoders::Metaspace& step) const {
    std::string mark;
    text::append_utf8(step.replacement, mark);
    for (std::size_t i = 0; i < tokens.size(); ++i) {
      replace_all(tokens[i], mark, i == 0 && step.drops_first ? "" : " ");
    }
  }
  void operator()(const decoders::Bpe& step) const {
    for (std::size_t i = 0; i < tokens.size(); ++i) replace(tokens[i], step.suffix, i + 1 == tokens.size() ? "" : " ");
  }
  void operator()(decoders::ByteFallback) const {
    Tokens next;
    std::string bytes;
    const auto flush = [&] {
      if (bytes.empty()) return;
      if (text::is_valid_utf8(bytes)) {
        next.push_back(bytes);
      } else {
        next.insert(next.end(), bytes.size(), "\xEF\xBF\xBD");
      }
      bytes.clear();
    };
    for (std::string& token : tokens) {
      if (const int byte = byte_of(token); byte >= 0) {
        bytes.push_back(static_cast<char>(byte));
        continue;
      }
      flush();
      next.push_back(std::move(token));
    }
    flush();
    tokens = std::move(next);
  }
  void operator()(decoders::Fuse) const { tokens = {std::accumulate(tokens.begin(), tokens.end(), std::string())}; }
  void operator()(const decoders::Strip& step) const {
    for (std::string& token : tokens) strip(token, step);
  }
  void operator()(const decoders::Replace& step) const {
    std::vector<text::Match> matches;
    for (std::string& token : tokens) {
      matches.clear();
      step.pattern->find_all(token, matches);
      std::string next;
      for (const text::Match& match : matches) {
        next.append(match.matched ? step.content : token.substr(match.begin, match.end - match.begin));
      }
      token = std::move(next);
    }
  }
  void operator()(const decoders::Ctc& step) const {
    Tokens next;
    const std::string* last = nullptr;
    for (const std::string& token : tokens) {
      if (last != nullptr && *last == token) continue;
      last = &token;
      std::string replaced = token;
      replace(replaced, step.pad_token, "");
      if (step.cleanup) {
        clean_up(replaced);
        replace(replaced, step.word_delimiter_token, " ");
      }
      if (!replaced.empty()) next.push_back(std::move(replaced));
    }
    tokens = std::move(next);
  }

  /// Rust's replace(), which finds an empty pattern between all characters and at both ends.
  static void replace(std::string& text, std::string_view from, std::string_view to) {
    if (!from.empty()) return replace_all(text, from, to);
    std::string next(to);
    for (std::size_t at = 0; at < text.size();) {
      const std::size_t length = text::decode_utf8(text, at).length;
      next.append(text, at, length).append(to);
      at += length;
    }
    text = std::move(next);
  }

  static void strip(std::string& token, const decoders::Strip& step) {
    std::u32string characters;
    for (std::size_t at = 0; at < token.size();) {
      const text::Decoded c = text::decode_utf8(token, at);
      characters.push_back(c.code_point);
      at += c.length;
    }
    std::size_t begin = 0;
    while (begin < step.start && begin < characters.size() && characters[begin] == step.content) ++begin;
    std::size_t end = characters.size();
    for (std::size_t i = 0; i < step.stop; ++i) {
      if (i >= characters.size()) {
        throw Error(ErrorCode::invalid_argument, "decoder: Strip", "tokens of other characters than it strips",
                    "\"" + token + "\"");
      }
      if (characters[characters.size() - i - 1] != step.content) break;
      end = characters.size() - i - 1;
    }
    if (begin > end) {
      throw Error(ErrorCode::invalid_argument, "decoder: Strip", "tokens of other characters than it strips",
                  "\"" + token + "\"");
    }
    token.clear();
    for (std::size_t i = begin; i < end; ++i) text::append_utf8(characters[i], token);
  }
};

}  // namespace

std::string Decoder::decode(std::vector<std::string> tokens) const {
  std::string text;
  if (!is_there_) {
    for (const std::string& token : tokens)
      (text.empty() && &token == tokens.data() ? text : text.append(" ")).append(token);
    return text;
  }
  for (const decoders::Step& step : steps_) std::visit(Apply{tokens}, step);
  for (const std::string& token : tokens) text.append(token);
  return text;
}

void clean_up_tokenization(std::string& text) {
  static constexpr std::array<Replacement, 10> kReplacements = {{{" .", "."},
                                                                 {" ?", "?"},
                                                                 {" !", "!"},
                                                                 {" ,", ","},
                                                                 {" ' ", "'"},
                                                                 {" n't", "n't"},
                                                                 {" 'm", "'m"},
                                                                 {" 's", "'s"},
                                                                 {" 've", "'ve"},
                                                                 {" 're", "'re"}}};
  for (const auto& [from, to] : kReplacements) replace_all(text, from, to);
}

}  // namespace bertrt::tokenizer
