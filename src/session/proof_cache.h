#pragma once

#include <cstddef>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>

namespace bertrt::session {

/// A folder that remembers which archives the packed engine was proven equal to, a small file for each
/// (SessionOptions::proof_cache).
///
/// A file counts when it is, to the last byte, what would be written for the same archive and arithmetic: a damaged,
/// half-written or foreign one is as good as none. Files are put in place whole, by renaming, so that processes may
/// share a folder. Failures to read or write are no errors: the proof is then made again.
class ProofCache {
 public:
  /// @param folder   made when a proof is first kept; empty: nothing is looked up or kept
  /// @param archive  the whole file; read here, once
  /// @param engine   what was proven: the engine's version, dtype and kernels, one line
  ProofCache(std::filesystem::path folder, std::span<const std::byte> archive, std::string_view engine);

  bool holds_proof() const noexcept;
  /// After a proof. Warns where the folder cannot be written to.
  void keep_proof() const;

  const std::filesystem::path& file() const noexcept { return file_; }

 private:
  std::filesystem::path folder_;
  std::string record_;
  std::filesystem::path file_;
};

}  // namespace bertrt::session
