#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace bertrt::tasks {

/// `text` in lower case, code point by code point as Hugging Face's Lowercase normalizer (a sigma at a word's end is
/// like any other). Each of `kept` stays as it is wherever it stands: special tokens are found before a text is
/// normalized. Invalid UTF-8 becomes U+FFFD, as a tokenizer would read it.
/// @param origins  where it is given: for each byte of the result, and for its end, where in `text` the code point
/// begins
///                 that it comes from
std::string lowered(std::string_view text, std::span<const std::string> kept,
                    std::vector<std::uint32_t>* origins = nullptr);

}  // namespace bertrt::tasks
