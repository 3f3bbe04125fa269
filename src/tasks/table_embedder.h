#pragma once

#include <filesystem>
#include <memory>

#include "bertrt/embedder.h"

namespace bertrt::tasks {

class EmbedderImpl;

/// The embedder of a folder whose first module is a StaticEmbedding: the mean of the rows that a table has for a text's
/// tokens, which are cut nowhere and have no special ones among them. Null for any other folder.
/// @throws Error as Embedder::load
std::shared_ptr<const EmbedderImpl> make_table_embedder(const std::filesystem::path& folder,
                                                        const SessionOptions& session, const EmbedderOptions& options);

}  // namespace bertrt::tasks
