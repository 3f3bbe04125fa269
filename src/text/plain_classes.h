#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace bertrt::text {

/// A pattern for Oniguruma in which classes mean what they mean to Hugging Face's, whatever the version that reads it:
/// `[:punct:]` holds symbols, too, and ASCII's alone under `(?P)`; `\p{Punct}` is `\p{P}`, under `(?P)` as well;
/// `\p{Word}` is `\w`, but not inside a set.
/// nullopt where that cannot be told: beside `#` in a pattern that may be extended, `(?x)`, and beside callouts.
/// @param pattern  one that Oniguruma takes
std::optional<std::string> with_plain_classes(std::string_view pattern);

}  // namespace bertrt::text
