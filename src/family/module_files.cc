#include "family/module_files.h"

#include <algorithm>
#include <utility>

#include "archive/byte_reader.h"
#include "archive/safetensors.h"
#include "archive/tensor_files.h"
#include "base/json.h"
#include "base/plain_text.h"
#include "bertrt/error.h"

namespace bertrt::family {
namespace {

using Json = nlohmann::ordered_json;

bool has(const std::vector<std::string>& names, std::string_view name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

std::string shown(const Json& value) { return base::printable(value.dump(-1, ' ', true)); }

}  // namespace

SettingsFile::SettingsFile(const ModuleFolder& folder, std::string_view file) : where_(folder.where(file)) {
  if (!folder.has(file)) return;
  there_ = true;
  const std::vector<std::byte> bytes = folder.read(file);
  const std::string_view text = archive::as_text(bytes);
  // First within bounds; then once more with its order, which prompts have.
  if (!base::parse_json(text, where_).is_object()) {
    throw Error(ErrorCode::invalid_format, where_, "settings by names", "something else");
  }
  json_ = Json::parse(text);
}

void SettingsFile::refuse(std::string_view key, std::string expected, std::string found) const {
  throw Error(ErrorCode::unsupported, where_ + ": " + base::printable(key), std::move(expected), std::move(found));
}

const Json* SettingsFile::take(std::string_view key) {
  taken_.emplace_back(key);
  const auto found = json_.find(std::string(key));
  return found == json_.end() || found->is_null() ? nullptr : &*found;
}

std::string SettingsFile::text(std::string_view key, std::string_view otherwise) {
  const Json* value = take(key);
  if (value == nullptr) return std::string(otherwise);
  if (!value->is_string()) refuse(key, "a text", shown(*value));
  return value->get<std::string>();
}

bool SettingsFile::flag(std::string_view key, bool otherwise) {
  const Json* value = take(key);
  if (value == nullptr) return otherwise;
  if (!value->is_boolean()) refuse(key, "true or false", shown(*value));
  return value->get<bool>();
}

std::optional<std::size_t> SettingsFile::size(std::string_view key) {
  const Json* value = take(key);
  if (value == nullptr) return std::nullopt;
  if (!value->is_number_unsigned() || value->get<std::uint64_t>() > std::uint64_t{1} << 31U) {
    refuse(key, "a whole number from 0 on", shown(*value));
  }
  return value->get<std::size_t>();
}

std::vector<std::string> SettingsFile::texts(std::string_view key) {
  const Json* value = take(key);
  if (value == nullptr) return {};
  if (value->is_string()) return {value->get<std::string>()};
  std::vector<std::string> result;
  if (!value->is_array()) refuse(key, "texts", shown(*value));
  for (const Json& one : *value) {
    if (!one.is_string()) refuse(key, "texts", shown(*value));
    result.push_back(one.get<std::string>());
  }
  return result;
}

void SettingsFile::ignore(std::initializer_list<std::string_view> keys) {
  taken_.insert(taken_.end(), keys.begin(), keys.end());
}

void SettingsFile::refuse_the_rest() const {
  for (const auto& [key, value] : json_.items()) {
    if (!has(taken_, key)) refuse(key, "a setting that is known", "one that is not: " + shown(value));
  }
}

ModuleWeights::ModuleWeights(const ModuleFolder& folder) {
  if (const std::filesystem::path* path = folder.path()) {
    auto files = std::make_shared<const archive::TensorFiles>(archive::TensorFiles::read(*path));
    where_ = files->where();
    tensors_ = files->tensors();
    bytes_ = std::move(files);
    return;
  }
  static constexpr const char* kFile = "model.safetensors";
  where_ = folder.where(kFile);
  auto bytes = std::make_shared<const std::vector<std::byte>>(folder.read(kFile));
  for (archive::NamedTensor& one : archive::read_safetensors(*bytes, where_)) {
    tensors_.emplace(std::move(one.name), std::move(one.tensor));
  }
  bytes_ = std::move(bytes);
}

std::optional<Weight> ModuleWeights::find(std::string_view name) {
  const auto tensor = tensors_.find(name);
  if (tensor == tensors_.end()) return std::nullopt;
  taken_.emplace_back(name);
  return Weight{std::string(name), tensor->second};
}

Weight ModuleWeights::require(std::string_view name, std::size_t rank) {
  std::optional<Weight> weight = find(name);
  if (!weight || weight->tensor.shape.size() != rank) {
    throw Error(ErrorCode::model_mismatch, where_, std::string(name) + " with " + std::to_string(rank) + " dimensions",
                weight ? "others" : "none of that name");
  }
  return *std::move(weight);
}

void ModuleWeights::refuse_the_rest() const {
  for (const auto& [name, tensor] : tensors_) {
    if (!has(taken_, name)) {
      throw Error(ErrorCode::unsupported, where_, "no other weights than the module's own", base::printable(name));
    }
  }
}

}  // namespace bertrt::family
