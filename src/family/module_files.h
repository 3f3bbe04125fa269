#pragma once

#include <initializer_list>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "archive/tensor.h"
#include "family/encoder_spec.h"
#include "family/module_folder.h"

namespace bertrt::family {

/// One of the small JSON files around an encoder, read key by key; what was never asked for is an error at the end.
class SettingsFile {
 public:
  /// An empty object where there is no such file. @throws Error invalid_format, io
  SettingsFile(const ModuleFolder& folder, std::string_view file);
  /// Of a module that has none.
  SettingsFile() = default;

  bool is_there() const noexcept { return there_; }
  bool is_empty() const noexcept { return json_.empty(); }                             ///< or not there
  bool names(std::string_view key) const { return json_.contains(std::string(key)); }  ///< be it null
  const nlohmann::ordered_json* take(std::string_view key);                            ///< null for JSON's null, too
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

/// A module's own weights: those of a folder, as archive::TensorFiles reads them, or a bundle's model.safetensors.
/// @throws Error as archive::TensorFiles; unsupported for a name that was not asked for
class ModuleWeights {
 public:
  explicit ModuleWeights(const ModuleFolder& folder);
  Weight require(std::string_view name, std::size_t rank);
  std::optional<Weight> find(std::string_view name);
  void refuse_the_rest() const;
  /// What the views live in.
  std::shared_ptr<const void> take() && { return std::move(bytes_); }

 private:
  std::string where_;
  std::shared_ptr<const void> bytes_;
  std::map<std::string, archive::TensorView, std::less<>> tensors_;
  std::vector<std::string> taken_;
};

}  // namespace bertrt::family
