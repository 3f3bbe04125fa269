#include "tasks/prompts.h"

#include "base/plain_text.h"
#include "bertrt/error.h"

namespace bertrt::tasks {

std::string Prompts::resolve(const std::optional<std::string>& text, std::string_view name) const {
  if (text) return *text;
  if (name.empty() && !default_name) return {};
  if (name.empty()) name = *default_name;
  for (const auto& [known, prompt] : by_name) {
    if (known == name) return prompt;
  }
  if (name == "query" || name == "document") return {};
  std::string names = "query, document";
  for (const auto& [known, prompt] : by_name) {
    if (known != "query" && known != "document") names += ", " + base::printable(known);
  }
  throw Error(ErrorCode::invalid_argument, "prompt_name", "one of the model's prompts (" + names + ")",
              base::printable(name));
}

}  // namespace bertrt::tasks
