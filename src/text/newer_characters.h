#pragma once

#include <string>
#include <string_view>

namespace bertrt::text {

/// A text for Oniguruma, which may know an older version of Unicode than Hugging Face's does: each character that an
/// older one puts into other classes is replaced by one of the right classes and of as many bytes, so that matches
/// stand where they should. `text` itself where it has no such character, else a view of `scratch`.
/// @param text  valid UTF-8
std::string_view with_older_characters(std::string_view text, std::string& scratch);

}  // namespace bertrt::text
