#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace bertrt::tasks {

/// The texts that a model's maker puts in front of its inputs, by name.
struct Prompts {
  std::vector<std::pair<std::string, std::string>> by_name;
  std::optional<std::string> default_name;  ///< may be "", a name like any other

  /// `text`, else the prompt of that name, else the default one, else none. "query" and "document" are names of every
  /// model, empty ones where it does not say: asked for by name, they keep the default prompt away.
  /// @throws Error invalid_argument for a name that is not there: it lists those that are
  std::string resolve(const std::optional<std::string>& text, std::string_view name) const;
};

}  // namespace bertrt::tasks
