#include "queries.h"

#include <array>
#include <cstdio>
#include <nlohmann/json.hpp>
#include <utility>

#include "bertrt/error.h"
#include "bertrt/tokenizer.h"
#include "commands.h"
#include "json.h"
#include "printable.h"
#include "progress.h"
#include "terminal.h"

namespace bertrt::cli {
namespace {

// What one batch may hold: texts, and tokens (a longer text goes alone).
constexpr std::size_t kBatch = 64;
constexpr std::size_t kBatchTokens = 2048;

// {"text": …, "pair": …}; other members are passed over.
Query from_json(const std::string& line) {
  Query query;
  const auto json = nlohmann::json::parse(line, nullptr, /*allow_exceptions=*/false);
  if (!json.is_object()) {
    query.bad = "no JSON object";
  } else if (!json.contains("text") || !json["text"].is_string()) {
    query.bad = "no \"text\" that is a string";
  } else if (json.contains("pair") && !json["pair"].is_string() && !json["pair"].is_null()) {
    query.bad = "a \"pair\" that is no string";
  } else {
    json["text"].get_to(query.text);
    if (json.contains("pair") && json["pair"].is_string()) query.pair = json["pair"].get<std::string>();
  }
  return query;
}

// About what the command was asked with, not about a text.
bool is_of_the_job(const Error& error) {
  const std::string& where = error.where();
  return where.find("Options::") != std::string::npos || where == "prompt_name" || where == "max_length" ||
         where == "Reranker";
}

class Answering {
 public:
  Answering(const Queries& queries, const Prepare& prepare, const Answer& answer)
      : queries_(queries), prepare_(prepare), answer_(answer) {}

  void batch(std::vector<Query> queries) {
    for (Query& query : queries) {
      Encoding encoding;
      try {
        if (!query.bad.empty()) {
          throw Error(ErrorCode::invalid_argument, "input", "{\"text\": …, \"pair\": …}", query.bad);
        }
        encoding = prepare_(query);
      } catch (const Error& error) {
        flush();
        report(query, error);
        continue;
      }
      if (tokens_ + encoding.size() > kBatchTokens) flush();
      tokens_ += encoding.size();
      ready_.push_back(std::move(query));
      encodings_.push_back(std::move(encoding));
    }
    flush();
  }

 private:
  void flush() {
    const auto ready = std::exchange(ready_, {});
    const auto encodings = std::exchange(encodings_, {});
    tokens_ = 0;
    if (ready.empty()) return;
    try {
      answer_(ready, encodings);
      return;
    } catch (const Error& error) {
      if (ready.size() == 1) return report(ready.front(), error);
    }
    // One of them is to blame: alone, each says for itself.
    for (std::size_t i = 0; i < ready.size(); ++i) {
      try {
        answer_(std::span(ready).subspan(i, 1), std::span(encodings).subspan(i, 1));
      } catch (const Error& error) {
        report(ready[i], error);
      }
    }
  }

  void report(const Query& query, const Error& error) const {
    const Error named = at_line(query, error);
    if (queries_.ends_with(error)) throw named;
    std::string out;
    if (queries_.json()) {
      JsonWriter(out).begin_object().key("error").value(named.what()).end_object();
    } else {
      out = "error: " + printable(named.what());
    }
    write_stdout(out + '\n');
  }

