#pragma once

#include <cstddef>
#include <initializer_list>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "bertrt/export.h"
#include "bertrt/session.h"
#include "bertrt/task_types.h"

namespace bertrt {
inline namespace v0 {

struct MultipleChoiceOptions {
  Truncation truncation = Truncation::none;  ///< a longer pair is an error by default
  /// In tokens, at most what the model takes; 0: the tokenizer's limit where it truncates, else the model's.
  std::size_t max_length = 0;
};

/// Which of several endings fits a beginning: each is run as a pair with it.
///
///   bertrt::MultipleChoice choose(session);
///   std::vector<float> p = choose("He opened the door and", {"went in.", "was a puppet."});
///
/// Const calls may run on many threads at once.
class BERTRT_API MultipleChoice {
 public:
  /// @throws Error unsupported when the model has no head of one number a text, or no tokenizer
  explicit MultipleChoice(BertSession session, Evidence least = Evidence::by_name);

  /// A probability for each choice, which add up to 1. @throws Error invalid_argument for no choice; input_too_long
  std::vector<float> operator()(std::string_view text, const std::vector<std::string>& choices,
                                const MultipleChoiceOptions& options = {}) const;
  /// {"one", "two"} would be one text, between pointers that have nothing in common.
  void operator()(std::initializer_list<std::string_view> texts, const std::vector<std::string>& choices,
                  const MultipleChoiceOptions& options = {}) const = delete;

 private:
  BertSession session_;
};

}  // namespace v0
}  // namespace bertrt
