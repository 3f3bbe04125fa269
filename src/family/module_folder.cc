#include "family/module_folder.h"

#include <system_error>
#include <utility>

#include "archive/file_bytes.h"
#include "bertrt/error.h"

namespace bertrt::family {

ModuleFolder::ModuleFolder(std::filesystem::path folder) : folder_(std::move(folder)) {}

ModuleFolder::ModuleFolder(std::string where, Entries entries)
    : folder_(std::move(where)), entries_(std::make_shared<const Entries>(std::move(entries))) {}

ModuleFolder::ModuleFolder(std::filesystem::path folder, std::shared_ptr<const Entries> entries, std::string inside)
    : folder_(std::move(folder)), entries_(std::move(entries)), inside_(std::move(inside)) {}

ModuleFolder ModuleFolder::operator/(std::string_view folder) const {
  if (folder.empty()) return *this;
  if (entries_ == nullptr) return ModuleFolder(folder_ / folder);
  return {folder_, entries_, inside_ + std::string(folder) + '/'};
}

std::string ModuleFolder::where(std::string_view file) const {
  if (entries_ == nullptr) return (folder_ / file).string();
  return folder_.string() + ": " + inside_ + std::string(file);
}

const std::span<const std::byte>* ModuleFolder::entry(std::string_view file) const {
  const auto found = entries_->find(inside_ + std::string(file));
  return found == entries_->end() ? nullptr : &found->second;
}

bool ModuleFolder::has(std::string_view file) const {
  std::error_code ignored;
  return entries_ == nullptr ? std::filesystem::exists(folder_ / file, ignored) : entry(file) != nullptr;
}

std::vector<std::byte> ModuleFolder::read(std::string_view file) const {
  if (entries_ == nullptr) {
    const archive::FileBytes bytes = archive::FileBytes::read(folder_ / file);
    return {bytes.span().begin(), bytes.span().end()};
  }
  const std::span<const std::byte>* bytes = entry(file);
  if (bytes == nullptr) throw Error(ErrorCode::file_not_found, where(file), "an entry of this name", "none");
  return {bytes->begin(), bytes->end()};
}

}  // namespace bertrt::family
