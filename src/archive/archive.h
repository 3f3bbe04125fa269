#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "archive/zip.h"

namespace bertrt::archive {

/// What a zip archive of PyTorch's holds.
enum class ArchiveKind {
  program,  ///< torch.jit.save: a TorchScript model
  weights,  ///< torch.save: one pickle and its storages
};

/// A TorchScript archive's entries by their names inside its one top folder ("data.pkl", "code/__torch__.py", …).
///
/// All entries lie in that folder, and the names that libtorch knows ("code/", "data.pkl", …) are spelt as it spells
/// them: it would take another case for the same, and other tools would not.
///
/// A copy goes on where the original was: what was held to its checksum is not held to it again, what was inflated is
/// shared. The names of entries are compared and checked once.
class Archive {
 public:
  /// `bytes` must outlive the object.
  /// @throws Error invalid_format; for another kind of file it says which, and what to do
  Archive(std::span<const std::byte> bytes, const std::string& name, ArchiveKind kind = ArchiveKind::program);

  const std::string& name() const noexcept { return name_; }  ///< the file's, for messages
  /// "model.pt: data.pkl", for messages.
  std::string where(std::string_view entry) const;

  bool has(std::string_view entry) const { return find(entry) != nullptr; }
  const ZipEntry* find(std::string_view entry) const;
  /// @throws Error invalid_format when there is none or it is damaged; unsupported (inflates to too much)
  std::span<const std::byte> read(std::string_view entry);
  /// Holds all stored entries of a folder ("data/") to their checksums, on several threads; read() does the same one by
  /// one. @throws Error invalid_format
  void check(std::string_view folder);
  /// Names of the entries in a folder ("code/"), in the archive's order, the folder included. Like everything here
  /// without regard to case; the folder's name comes back as it was asked for.
  std::vector<std::string> list(std::string_view folder) const;

 private:
  void check_names() const;

  std::string name_;
  ZipDirectory directory_;
  ZipReader reader_;
  std::string_view root_;  // the top folder with its slash
};

}  // namespace bertrt::archive
