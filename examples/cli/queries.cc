#include "queries.h"

#include <array>
#include <cstdio>
#include <new>
#include <nlohmann/json.hpp>
#include <string_view>
#include <utility>

#include "bertrt/error.h"
#include "bertrt/tokenizer.h"
#include "blame.h"
#include "commands.h"
#include "json.h"
#include "option_values.h"
#include "printable.h"
#include "progress.h"
#include "terminal.h"

namespace bertrt::cli {
namespace {

// What one batch may hold: texts, and tokens (a longer text goes alone).
constexpr std::size_t kBatch = 64;
constexpr std::size_t kBatchTokens = 2048;

// What the JSON library objects to, without its numbers and the place in a line that it calls line 1.
std::string objection(const nlohmann::json::exception& error) {
  std::string_view text = error.what();
  for (const std::string_view before : {"] ", " - "}) {
    if (const std::size_t at = text.find(before); at != std::string_view::npos) text.remove_prefix(at + before.size());
  }
  return std::string(text.substr(0, text.find("; last read")));
}

// In the place of an answer.
void write_error(const Error& error, bool json) {
  std::string out;
  if (json) {
    JsonWriter(out).begin_object().key("error").value(error.what()).end_object();
  } else {
    out = "error: " + printable(error.what());
  }
  write_stdout(out + '\n');
}

class Answering {
 public:
  Answering(const Queries& queries, const Prepare& prepare, const Answer& answer, const Query& sample)
      : prepare_(prepare),
        answer_(answer),
        blame_(
            queries,
            [&prepare, &answer, &sample] {
              const Encoding encoding = prepare(sample);
              static_cast<void>(answer(std::span(&sample, 1), std::span(&encoding, 1)));
            },
            [json = queries.json()](const Error& error) { write_error(error, json); }) {}

