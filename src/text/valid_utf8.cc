#include "text/valid_utf8.h"

#include "text/utf8.h"

namespace bertrt::text {

std::string valid_utf8(std::string bytes) {
  if (is_valid_utf8(bytes)) return bytes;
  std::string valid;
  for (std::size_t at = 0; at < bytes.size();) {
    const Decoded c = decode_utf8(bytes, at);
    append_utf8(c.code_point, valid);
    at += c.length;
  }
  return valid;
}

}  // namespace bertrt::text
