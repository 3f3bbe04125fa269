#pragma once

#include <filesystem>
#include <span>
#include <string>

#include "bertrt/tokenizer.h"

namespace bertrt::tokenizer {

/// Tokenizer::load(path), and then tokenizer.add_special_tokens(AddedToken(content, normalized=False)) for each of
/// `contents`: a text that has one of them has one token there, whatever the model would make of it.
/// @throws Error as Tokenizer::load
Tokenizer load_with_whole_tokens(const std::filesystem::path& path, std::span<const std::string> contents);

}  // namespace bertrt::tokenizer
