#pragma once

#include <filesystem>
#include <initializer_list>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "archive/tensor_files.h"
#include "family/encoder_spec.h"

namespace bertrt::family {

/// One of the small JSON files around an encoder, read key by key; what was never asked for is an error at the end.
class SettingsFile {
 public:
  /// An empty object where there is no such file. @throws Error invalid_format, io
  explicit SettingsFile(const std::filesystem::path& path);

  bool is_there() const noexcept { return there_; }
  const nlohmann::ordered_json* take(std::string_view key);  ///< null for JSON's null, too
  std::string text(std::string_view key, std::string_view otherwise = "");
  bool flag(std::string_view key, bool otherwise);
  std::optional<std::size_t> size(std::string_view key);
  std::vector<std::string> texts(std::string_view key);
  void ignore(std::initializer_list<std::string_view> keys);
  /// @throws Error unsupported for a key that nobody took
  void refuse_the_rest() const;
  [[noreturn]] void refuse(std::string_view key, std::string expected, std::string found) const;

 private:
  std::string where_;
  bool there_ = false;
  nlohmann::ordered_json json_ = nlohmann::ordered_json::object();
  std::vector<std::string> taken_;
};

/// A module's own weights. @throws Error as archive::TensorFiles; unsupported for a name that was not asked for
class ModuleWeights {
 public:
  explicit ModuleWeights(const std::filesystem::path& folder);
  Weight require(std::string_view name, std::size_t rank);
  std::optional<Weight> find(std::string_view name);
  void refuse_the_rest() const;
  archive::TensorFiles take() && { return std::move(files_); }

 private:
  archive::TensorFiles files_;
  std::vector<std::string> taken_;
};

}  // namespace bertrt::family
