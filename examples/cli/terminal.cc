#include "terminal.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>

#if defined(_WIN32)
#include <io.h>
#else
#include <poll.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>
#endif

namespace bertrt::cli {

#if defined(_WIN32)

bool stdin_is_terminal() { return _isatty(0) != 0; }
bool stdout_is_terminal() { return _isatty(1) != 0; }
bool stderr_is_terminal() { return _isatty(2) != 0; }
std::uint64_t stdin_file_size() { return 0; }
std::size_t read_stdin(char* buffer, std::size_t size) { return std::fread(buffer, 1, size, stdin); }
bool stdin_is_ready() { return true; }
double peak_resident_megabytes() { return 0; }

#else

bool stdin_is_terminal() { return isatty(STDIN_FILENO) != 0; }
bool stdout_is_terminal() { return isatty(STDOUT_FILENO) != 0; }
bool stderr_is_terminal() { return isatty(STDERR_FILENO) != 0; }

std::uint64_t stdin_file_size() {
  struct stat status {};
  if (fstat(STDIN_FILENO, &status) != 0 || !S_ISREG(status.st_mode)) return 0;
  return static_cast<std::uint64_t>(status.st_size);
}

std::size_t read_stdin(char* buffer, std::size_t size) {
  const ssize_t count = read(STDIN_FILENO, buffer, size);
  return count > 0 ? static_cast<std::size_t>(count) : 0;
}

bool stdin_is_ready() {
  pollfd descriptor{.fd = STDIN_FILENO, .events = POLLIN, .revents = 0};
  return poll(&descriptor, 1, 0) != 0;
}

double peak_resident_megabytes() {
  rusage usage{};
  if (getrusage(RUSAGE_SELF, &usage) != 0) return 0;
#if defined(__APPLE__)
  return static_cast<double>(usage.ru_maxrss) / (1024 * 1024);
#else
  return static_cast<double>(usage.ru_maxrss) / 1024;
#endif
}

#endif

std::string bold(std::string_view text) {
  static const bool shown = stdout_is_terminal() && std::getenv("NO_COLOR") == nullptr;
  return shown ? "\033[1m" + std::string(text) + "\033[0m" : std::string(text);
}

std::string bar(double share, std::size_t width) {
  const double cells = std::clamp(share, 0.0, 1.0) * static_cast<double>(width);
  const auto filled = static_cast<std::size_t>(std::lround(cells));
  std::string result;
  for (std::size_t cell = 0; cell < width; ++cell) result += cell < filled ? "█" : "░";
  return result;
}

std::string pad_right(std::string_view text, std::size_t width) {
  const auto points =
      static_cast<std::size_t>(std::count_if(text.begin(), text.end(), [](char c) { return (c & 0xC0) != 0x80; }));
  std::string result(text);
  if (points < width) result.append(width - points, ' ');
  return result;
}

void write_stdout(std::string_view text) {
  std::fwrite(text.data(), 1, text.size(), stdout);
  std::fflush(stdout);
}

}  // namespace bertrt::cli
