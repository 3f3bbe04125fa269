#include "bertrt/error.h"

#include <utility>

#include "base/enum_names.h"
#include "base/plain_text.h"

namespace bertrt {
inline namespace v0 {

std::string_view to_string(ErrorCode code) noexcept {
  switch (code) {
    case ErrorCode::file_not_found: return "file_not_found";
    case ErrorCode::io: return "io";
    case ErrorCode::invalid_format: return "invalid_format";
    case ErrorCode::unsupported: return "unsupported";
    case ErrorCode::unsafe_model: return "unsafe_model";
    case ErrorCode::model_mismatch: return "model_mismatch";
    case ErrorCode::invalid_argument: return "invalid_argument";
    case ErrorCode::input_too_long: return "input_too_long";
    case ErrorCode::missing_mask_token: return "missing_mask_token";
    case ErrorCode::runtime: return "runtime";
    case ErrorCode::out_of_resources: return "out_of_resources";
  }
  return "unknown";
}

template <>
std::optional<ErrorCode> parse(std::string_view name) noexcept {
  using enum ErrorCode;
  return base::find_by_name({file_not_found, io, invalid_format, unsupported, unsafe_model, model_mismatch,
                             invalid_argument, input_too_long, missing_mask_token, runtime, out_of_resources},
                            name);
}

Error::Error(ErrorCode code, std::string where, std::string expected, std::string found)
    : std::runtime_error(base::one_line(where + ": expected " + expected + ", found " + found)),
      code_(code),
      where_(std::move(where)),
      expected_(std::move(expected)),
      found_(std::move(found)) {}

}  // namespace v0
}  // namespace bertrt
