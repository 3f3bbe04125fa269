#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace bertrt::cli {

// What depends on the system's terminals and files stands here and in terminal.cc alone.

bool stdin_is_terminal();
bool stdout_is_terminal();
bool stderr_is_terminal();

/// Size of the regular file on standard input in bytes; 0 when it is something else (a pipe, a terminal).
std::uint64_t stdin_file_size();

/// Reads some bytes of standard input, waiting for the first of them; 0 at the end.
std::size_t read_stdin(char* buffer, std::size_t size);

/// Whether read_stdin() would return at once. True where the system cannot tell.
bool stdin_is_ready();

/// The largest resident set of this process so far, in MB (2^20 bytes); 0 where the system does not tell.
double peak_resident_megabytes();

/// `text` in bold where standard output is a terminal that shows it.
std::string bold(std::string_view text);

/// A bar of `width` cells, filled by `share` (0 … 1) of it.
std::string bar(double share, std::size_t width);

/// `text` and blanks up to `width` code points.
std::string pad_right(std::string_view text, std::size_t width);

/// Writes the whole of `text` to standard output and flushes it.
void write_stdout(std::string_view text);

}  // namespace bertrt::cli
