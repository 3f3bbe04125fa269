#pragma once

#include <cstdint>

namespace bertrt::text {

// What pre-tokenizers of Hugging Face tokenizers 0.23.3 tell apart (make_pre_token_classes.py asks that version).

/// Rust's char::is_numeric: what Digits sets apart.
bool is_numeric(char32_t c) noexcept;

/// A number for the script that UnicodeScripts takes a character for; 0 for one that belongs to any.
std::uint8_t script_class(char32_t c) noexcept;

}  // namespace bertrt::text
