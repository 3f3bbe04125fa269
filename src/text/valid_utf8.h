#pragma once

#include <string>

namespace bertrt::text {

/// The text with U+FFFD for every maximal invalid part (Unicode 15, section 3.9), as Rust's from_utf8_lossy and
/// Python's errors="replace" have it.
std::string valid_utf8(std::string bytes);

}  // namespace bertrt::text
