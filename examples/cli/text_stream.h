#pragma once

#include <cstddef>
#include <functional>
#include <span>
#include <string>
#include <vector>

#include "bertrt/error.h"
#include "blame.h"
#include "queries.h"

namespace bertrt::cli {

/// Texts of a command in large shares, answered in their order, for commands that sort and batch by themselves.
///
/// A text that is bad has an error in its place with --keep-going; else those before it are answered and it ends the
/// job. What every text would meet ends it always.
class TextStream {
 public:
  /// The answers to some texts, one each. Called again for each text alone where it throws an Error.
  using Answer = std::function<std::vector<std::string>(std::span<const std::string> texts)>;
  /// Takes an answer; in place of one that there is none of, with the error that takes its place.
  using Write = std::function<void(std::string answer)>;
  using Failed = Blame::Put;

  TextStream(Queries& queries, Answer answer, Write write, Failed failed);

  /// Passes over the first so many texts. @return how many there were
  std::size_t skip(std::size_t count);
  /// The next share's good texts, without an answer yet: they come again in run(). Once only, before it.
  std::vector<std::string> look_ahead(std::size_t count);
  /// All that are left. @param shared  is called behind each share, when its answers are written. @return how many
  std::size_t run(const std::function<void()>& shared);

 private:
  std::vector<Query> take();
  void answer(std::vector<Query> batch);
  void flush(std::vector<Query>& ready);

  Queries& queries_;
  Answer answer_;
  Write write_;
  Blame blame_;
  std::vector<Query> ahead_;
};

}  // namespace bertrt::cli
