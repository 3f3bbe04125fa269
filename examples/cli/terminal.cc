#include "terminal.h"

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cmath>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>

#include "commands.h"

#if defined(_WIN32)
#include <io.h>
#else
#include <fcntl.h>
#include <poll.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>
#endif

namespace bertrt::cli {
namespace {

bool stdin_was_closed = false;
std::atomic<const char*> interrupt_text{nullptr};

}  // namespace

#if defined(_WIN32)

void hold_standard_streams() {}
void write_on_interrupt(const char*) {}

bool stdin_is_terminal() { return _isatty(0) != 0; }
bool stdout_is_terminal() { return _isatty(1) != 0; }
bool stderr_is_terminal() { return _isatty(2) != 0; }
std::uint64_t stdin_file_size() { return 0; }
bool is_stdin_file(const std::filesystem::path&) { return false; }
std::size_t read_stdin(char* buffer, std::size_t size) { return std::fread(buffer, 1, size, stdin); }
bool stdin_is_ready() { return true; }
namespace {
bool write_whole(std::string_view text) {
  return std::fwrite(text.data(), 1, text.size(), stdout) == text.size() && std::fflush(stdout) == 0;
}
}  // namespace
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

bool is_stdin_file(const std::filesystem::path& path) {
  struct stat input {};
  struct stat named {};
  if (fstat(STDIN_FILENO, &input) != 0 || !S_ISREG(input.st_mode) || stat(path.c_str(), &named) != 0) return false;
  return input.st_dev == named.st_dev && input.st_ino == named.st_ino;
}

void hold_standard_streams() {
  for (const int stream : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) {
    if (fcntl(stream, F_GETFD) != -1 || errno != EBADF) continue;
    if (stream == STDIN_FILENO) stdin_was_closed = true;
    // The lowest number that is free is this one. Writing to it fails, as it would have.
    static_cast<void>(open("/dev/null", O_RDONLY | O_CLOEXEC));
  }
}

namespace {

// A stream that does not block, as whoever shares it may have made it, is waited for.
void wait_for(int stream, short event) {
  pollfd descriptor{.fd = stream, .events = event, .revents = 0};
  static_cast<void>(poll(&descriptor, 1, -1));
}

bool write_whole(std::string_view text) {
  while (!text.empty()) {
    const ssize_t count = write(STDOUT_FILENO, text.data(), text.size());
    if (count >= 0) {
      text.remove_prefix(static_cast<std::size_t>(count));
    } else if (errno == EAGAIN || errno == EWOULDBLOCK) {
      wait_for(STDOUT_FILENO, POLLOUT);
    } else if (errno != EINTR) {
      return false;
    }
  }
  return true;
}

}  // namespace

std::size_t read_stdin(char* buffer, std::size_t size) {
  if (stdin_was_closed) throw UsageError("standard input is closed: give a text, or a file with <");
  for (;;) {
    const ssize_t count = read(STDIN_FILENO, buffer, size);
    if (count >= 0) return static_cast<std::size_t>(count);
    if (errno == EAGAIN || errno == EWOULDBLOCK) {
      wait_for(STDIN_FILENO, POLLIN);
      continue;
    }
    if (errno != EINTR) throw UsageError(std::string("standard input cannot be read: ") + std::strerror(errno));
  }
}

extern "C" {
static void on_interrupt(int signal) {
  if (const char* text = interrupt_text.load(); text != nullptr) {
    static_cast<void>(!write(STDERR_FILENO, text, std::strlen(text)));
  }
  std::signal(signal, SIG_DFL);
  std::raise(signal);
}
}

void write_on_interrupt(const char* text) {
  if (interrupt_text.exchange(text) == nullptr && text != nullptr) std::signal(SIGINT, on_interrupt);
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

namespace {

bool shows_colours() {
  static const bool shown = [] {
    const char* none = std::getenv("NO_COLOR");
    return stdout_is_terminal() && takes_escapes() && (none == nullptr || *none == '\0');
  }();
  return shown;
}

}  // namespace

bool takes_escapes() {
  const char* name = std::getenv("TERM");
  return name == nullptr || std::string_view(name) != "dumb";
}

std::string in_colour(std::string_view text, std::size_t colour) {
  constexpr std::size_t kColours = 6;  // red to cyan, black letters on them
  if (!shows_colours()) return std::string(text);
  return "\033[30;4" + std::to_string(1 + colour % kColours) + "m" + std::string(text) + "\033[0m";
}

std::string bold(std::string_view text) {
  return shows_colours() ? "\033[1m" + std::string(text) + "\033[0m" : std::string(text);
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
  if (!write_whole(text)) throw OutputLost("standard output cannot be written");
}

}  // namespace bertrt::cli
