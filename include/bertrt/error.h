#pragma once

#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>

#include "bertrt/export.h"
#include "bertrt/parse.h"

namespace bertrt {
inline namespace v0 {

/// What went wrong, for programs that branch on it. The numbers stay what they are: they may be logged and compared.
enum class ErrorCode {
  file_not_found = 1,      ///< The path names nothing.
  io = 2,                  ///< The path names something that cannot be read (a directory, no permission).
  invalid_format = 3,      ///< The bytes are not what the file claims to be (damaged, truncated, another format).
  unsupported = 4,         ///< Well-formed, but needs something that this library or this machine lacks.
  unsafe_model = 5,        ///< The model's code could reach outside the model; see SessionOptions::trust.
  model_mismatch = 6,      ///< Two parts do not belong together (vocabulary and embedding, trace and proof).
  invalid_argument = 7,    ///< A value that the caller passed is out of its domain.
  input_too_long = 8,      ///< More tokens than the model takes and no truncation was asked for.
  missing_mask_token = 9,  ///< A masked-token query without a mask token.
  runtime = 10,            ///< The model failed while it ran.
  out_of_resources = 11,   ///< The machine has not the memory or the threads, or a memory budget would be exceeded.
};

/// The code's name as written above, e.g. "file_not_found". Never fails.
BERTRT_API std::string_view to_string(ErrorCode code) noexcept;
template <>
BERTRT_API std::optional<ErrorCode> parse(std::string_view name) noexcept;

/// The only exception type that leaves the library: what() is one line, "where: expected …, found …", what cannot be
/// shown spelled out ("\\x1b"). Memory that runs out is out_of_resources. Two limits: std::bad_alloc leaves where not
/// even the bytes of the message can be had, and the JSON library ends the process (std::terminate) where memory runs
/// out just while it frees the JSON of a model's file that was being read.
class BERTRT_API Error : public std::runtime_error {
 public:
  /// @param where     what was being read or run: a path, an archive entry, an argument's name
  /// @param expected  what would have been right
  /// @param found     what was there instead
  Error(ErrorCode code, std::string where, std::string expected, std::string found);

  /// What kind of failure it is, for decisions.
  ErrorCode code() const noexcept { return code_; }
  /// What was being read or run.
  const std::string& where() const noexcept { return where_; }
  /// What would have been right.
  const std::string& expected() const noexcept { return expected_; }
  /// What was there instead.
  const std::string& found() const noexcept { return found_; }

 private:
  ErrorCode code_;
  std::string where_;
  std::string expected_;
  std::string found_;
};

}  // namespace v0
}  // namespace bertrt
