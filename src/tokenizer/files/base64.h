#pragma once

#include <string>

namespace bertrt::tokenizer {

/// The bytes that `text` stands for. @throws Error invalid_format with `where`
std::string decode_base64(const std::string& text, const std::string& where);

}  // namespace bertrt::tokenizer
