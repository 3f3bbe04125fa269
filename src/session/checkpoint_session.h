#pragma once

#include <filesystem>
#include <memory>

#include "bertrt/inspect.h"
#include "bertrt/options.h"
#include "session/session_impl.h"

namespace bertrt::session {

/// What Python computed of a few texts, in the folder: what verify() compares with.
inline constexpr const char* kReferenceFile = "bertrt_reference.json";

/// Whether load() and inspect() take a path for a checkpoint: a folder, or a config.json.
bool is_checkpoint_path(const std::filesystem::path& path);

/// A session on a checkpoint folder: config.json, safetensors, the tokenizer's files. A sentence-transformers folder
/// may have them in one of its own ("0_Transformer").
/// @throws Error as family::read_checkpoint; unsupported for options that only a trace can follow
std::shared_ptr<const SessionImpl> load_checkpoint(const std::filesystem::path& path, const SessionOptions& options);

/// The same decision, told without packing anything. @throws Error as load_checkpoint
ModelReport inspect_checkpoint(const std::filesystem::path& path, const SessionOptions& options);

}  // namespace bertrt::session
