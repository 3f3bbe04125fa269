#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "text/regex.h"

namespace bertrt::tokenizer {

// tokenizer.json's decoders as values, one struct a kind. Each makes a list of texts of a list of texts.
namespace decoders {

struct WordPiece {
  std::string prefix = "##";
  bool cleanup = true;  ///< takes out spaces before punctuation and contractions
};
struct ByteLevel {};
struct Metaspace {
  char32_t replacement = 0x2581;
  bool drops_first = true;  ///< the first token's marks stand for the space that was put in
};
struct Bpe {
  std::string suffix = "</w>";
};
struct ByteFallback {};
struct Fuse {};
struct Strip {
  char32_t content = ' ';
  std::size_t start = 0;
  std::size_t stop = 0;
};
struct Replace {
  std::shared_ptr<const text::Regex> pattern;
  std::string content;
};
struct Ctc {
  std::string pad_token = "<pad>";
  std::string word_delimiter_token = "|";
  bool cleanup = true;
};

using Step = std::variant<WordPiece, ByteLevel, Metaspace, Bpe, ByteFallback, Fuse, Strip, Replace, Ctc>;

}  // namespace decoders

/// Tokens to text: steps, one after the other. Immutable.
class Decoder {
 public:
  /// No decoder: tokens with spaces between them.
  Decoder() = default;
  explicit Decoder(std::vector<decoders::Step> steps) : steps_(std::move(steps)), is_there_(true) {}

  /// The text of `tokens`, as they stand in the vocabulary. @throws Error where Hugging Face fails, too
  std::string decode(std::vector<std::string> tokens) const;

 private:
  std::vector<decoders::Step> steps_;
  bool is_there_ = false;
};

/// What transformers' clean_up_tokenization does to a whole text.
void clean_up_tokenization(std::string& text);

}  // namespace bertrt::tokenizer
