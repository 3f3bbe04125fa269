#pragma once

#include <array>
#include <string>
#include <string_view>

namespace bertrt::base {

/// What a text's Encoding has a member for, by the names that Hugging Face's models give their inputs.
inline constexpr std::array<std::string_view, 4> kTextInputs = {"input_ids", "attention_mask", "token_type_ids",
                                                                "position_ids"};
bool is_text_input(std::string_view name) noexcept;

/// A graph's name for an input without what torch adds to make it unique ("input_ids.1", "input_ids0").
std::string standard_input_name(std::string_view name);

}  // namespace bertrt::base
