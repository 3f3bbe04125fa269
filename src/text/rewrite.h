#pragma once

#include <string_view>

#include "text/change_list.h"
#include "text/normalized_text.h"

namespace bertrt::text {

// Normalizers of Hugging Face tokenizers 0.23.3 that a unigram tokenizer is put together from. Each makes `text` its
// next form, with offsets as that library has them; `list` is memory for it.

/// Compatibility decomposition, marks in canonical order.
void nfkd(NormalizedText& text, ChangeList& list);

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
