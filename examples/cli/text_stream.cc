#include "text_stream.h"

#include <algorithm>
#include <utility>

#include "progress.h"
#include "terminal.h"

namespace bertrt::cli {
namespace {

constexpr std::size_t kTexts = 1024;
constexpr std::size_t kBytes = std::size_t{4} << 20U;
constexpr std::size_t kStep = 16;

}  // namespace

TextStream::TextStream(Queries& queries, Answer answer, Write write, Failed failed)
    : queries_(queries),
      answer_(std::move(answer)),
      write_(std::move(write)),
      blame_(
          queries,
          [this] {
            const std::string plain = kPlainQuery.text;
            static_cast<void>(answer_(std::span(&plain, 1)));
          },
          std::move(failed)) {}

// Whoever writes a line and waits for its answer gets it: no waiting but for the first text.
std::vector<Query> TextStream::take() {
  if (!ahead_.empty()) return std::exchange(ahead_, {});
  std::vector<Query> batch;
  for (std::size_t bytes = 0; batch.size() < kTexts && bytes < kBytes;) {
    std::vector<Query> more = queries_.next(kStep);
    const bool full = more.size() == kStep;
    for (Query& query : more) {
      bytes += query.text.size();
      batch.push_back(std::move(query));
    }
    if (!full || (queries_.from_stdin() && !stdin_is_ready())) break;
  }
  return batch;
}

std::size_t TextStream::skip(std::size_t count) {
  std::size_t skipped = 0;
  while (skipped < count) {
    const std::size_t more = queries_.next(std::min(count - skipped, kStep)).size();
    if (more == 0) break;
    skipped += more;
  }
  return skipped;
}

std::vector<std::string> TextStream::look_ahead(std::size_t count) {
  std::vector<std::string> texts;
  while (ahead_.size() < count) {
    std::vector<Query> more = queries_.next(std::min(count - ahead_.size(), kStep));
    if (more.empty()) break;
    for (Query& query : more) {
      if (query.bad.empty()) texts.push_back(query.text);
      ahead_.push_back(std::move(query));
    }
  }
  return texts;
}

std::size_t TextStream::run(const std::function<void()>& shared) {
  Progress progress("embedding", queries_.from_stdin() ? stdin_file_size() : 0, !stdout_is_terminal());
  std::size_t count = 0;
  for (std::vector<Query> batch = take(); !batch.empty(); batch = take()) {
    count += batch.size();
    answer(std::move(batch));
    shared();
    progress.update(queries_.bytes_taken());
  }
  return count;
}

void TextStream::answer(std::vector<Query> batch) {
  std::vector<Query> ready;
  for (Query& query : batch) {
    if (query.bad.empty()) {
      ready.push_back(std::move(query));
      continue;
    }
    flush(ready);
    blame_.refuse(query);
  }
  flush(ready);
}

void TextStream::flush(std::vector<Query>& ready) {
  const std::vector<Query> queries = std::exchange(ready, {});
  if (queries.empty()) return;
  std::vector<std::string> texts;
  texts.reserve(queries.size());
  for (const Query& query : queries) texts.push_back(query.text);
  std::vector<std::string> answers;
  try {
    answers = answer_(texts);
  } catch (const Error& error) {
    if (queries.size() == 1) return blame_.report(queries.front(), error);
    // One of them is to blame: alone, each says for itself.
    for (std::size_t i = 0; i < queries.size(); ++i) {
      std::vector<std::string> one;
      try {
        one = answer_(std::span(texts).subspan(i, 1));
      } catch (const Error& own) {
        blame_.report(queries[i], own);
        continue;
      }
      write_(std::move(one.front()));
    }
    return;
  }
  for (std::string& answer : answers) write_(std::move(answer));
}

}  // namespace bertrt::cli
