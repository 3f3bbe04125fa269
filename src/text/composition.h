#pragma once

#include <string_view>

namespace bertrt::text {

/// What canonical composition makes of two characters that stand together; 0 where they stay two. Hangul included. As
/// Hugging Face tokenizers 0.23.3 has it (make_composition_table.py asks that version).
char32_t compose(char32_t first, char32_t second) noexcept;

/// Quickly: canonical composition would not change `text` (valid UTF-8). False may also mean that it cannot be told.
bool is_composed(std::string_view text) noexcept;

}  // namespace bertrt::text
