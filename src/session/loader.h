#pragma once

#include <cstddef>
#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <string_view>

#include "bertrt/session.h"
#include "model/model_file.h"
#include "session/load_timer.h"
#include "session/session_impl.h"

namespace bertrt::session {

/// A model file that was just read, and the clock that started when reading began.
struct OpenedFile {
  std::shared_ptr<const model::ModelFile> file;
  LoadTimer timer;
};

OpenedFile open_timed(const std::filesystem::path& path);
OpenedFile view_timed(std::span<const std::byte> bytes, std::string_view name);

/// Puts a session together: tokenizer, engine, and what is known about both. The file is let go afterwards.
/// @param folder  where to look for a tokenizer beside the model; none for a model in memory
std::shared_ptr<const SessionImpl> load_session(OpenedFile opened, const std::optional<std::filesystem::path>& folder,
                                                const SessionOptions& options);

}  // namespace bertrt::session
