#pragma once

#include <string_view>

namespace bertrt::base {

/// What a clone without git-lfs has in a large file's place is a few lines of text that begin so.
inline constexpr std::string_view kLfsPointer = "version https://git-lfs";
/// What to do about it, as the end of a message.
inline constexpr std::string_view kLfsAdvice = "a git-lfs pointer; fetch the file itself with 'git lfs pull'";

}  // namespace bertrt::base
