#include "tasks/table_modules.h"

#include <system_error>

#include "archive/guard.h"

namespace bertrt::tasks {

std::optional<family::SentenceModules> table_modules(const std::filesystem::path& folder) {
  std::error_code ignored;
  if (!std::filesystem::is_directory(folder, ignored)) return std::nullopt;
  return archive::guard_memory(folder.string(), [&]() -> std::optional<family::SentenceModules> {
    // Who has an encoder reads its modules by himself.
    if (!family::begins_with_table(folder)) return std::nullopt;
    auto modules = family::read_sentence_modules(folder);
    if (modules && modules->modules.empty()) return std::nullopt;
    return modules;
  });
}

}  // namespace bertrt::tasks
