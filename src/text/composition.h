#pragma once

namespace bertrt::text {

/// What canonical composition makes of two characters that stand together; 0 where they stay two. Hangul included. As
/// Hugging Face tokenizers 0.23.3 has it (make_composition_table.py asks that version).
char32_t compose(char32_t first, char32_t second) noexcept;

}  // namespace bertrt::text
