#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "bertrt/export.h"
#include "bertrt/parse.h"

namespace bertrt {
inline namespace v0 {

/// A text, or two; views on what the caller keeps until the call returns.
struct TextPair {
  std::string_view text;                                ///< the first, or the only one
  std::optional<std::string_view> pair = std::nullopt;  ///< the second
};

/// How a head's numbers (logits) become scores.
enum class ScoreFunction {
  softmax,  ///< shares of one, over the labels
  sigmoid,  ///< each label by itself, 0 … 1
  none,     ///< the numbers as they are
};

/// What the `start` and `end` of a result count in the caller's text.
enum class OffsetUnit {
  bytes,        ///< of UTF-8
  code_points,  ///< as Python does
};

/// The names as written above.
BERTRT_API std::string_view to_string(ScoreFunction function) noexcept;
BERTRT_API std::string_view to_string(OffsetUnit unit) noexcept;
template <>
BERTRT_API std::optional<ScoreFunction> parse(std::string_view name) noexcept;
template <>
BERTRT_API std::optional<OffsetUnit> parse(std::string_view name) noexcept;

/// One label and what speaks for it.
struct LabelScore {
  std::string label;      ///< as the model's files call it; LABEL_0, LABEL_1, … where they do not
  std::size_t index = 0;  ///< its column in the head's output; for zero-shot its place among the labels given
  float score = 0;        ///< as the ScoreFunction makes it
};

}  // namespace v0
}  // namespace bertrt
