#pragma once

#include <cstddef>
#include <filesystem>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace bertrt::family {

/// Where the small files around an encoder lie: in a folder, or among the entries of a bundle. A cheap handle.
class ModuleFolder {
 public:
  using Entries = std::map<std::string, std::span<const std::byte>, std::less<>>;

  ModuleFolder(std::filesystem::path folder);  // NOLINT(google-explicit-constructor): a folder is one
  /// @param where    the bundle, for messages
  /// @param entries  bytes by their path ("1_Pooling/config.json"); the bytes must stay while this is used
  ModuleFolder(std::string where, Entries entries);

  /// A folder in this one; "" is this one.
  ModuleFolder operator/(std::string_view folder) const;
  /// A file of this folder, for messages.
  std::string where(std::string_view file) const;
  bool has(std::string_view file) const;
  /// @throws Error file_not_found, io
  std::vector<std::byte> read(std::string_view file) const;
  /// The folder itself; null where it lies in a bundle.
  const std::filesystem::path* path() const noexcept { return entries_ == nullptr ? &folder_ : nullptr; }

 private:
  ModuleFolder(std::filesystem::path folder, std::shared_ptr<const Entries> entries, std::string inside);
  const std::span<const std::byte>* entry(std::string_view file) const;

  std::filesystem::path folder_;            ///< the bundle's name where there are entries
  std::shared_ptr<const Entries> entries_;  ///< null for a folder
  std::string inside_;                      ///< of the entries: "" or "1_Pooling/"
};

}  // namespace bertrt::family
