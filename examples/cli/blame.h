#pragma once

#include <functional>
#include <optional>

#include "bertrt/error.h"
#include "queries.h"

namespace bertrt::cli {

/// What becomes of a text that has no answer: an error in its place with --keep-going, else the job's end.
///
/// The fault of a text is told from one of the options, which every text would meet: then a plain text of our own meets
/// it as well, and the job ends always. That text is asked for the first time that somebody wants to know.
class Blame {
 public:
  using Put = std::function<void(const Error& error)>;

  /// @param queries  must outlive this
  /// @param ask      runs the command on a good text and writes nothing; throws an Error where that goes wrong
  /// @param put      writes an error in the place of its text
  Blame(const Queries& queries, std::function<void()> ask, Put put);

  /// For a text that the command answered with an error. @throws Error where it ends the job
  void report(const Query& query, const Error& error);
  /// For a line that is no query (Query::bad). @throws Error where it ends the job
  void refuse(const Query& query) const;

 private:
  bool is_of_the_job(const Error& error);
  void put(const Query& query, const Error& error) const;

  const Queries& queries_;
  std::function<void()> ask_;
  Put put_;
  bool asked_ = false;
  std::optional<Error> met_;
};

}  // namespace bertrt::cli
