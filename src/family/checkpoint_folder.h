#pragma once

#include <filesystem>
#include <string>

namespace bertrt::family {

/// Python loads an adapter into the model that lies beside it, or into the one that its settings name.
/// @throws Error unsupported where a folder has an adapter_config.json
void refuse_adapter(const std::filesystem::path& folder);

/// What a folder without a config.json is, for messages: the root of a model in Hugging Face's cache, whose files are a
/// level deeper, or just a folder.
std::string what_lacks_a_config(const std::filesystem::path& folder);

}  // namespace bertrt::family
