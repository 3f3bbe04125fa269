#include "session/proof_cache.h"

#include <exception>
#include <fstream>
#include <random>
#include <system_error>
#include <utility>

#include "archive/content_hash.h"
#include "base/warnings.h"

namespace bertrt::session {
namespace {

// Read no more than this of a file that may be anybody's.
bool content_is(const std::filesystem::path& path, std::string_view expected) {
  std::ifstream in(path, std::ios::binary);
  std::string found(expected.size() + 1, '\0');
  in.read(found.data(), static_cast<std::streamsize>(found.size()));
  found.resize(static_cast<std::size_t>(in.gcount()));
  return found == expected;
}

void write_whole(const std::filesystem::path& path, std::string_view content) {
  std::ofstream out(path, std::ios::binary | std::ios::trunc);
  out.exceptions(std::ios::failbit | std::ios::badbit);
  out.write(content.data(), static_cast<std::streamsize>(content.size()));
  out.close();
}

}  // namespace

ProofCache::ProofCache(std::filesystem::path folder, std::span<const std::byte> archive, std::string_view engine)
    : folder_(std::move(folder)) {
  if (folder_.empty()) return;
  record_ = "bertrt proof 2\narchive " + archive::content_hash(archive) + " " + std::to_string(archive.size()) +
            "\nengine " + std::string(engine) + "\nequal to its trace\n";
  // Named by all that it says, so that one folder serves machines and dtypes side by side.
  file_ = folder_ / (archive::content_hash(std::as_bytes(std::span(record_))) + ".bertrt-proof");
}

bool ProofCache::holds_proof() const noexcept {
  if (folder_.empty()) return false;
  try {
    std::error_code ignored;
    return std::filesystem::is_regular_file(file_, ignored) && content_is(file_, record_);
  } catch (const std::exception&) {
    return false;
  }
}

void ProofCache::keep_proof() const {
  if (folder_.empty()) return;
  try {
    std::filesystem::create_directories(folder_);
    std::filesystem::path part = file_;
    part.concat(".").concat(std::to_string(std::random_device()())).concat(".part");  // of this call alone
    try {
      write_whole(part, record_);
      std::filesystem::rename(part, file_);
    } catch (...) {
      std::error_code ignored;
      std::filesystem::remove(part, ignored);
      throw;
    }
  } catch (const std::exception& error) {
    base::warn("the proof cannot be kept in " + folder_.string() + ": " + error.what());
  }
}

}  // namespace bertrt::session
