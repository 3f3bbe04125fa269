#include "bertrt/task_types.h"

#include "base/enum_names.h"
#include "bertrt/token_classifier.h"

namespace bertrt {
inline namespace v0 {
std::string_view to_string(ScoreFunction function) noexcept {
  switch (function) {
    case ScoreFunction::softmax: return "softmax";
    case ScoreFunction::sigmoid: return "sigmoid";
    case ScoreFunction::none: return "none";
  }
  return "unknown";
}

std::string_view to_string(OffsetUnit unit) noexcept {
  switch (unit) {
    case OffsetUnit::bytes: return "bytes";
    case OffsetUnit::code_points: return "code_points";
  }
  return "unknown";
}

std::string_view to_string(Aggregation aggregation) noexcept {
  switch (aggregation) {
    case Aggregation::none: return "none";
    case Aggregation::simple: return "simple";
    case Aggregation::first: return "first";
    case Aggregation::average: return "average";
    case Aggregation::max: return "max";
  }
  return "unknown";
}

template <>
std::optional<ScoreFunction> parse(std::string_view name) noexcept {
  using enum ScoreFunction;
  return base::find_by_name({softmax, sigmoid, none}, name);
}

template <>
std::optional<OffsetUnit> parse(std::string_view name) noexcept {
  using enum OffsetUnit;
  return base::find_by_name({bytes, code_points}, name);
}

template <>
std::optional<Aggregation> parse(std::string_view name) noexcept {
  using enum Aggregation;
  return base::find_by_name({none, simple, first, average, max}, name);
}

}  // namespace v0
}  // namespace bertrt
