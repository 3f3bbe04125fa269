#pragma once

#include <stdexcept>
#include <string>
#include <string_view>

#include "bertrt/export.h"

namespace bertrt {

/// What went wrong, for programs that branch on it.
enum class ErrorCode {
  file_not_found,     ///< The path names nothing.
  io,                 ///< The path names something that cannot be read (a directory, no permission).
  invalid_format,     ///< The bytes are not what the file claims to be (damaged, truncated, another format).
  unsupported,        ///< Well-formed, but needs something that this library or this machine lacks.
  unsafe_model,       ///< The model's code could reach outside the model; see SessionOptions::trust.
  model_mismatch,     ///< Two parts do not belong together (vocabulary and embedding, trace and proof).
  invalid_argument,   ///< A value that the caller passed is out of its domain.
  input_too_long,     ///< More tokens than the model takes and no truncation was asked for.
  missing_mask_token, ///< A masked-token query without a mask token.
  runtime,            ///< The model failed while it ran.
};

/// The code's name as written above, e.g. "file_not_found". Never fails.
BERTRT_API std::string_view to_string(ErrorCode code) noexcept;

/// The only exception type that leaves the library.
///
/// what() is one line: "where: expected …, found …". No exception of libtorch or the JSON library ever
/// reaches the caller.
class BERTRT_API Error : public std::runtime_error {
 public:
  /// @param where     what was being read or run: a path, an archive entry, an argument's name
  /// @param expected  what would have been right
  /// @param found     what was there instead
  Error(ErrorCode code, std::string where, std::string expected, std::string found);

  ErrorCode code() const noexcept { return code_; }
  const std::string& where() const noexcept { return where_; }
  const std::string& expected() const noexcept { return expected_; }
  const std::string& found() const noexcept { return found_; }

 private:
  ErrorCode code_;
  std::string where_;
  std::string expected_;
  std::string found_;
};

}  // namespace bertrt
