#pragma once

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "bertrt/encoding.h"
#include "bertrt/error.h"
#include "bertrt/tokenizer.h"

namespace bertrt::cli {

/// One text, or a pair, and where it came from.
struct Query {
  std::string text;
  std::optional<std::string> pair;
  std::size_t line = 0;  ///< of standard input, from 1; 0: from the command line
  std::string bad = {};  ///< why the line is no query; empty: it is one

  /// A text with nothing in it.
  bool blank() const { return text.empty() && !pair && bad.empty(); }
};

/// Whether a command takes pairs of texts.
enum class Pairs { taken, refused };

/// The texts of a command line, or the lines of standard input.
class Queries {
 public:
  /// Adds TEXT, --input-format and --keep-going, and where pairs are taken PAIR and --pair-separator.
  /// @param wanted  what a person at a terminal is asked for when no text is given
  explicit Queries(CLI::App& command, Pairs pairs, std::string wanted = "a text");

  /// Up to `limit` queries; none at the end. Waits for the first one only, so that a program which writes a line and
  /// waits for its answer gets it. @throws UsageError for a standard input that cannot be read
  std::vector<Query> next(std::size_t limit);

  bool from_stdin() const { return text_option_->count() == 0; }
  /// The text of the command line; empty where there is none.
  const std::string& given_text() const { return text_; }
  bool keeps_going() const { return keep_going_; }
  /// What a query must be, for errors.
  const char* expected() const;
  /// Whether the command was asked for JSON.
  bool json() const;
  /// Bytes of standard input that the queries given out so far took up.
  std::uint64_t bytes_taken() const { return bytes_read_ - (buffer_.size() - std::min(begin_, buffer_.size())); }

 private:
  void check_usage() const;
  std::optional<std::string> next_line();
  bool fill();
  Query read(std::string line) const;
  Query from_json(const std::string& line) const;
  Query split(std::string line) const;

  const CLI::App& command_;
  std::string wanted_;
  Pairs pairs_;
  CLI::Option* text_option_ = nullptr;
  CLI::Option* pair_option_ = nullptr;
  CLI::Option* separator_option_ = nullptr;
  std::string text_;
  std::string pair_;
  std::string pair_separator_;
  std::string format_ = "lines";
  bool keep_going_ = false;
  bool finished_ = false;
  bool asked_ = false;
  std::string buffer_;
  std::size_t begin_ = 0;
  std::size_t searched_ = 0;  ///< no end of a line before this place
  std::size_t lines_ = 0;
  std::uint64_t bytes_read_ = 0;
};

/// The error, naming the line of standard input that the query came from.
Error at_line(const Query& query, const Error& error);

/// Encodes a query.
Encoding encode(const Tokenizer& tokenizer, const Query& query, const EncodeOptions& options);
/// The same for a model, as transformers hands it on: without token types where the tokenizer's are not for the model.
Encoding encode_for_model(const Tokenizer& tokenizer, const Query& query, const EncodeOptions& options);

/// Writes the answers to a batch, which is there until then.
using Written = std::function<void()>;
/// What writes these lines to standard output.
Written written(std::string lines);

/// Asks for the answers to a batch's texts.
using AnswerTexts = std::function<Written(std::span<const Query>)>;

/// A text that any command can answer which is asked the right way.
inline const Query kPlainQuery{"a", std::nullopt};

/// All queries in batches of bounded size, for tasks that encode for themselves; else as answer_all().
void answer_texts(Queries& queries, const AnswerTexts& answer, const Query& sample = kPlainQuery);

using Prepare = std::function<Encoding(const Query&)>;
using Answer = std::function<Written(std::span<const Query>, std::span<const Encoding>)>;

/// All queries in batches of bounded size: prepares each, then answers the batch. When one is bad, those before it are
/// still answered; then it ends the job, or has an error in its place with --keep-going. What every text would meet
/// ends the job always.
/// @param answer  called again for each text alone where one of them is bad
/// @param sample  a good query: what it meets, every one would
void answer_all(Queries& queries, const Prepare& prepare, const Answer& answer, const Query& sample = kPlainQuery);

}  // namespace bertrt::cli