  void batch(std::vector<Query> queries) {
    for (Query& query : queries) {
      if (!query.bad.empty()) {
        flush();
        blame_.refuse(query);
        continue;
      }
      Encoding encoding;
      try {
        encoding = prepare_(query);
      } catch (const Error& error) {
        flush();
        blame_.report(query, error);
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
    if (ready.empty() || answered(ready, encodings, ready.size() == 1)) return;
    // One of them is to blame: alone, each says for itself.
    for (std::size_t i = 0; i < ready.size(); ++i) {
      answered(std::span(ready).subspan(i, 1), std::span(encodings).subspan(i, 1), true);
    }
  }

  // Whether there is an answer, be it an error in the place of a text that is alone.
  bool answered(std::span<const Query> queries, std::span<const Encoding> encodings, bool alone) {
    Written write;
    try {
      write = answer_(queries, encodings);
    } catch (const Error& error) {
      if (alone) blame_.report(queries.front(), error);
      return alone;
    }
    write();
    return true;
  }

  const Prepare& prepare_;
  const Answer& answer_;
  Blame blame_;
  std::vector<Query> ready_;
  std::vector<Encoding> encodings_;
  std::size_t tokens_ = 0;
};

}  // namespace

Queries::Queries(CLI::App& command, Pairs pairs, std::string wanted)
    : command_(command), wanted_(std::move(wanted)), pairs_(pairs) {
  text_option_ = command.add_option("text", text_, "The text; without it, one text a line of standard input");
  if (pairs == Pairs::taken) {
    pair_option_ = command.add_option("pair", pair_, "A second text, which makes the two a pair");
    separator_option_ =
        command.add_option("--pair-separator", pair_separator_, "What splits a line of standard input into a pair")
            ->check(not_empty());
  }
  command
      .add_option("--input-format", format_,
                  pairs == Pairs::taken
                      ? "Lines of standard input: texts, or {\"text\",\"pair\"} each (\"text_pair\" is as good; other "
                        "keys are passed over)"
                      : "Lines of standard input: texts, or {\"text\"} each (other keys are passed over)")
      ->check(CLI::IsMember({"lines", "jsonl"}))
      ->capture_default_str();
  command.add_flag("--keep-going", keep_going_,
                   "An error in a bad text's place ({\"error\"}), instead of the job's end");
  command.parse_complete_callback([this] { check_usage(); });
}

// An option that would do nothing was meant to do something.
void Queries::check_usage() const {
  const bool separates = separator_option_ != nullptr && separator_option_->count() > 0;
  if (!from_stdin() && format_ == "jsonl")
    throw UsageError("--input-format jsonl is for lines of standard input, not for a text");
  if (!from_stdin() && separates) throw UsageError("--pair-separator is for lines of standard input, not for a text");
  if (format_ == "jsonl" && separates) {
    throw UsageError("--pair-separator and --input-format jsonl are two ways to give pairs: choose one");
  }
}

const char* Queries::expected() const {
  return pairs_ == Pairs::taken ? "{\"text\": …, \"pair\": …}" : "{\"text\": …}";
}

bool Queries::json() const {
  const CLI::Option* option = command_.get_option_no_throw("--json");
  return option != nullptr && option->count() > 0;
}

std::vector<Query> Queries::next(std::size_t limit) {
  std::vector<Query> result;
  if (!from_stdin()) {
    if (std::exchange(finished_, true)) return result;
    const bool is_pair = pair_option_ != nullptr && pair_option_->count() > 0;
    result.push_back({text_, is_pair ? std::optional(pair_) : std::nullopt, 0});
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
  try {
    buffer_.append(chunk.data(), count);
  } catch (const std::bad_alloc&) {
    throw Error(ErrorCode::out_of_resources, "line " + std::to_string(lines_ + 1) + " of standard input",
                "one that memory has room for", std::to_string(buffer_.size()) + " bytes without its end");
  }
  bytes_read_ += count;
  finished_ = count == 0;
  return count > 0 || !buffer_.empty();
}

Query Queries::read(std::string line) const {
  Query query = format_ == "jsonl" ? from_json(line) : split(std::move(line));
  query.line = lines_;
  return query;
}

// Members beside the text and its pair are passed over.
Query Queries::from_json(const std::string& line) const {
  Query query;
  if (line.starts_with("\xEF\xBB\xBF")) {
    query.bad = "a byte order mark (U+FEFF) in front of it";
    return query;
  }
  nlohmann::json json;
  try {
    json = nlohmann::json::parse(line);
  } catch (const nlohmann::json::exception& error) {
    query.bad = line.empty() ? "an empty line" : "no JSON: " + objection(error);
    return query;
  }
  if (!json.is_object()) {
    query.bad = "no JSON object";
    return query;
  }
  if (!json.contains("text") || !json["text"].is_string()) {
    query.bad = "no \"text\" that is a string";
    return query;
  }
  json["text"].get_to(query.text);
  for (const char* name : {"pair", "text_pair"}) {  // the latter is Hugging Face's
    if (!json.contains(name) || json[name].is_null()) continue;
    if (!json[name].is_string()) {
      query.bad = "a \"" + std::string(name) + "\" that is no string";
    } else if (pairs_ == Pairs::refused) {
      query.bad = "a pair";
    } else if (query.pair) {
      query.bad = "\"pair\" and \"text_pair\", which are one";
    } else {
      query.pair = json[name].get<std::string>();
    }
    if (!query.bad.empty()) return query;
  }
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

Error at_line(const Query& query, const Error& error) {
  if (query.line == 0) return error;
  return {error.code(), "line " + std::to_string(query.line) + " of standard input, " + error.where(), error.expected(),
          error.found()};
}

Written written(std::string lines) {
  return [lines = std::move(lines)] { write_stdout(lines); };
}

Encoding encode(const Tokenizer& tokenizer, const Query& query, const EncodeOptions& options) {
  return query.pair ? tokenizer.encode(query.text, *query.pair, options) : tokenizer.encode(query.text, options);
}

Encoding encode_for_model(const Tokenizer& tokenizer, const Query& query, const EncodeOptions& options) {
  Encoding encoding = encode(tokenizer, query, options);
  if (!tokenizer.types_are_input()) encoding.token_type_ids.clear();
  return encoding;
}

void answer_texts(Queries& queries, const AnswerTexts& answer, const Query& sample) {
  answer_all(
      queries, [](const Query&) { return Encoding(); },
      [&](std::span<const Query> batch, std::span<const Encoding>) { return answer(batch); }, sample);
}

void answer_all(Queries& queries, const Prepare& prepare, const Answer& answer, const Query& sample) {
  // Answers on a terminal and a bar would run into each other.
  Progress progress("answering", queries.from_stdin() ? stdin_file_size() : 0, !stdout_is_terminal());
  Answering answering(queries, prepare, answer, sample);
  for (auto batch = queries.next(kBatch); !batch.empty(); batch = queries.next(kBatch)) {
    answering.batch(std::move(batch));
    progress.update(queries.bytes_taken());
  }
}

}  // namespace bertrt::cli
