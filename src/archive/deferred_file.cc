#include "archive/deferred_file.h"

#include <algorithm>
#include <cerrno>
#include <system_error>

#include "archive/file_bytes.h"
#include "bertrt/error.h"

#if !defined(_WIN32)
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>
#endif

namespace bertrt::archive {

#if defined(_WIN32)

DeferredFile::DeferredFile(const std::filesystem::path& path) : name_(path.string()) {
  throw Error(ErrorCode::unsupported, name_, "a system that can set addresses aside", "another");
}
DeferredFile::~DeferredFile() = default;
void DeferredFile::read(const std::byte* /*from*/, std::span<std::byte> /*out*/) const {}

#else

namespace {

constexpr std::size_t kMostAtOnce = std::size_t{64} << 20;  // Linux reads at most 2 GiB in one call

std::string reason() { return std::error_code(errno, std::generic_category()).message(); }

}  // namespace

DeferredFile::DeferredFile(const std::filesystem::path& path) : name_(path.string()) {
  (void)size_of_file(path);  // says what is wrong with what is no plain file
  file_ = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (file_ < 0) throw Error(ErrorCode::io, name_, "a readable file", reason());
  struct stat status {};
  const bool plain = ::fstat(file_, &status) == 0 && S_ISREG(status.st_mode) && status.st_size >= 0;
  if (plain) {
    size_ = static_cast<std::size_t>(status.st_size);
    void* const set_aside =
        ::mmap(nullptr, std::max<std::size_t>(size_, 1), PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (set_aside != MAP_FAILED) addresses_ = static_cast<const std::byte*>(set_aside);
  }
  if (addresses_ != nullptr) return;
  const std::string found = plain ? reason() : "something that is not a plain file";
  ::close(file_);
  throw Error(ErrorCode::io, name_, "a plain file and addresses for its bytes", found);
}

DeferredFile::~DeferredFile() {
  ::munmap(const_cast<std::byte*>(addresses_), std::max<std::size_t>(size_, 1));
  ::close(file_);
}

void DeferredFile::read(const std::byte* from, std::span<std::byte> out) const {
  const auto offset = static_cast<std::size_t>(from - addresses_);
  if (offset > size_ || out.size() > size_ - offset) {
    throw Error(ErrorCode::io, name_, "bytes inside of its " + std::to_string(size_),
                std::to_string(out.size()) + " at " + std::to_string(offset));
  }
  std::size_t done = 0;
  while (done < out.size()) {
    const ssize_t count =
        ::pread(file_, out.data() + done, std::min(kMostAtOnce, out.size() - done), static_cast<off_t>(offset + done));
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) {
      throw Error(ErrorCode::io, name_, std::to_string(size_) + " readable bytes",
                  (count < 0 ? reason() : "the end") + " after " + std::to_string(offset + done));
    }
    done += static_cast<std::size_t>(count);
  }
}

#endif

}  // namespace bertrt::archive
