#pragma once

#include <cstdint>

namespace bertrt::text {

/// What GPT-2's pattern tells apart: \p{L}, \p{N}, \s, and the rest.
enum class Gpt2Class : std::uint8_t { other = 0, letter = 1, number = 2, space = 3 };

/// The class of a scalar value, as the pattern engine of Hugging Face tokenizers 0.23.3 has it
/// (make_gpt2_classes.py asks that version).
Gpt2Class gpt2_class(char32_t code_point) noexcept;

/// White space as Rust's char::is_whitespace has it (Unicode White_Space; the same 25 code points as \s here).
inline bool is_white_space(char32_t code_point) noexcept { return gpt2_class(code_point) == Gpt2Class::space; }

}  // namespace bertrt::text
