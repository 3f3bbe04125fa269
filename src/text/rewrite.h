#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "text/change_list.h"
#include "text/normalized_text.h"
#include "text/regex.h"

namespace bertrt::text {

// Normalizers of Hugging Face tokenizers 0.23.3. Each makes `text` its next form, with offsets as that library has
// them; `list` is memory for it.

/// Canonical and compatibility decomposition, marks in canonical order.
void nfd(NormalizedText& text, ChangeList& list);
void nfkd(NormalizedText& text, ChangeList& list);

/// The same, and then composition.
void nfc(NormalizedText& text, ChangeList& list);
void nfkc(NormalizedText& text, ChangeList& list);

/// sentencepiece's clean-up: control characters out, odd spaces and U+2581 to a space.
void nmt(NormalizedText& text, ChangeList& list);

/// `content` before a text that is not empty.
void prepend(NormalizedText& text, std::string_view content);

/// Every byte by its character of the byte-level alphabet (tokenizer/byte_level.h), which `character_of` gives.
void spell_bytes(NormalizedText& text, char32_t (*character_of)(std::uint8_t) noexcept, ChangeList& list);

/// Every stretch in `matches` that matched becomes `content`.
void replace(NormalizedText& text, const std::vector<Match>& matches, std::string_view content, ChangeList& list);

/// Takes combining marks out (categories Mn, Mc, Me).
void strip_accents(NormalizedText& text, ChangeList& list);

/// Rust's str::to_lowercase by character (no special case for a final sigma).
void lowercase(NormalizedText& text, ChangeList& list);

/// White space off the ends.
void strip(NormalizedText& text, ChangeList& list, bool left, bool right);

/// Every `pattern` becomes `content`, which stands where the pattern's last character stood.
void replace(NormalizedText& text, std::string_view pattern, std::string_view content, ChangeList& list);

/// Every run of two or more spaces becomes `content` (the pattern " {2,}").
void replace_space_runs(NormalizedText& text, std::string_view content, ChangeList& list);

}  // namespace bertrt::text
