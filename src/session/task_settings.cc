#include "session/task_settings.h"

namespace bertrt::session {

std::optional<std::string> longer_than_the_model(const TaskSettings& settings, std::size_t max_length) {
  if (!settings.sentence || max_length == 0) return std::nullopt;
  const std::size_t promised = settings.sentence->max_seq_length.value_or(0);
  if (promised <= max_length) return std::nullopt;
  return "max_seq_length " + std::to_string(promised) + " is more than the model runs: texts are cut at " +
         std::to_string(max_length) + " tokens, where sentence-transformers ends in an error";
}

}  // namespace bertrt::session
