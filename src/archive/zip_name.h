#pragma once

#include <string_view>

namespace bertrt::archive {

/// What is wrong with an entry's name; empty for a good one. Good is a relative path of parts with '/' between them, in
/// plain text (base/plain_text.h), that every zip reader and file system takes for the same: no empty part, no "." or
/// "..", no backslash.
std::string_view problem_of_name(std::string_view name) noexcept;

}  // namespace bertrt::archive
