#pragma once

#include <filesystem>
#include <optional>

#include "bertrt/options.h"
#include "family/sentence_modules.h"

namespace bertrt::tasks {

/// The modules of a folder whose first one is a table in the encoder's place; nullopt for any other folder, of which
/// the list of modules alone is read.
/// @param session  what only an engine could do (an engine by name, another dtype or device, operator libraries) is
///                 refused where there is a table, which none runs
/// @throws Error as family::read_sentence_modules; unsupported, invalid_argument for the options
std::optional<family::SentenceModules> table_modules(const std::filesystem::path& folder,
                                                     const SessionOptions& session);

}  // namespace bertrt::tasks
