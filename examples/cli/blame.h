#pragma once

#include <functional>
#include <optional>

#include "bertrt/error.h"

namespace bertrt::cli {

/// Tells the fault of a text from one of the options, which every text would meet: then a plain text of our own meets
/// it as well. That text is asked for the first time that somebody wants to know.
class Blame {
 public:
  /// @param ask  runs the command on a good text and writes nothing; throws an Error where that goes wrong
  explicit Blame(std::function<void()> ask);

  /// Whether the error is about what the command was asked with, so that no text can be answered.
  bool is_of_the_job(const Error& error);

 private:
  std::function<void()> ask_;
  bool asked_ = false;
  std::optional<Error> met_;
};

}  // namespace bertrt::cli
