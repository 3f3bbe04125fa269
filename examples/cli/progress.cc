#include "progress.h"

#include <cstdio>
#include <utility>

#include "terminal.h"

namespace bertrt::cli {
namespace {

constexpr const char* kClear = "\r\033[K";

}  // namespace

Progress::Progress(std::string label, std::uint64_t total, bool enabled)
    : label_(std::move(label)), total_(enabled && stderr_is_terminal() && takes_escapes() ? total : 0) {}

Progress::~Progress() {
  if (!drawn_) return;
  std::fputs(kClear, stderr);
  write_on_interrupt(nullptr);
}

void Progress::update(std::uint64_t done) {
  using namespace std::chrono_literals;
  const auto now = std::chrono::steady_clock::now();
  if (total_ == 0 || now - last_ < 100ms) return;
  last_ = now;
  if (!drawn_) write_on_interrupt(kClear);
  drawn_ = true;
  const double share = static_cast<double>(done) / static_cast<double>(total_);
  const double seconds = std::chrono::duration<double>(now - start_).count();
  const double left = share > 0 ? seconds * (1 - share) / share : 0;
  std::fprintf(stderr, "\r%s %s %3.0f %%, %.0f s left\033[K", label_.c_str(), bar(share, 30).c_str(), share * 100,
               left);
  std::fflush(stderr);
}

}  // namespace bertrt::cli
