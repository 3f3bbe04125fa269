#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <optional>

#include "bertrt/options.h"
#include "bertrt/tokenizer.h"
#include "family/sentence_modules.h"

namespace bertrt::tasks {

/// The modules of a folder whose first one is a table in the encoder's place; nullopt for any other folder, of which
/// the list of modules alone is read.
/// @param session  what only an engine could do (an engine by name, another dtype or device, operator libraries) is
///                 refused where there is a table, which none runs
/// @throws Error as family::read_sentence_modules; unsupported, invalid_argument for the options
std::optional<family::SentenceModules> table_modules(const std::filesystem::path& folder,
                                                     const SessionOptions& session);

/// As for an encoder's word embedding: added tokens may lie beyond the table's rows, with a warning.
/// @throws Error model_mismatch for a token of the vocabulary itself that does
void check_table_rows(const Tokenizer& tokenizer, std::size_t rows, const std::filesystem::path& folder);

/// @throws Error invalid_argument for a token that lies beyond the rows
void check_has_row(std::int32_t id, std::size_t rows);

}  // namespace bertrt::tasks
