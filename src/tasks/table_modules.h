#pragma once

#include <filesystem>
#include <optional>

#include "family/sentence_modules.h"

namespace bertrt::tasks {

/// The modules of a folder whose first one is a table in the encoder's place; nullopt for any other folder, of which
/// the list of modules alone is read. @throws Error as family::read_sentence_modules
std::optional<family::SentenceModules> table_modules(const std::filesystem::path& folder);

}  // namespace bertrt::tasks
