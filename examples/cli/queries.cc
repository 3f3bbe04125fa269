#include "queries.h"

#include <array>
#include <exception>
#include <utility>

#include "bertrt/error.h"
#include "bertrt/tokenizer.h"
#include "progress.h"
#include "terminal.h"

namespace bertrt::cli {
namespace {

constexpr std::size_t kBatch = 64;

}  // namespace

Queries::Queries(CLI::App& command) {
  text_option_ = command.add_option("text", text_, "The text; without it, one text a line of standard input");
  pair_option_ = command.add_option("pair", pair_, "A second text, which makes the two a pair");
  command.add_option("--pair-separator", pair_separator_, "What splits a line of standard input into a pair");
}

std::vector<Query> Queries::next(std::size_t limit) {
  std::vector<Query> result;
  if (!from_stdin()) {
    if (std::exchange(finished_, true)) return result;
    result.push_back({text_, pair_option_->count() > 0 ? std::optional(pair_) : std::nullopt, 0});
    return result;
  }
  while (result.size() < limit) {
    if (auto line = next_line()) {
      result.push_back(split(std::move(*line)));
    } else if (finished_ || (!result.empty() && !stdin_is_ready()) || !fill()) {
      break;
    }
  }
  return result;
}

std::optional<std::string> Queries::next_line() {
  std::size_t end = buffer_.find('\n', begin_);
  if (end == std::string::npos) {
    if (!finished_ || begin_ >= buffer_.size()) return std::nullopt;
    end = buffer_.size();
  }
  std::string line = buffer_.substr(begin_, end - begin_);
  begin_ = end + 1;
  ++lines_;
  if (!line.empty() && line.back() == '\r') line.pop_back();
  return line;
}

/// Reads on; false when there is no more to take from the buffer.
bool Queries::fill() {
  buffer_.erase(0, std::min(begin_, buffer_.size()));
  begin_ = 0;
  std::array<char, 65536> chunk;
  const std::size_t count = read_stdin(chunk.data(), chunk.size());
  buffer_.append(chunk.data(), count);
  bytes_read_ += count;
  finished_ = count == 0;
  return count > 0 || !buffer_.empty();
}

Query Queries::split(std::string line) {
  Query query{std::move(line), std::nullopt, lines_};
  if (pair_separator_.empty()) return query;
  if (const auto at = query.text.find(pair_separator_); at != std::string::npos) {
    query.pair = query.text.substr(at + pair_separator_.size());
    query.text.resize(at);
  }
  return query;
}

Encoding encode(const Tokenizer& tokenizer, const Query& query, const EncodeOptions& options) {
  return query.pair ? tokenizer.encode(query.text, *query.pair, options) : tokenizer.encode(query.text, options);
}

void answer_all(Queries& queries, const Prepare& prepare, const Answer& answer) {
  // Answers on a terminal and a bar would run into each other.
  Progress progress("answering", queries.from_stdin() ? stdin_file_size() : 0, !stdout_is_terminal());
  for (auto batch = queries.next(kBatch); !batch.empty(); batch = queries.next(kBatch)) {
    std::vector<Encoding> encodings;
    std::exception_ptr bad;
    for (const Query& query : batch) {
      try {
        encodings.push_back(prepare(query));
      } catch (const Error& error) {
        if (query.line == 0) throw;
        bad = std::make_exception_ptr(
            Error(error.code(), "line " + std::to_string(query.line) + " of standard input, " + error.where(),
                  error.expected(), error.found()));
        break;
      }
    }
    if (!encodings.empty()) answer(std::span(batch).first(encodings.size()), encodings);
    if (bad) std::rethrow_exception(bad);
    progress.update(queries.bytes_taken());
  }
}

}  // namespace bertrt::cli