  const Queries& queries_;
  const Prepare& prepare_;
  const Answer& answer_;
  std::vector<Query> ready_;
  std::vector<Encoding> encodings_;
  std::size_t tokens_ = 0;
};

}  // namespace

Queries::Queries(CLI::App& command, std::string wanted) : command_(command), wanted_(std::move(wanted)) {
  text_option_ = command.add_option("text", text_, "The text; without it, one text a line of standard input");
  pair_option_ = command.add_option("pair", pair_, "A second text, which makes the two a pair");
  command.add_option("--pair-separator", pair_separator_, "What splits a line of standard input into a pair");
  command.add_option("--input-format", format_, "Lines of standard input: texts, or {\"text\",\"pair\"} each")
      ->check(CLI::IsMember({"lines", "jsonl"}))
      ->capture_default_str();
  command.add_flag("--keep-going", keep_going_,
                   "An error in a bad text's place ({\"error\"}), instead of the job's end");
}

bool Queries::json() const {
  const CLI::Option* option = command_.get_option_no_throw("--json");
  return option != nullptr && option->count() > 0;
}

std::vector<Query> Queries::next(std::size_t limit) {
  std::vector<Query> result;
  if (!from_stdin()) {
    if (std::exchange(finished_, true)) return result;
    result.push_back({text_, pair_option_->count() > 0 ? std::optional(pair_) : std::nullopt, 0});
    return result;
  }
  if (!std::exchange(asked_, true) && stdin_is_terminal() && stderr_is_terminal()) {
    std::fprintf(stderr, "Type %s and press Enter; Ctrl-D ends.\n", wanted_.c_str());
  }
  while (result.size() < limit) {
    if (auto line = next_line()) {
      result.push_back(read(std::move(*line)));
    } else if (finished_ || (!result.empty() && !stdin_is_ready()) || !fill()) {
      break;
    }
  }
  return result;
}

std::optional<std::string> Queries::next_line() {
  std::size_t end = buffer_.find('\n', std::max(begin_, searched_));
  if (end == std::string::npos) {
    searched_ = buffer_.size();
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
  searched_ = buffer_.size();
  std::array<char, 65536> chunk;
  const std::size_t count = read_stdin(chunk.data(), chunk.size());
  buffer_.append(chunk.data(), count);
  bytes_read_ += count;
  finished_ = count == 0;
  return count > 0 || !buffer_.empty();
}

Query Queries::read(std::string line) const {
  Query query = format_ == "jsonl" ? from_json(line) : split(std::move(line));
  query.line = lines_;
  return query;
}

Query Queries::split(std::string line) const {
  Query query{std::move(line), std::nullopt, lines_};
  if (pair_separator_.empty()) return query;
  if (const auto at = query.text.find(pair_separator_); at != std::string::npos) {
    query.pair = query.text.substr(at + pair_separator_.size());
    query.text.resize(at);
  }
  return query;
}

bool Queries::ends_with(const Error& error) const { return !keep_going_ || is_of_the_job(error); }

Error at_line(const Query& query, const Error& error) {
  if (query.line == 0 || is_of_the_job(error)) return error;
  return {error.code(), "line " + std::to_string(query.line) + " of standard input, " + error.where(), error.expected(),
          error.found()};
}

Encoding encode(const Tokenizer& tokenizer, const Query& query, const EncodeOptions& options) {
  return query.pair ? tokenizer.encode(query.text, *query.pair, options) : tokenizer.encode(query.text, options);
}

Encoding encode_for_model(const Tokenizer& tokenizer, const Query& query, const EncodeOptions& options) {
  Encoding encoding = encode(tokenizer, query, options);
  if (!tokenizer.types_are_input()) encoding.token_type_ids.clear();
  return encoding;
}

void answer_texts(Queries& queries, const AnswerTexts& answer) {
  answer_all(
      queries, [](const Query&) { return Encoding(); },
      [&](std::span<const Query> batch, std::span<const Encoding>) { answer(batch); });
}

void answer_all(Queries& queries, const Prepare& prepare, const Answer& answer) {
  // Answers on a terminal and a bar would run into each other.
  Progress progress("answering", queries.from_stdin() ? stdin_file_size() : 0, !stdout_is_terminal());
  Answering answering(queries, prepare, answer);
  for (auto batch = queries.next(kBatch); !batch.empty(); batch = queries.next(kBatch)) {
    answering.batch(std::move(batch));
    progress.update(queries.bytes_taken());
  }
}

}  // namespace bertrt::cli
