#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>

namespace bertrt::cli {

// What depends on the system's terminals and files stands here and in terminal.cc alone.

bool stdin_is_terminal();
bool stdout_is_terminal();
bool stderr_is_terminal();

/// Whether terminals here know of escapes: colours, and a line that is wiped out (TERM is not "dumb").
bool takes_escapes();

/// Size of the regular file on standard input in bytes; 0 when it is something else (a pipe, a terminal).
std::uint64_t stdin_file_size();

/// Whether `path` is the regular file on standard input.
bool is_stdin_file(const std::filesystem::path& path);

/// Opens the standard streams that the caller closed on nothing, so that no file takes their numbers; call it first. A
/// closed standard input is remembered: reading it is an error.
void hold_standard_streams();

/// Reads some bytes of standard input, waiting for the first of them; 0 at the end.
/// @throws UsageError for one that is closed, a directory, or fails otherwise
std::size_t read_stdin(char* buffer, std::size_t size);

/// Whether read_stdin() would return at once. True where the system cannot tell.
bool stdin_is_ready();

/// The largest resident set of this process so far, in MB (2^20 bytes); 0 where the system does not tell.
double peak_resident_megabytes();

/// `text` in bold where standard output is a terminal that shows it.
std::string bold(std::string_view text);

/// `text` on a ground of colour number `colour` (they come round again) where standard output is a terminal that shows
/// it.
std::string in_colour(std::string_view text, std::size_t colour);

/// A bar of `width` cells, filled by `share` (0 … 1) of it.
std::string bar(double share, std::size_t width);

/// `text` and blanks up to `width` code points.
std::string pad_right(std::string_view text, std::size_t width);

/// Writes the whole of `text` to standard output at once. @throws OutputLost
void write_stdout(std::string_view text);

/// Runs once when the user presses ^C, before the process ends as ever: writes `text` to standard error.
/// @param text  must stay as it is until the end of the process; null: nothing more
void write_on_interrupt(const char* text);

}  // namespace bertrt::cli
