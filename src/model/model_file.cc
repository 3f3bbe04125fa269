#include "model/model_file.h"

#include <unordered_map>
#include <utility>

#include "archive/archive.h"
#include "archive/byte_reader.h"
#include "archive/file_bytes.h"
#include "archive/guard.h"
#include "bertrt/error.h"
#include "model/module_tree.h"
#include "model/notes.h"
#include "model/safety.h"
#include "model/signature.h"

namespace bertrt::model {
namespace {

constexpr std::string_view kExtra = "extra/";
constexpr std::string_view kManifest = "bertrt/manifest.json";
constexpr std::size_t kMaxCode = std::size_t{8}
                                 << 20;  // bytes of all code together; a model of 24 layers has one million

// What the archive recorded about each input, put beside what the code says about it.
void add_traced_inputs(const std::vector<TracedMethod>& traced, std::vector<Method>& methods) {
  for (Method& method : methods) {
    for (const TracedMethod& record : traced) {
      if (record.name != method.name || record.inputs.size() != method.inputs.size()) continue;
      for (std::size_t i = 0; i < record.inputs.size(); ++i) {
        method.inputs[i].element_type = record.inputs[i].element_type;
        method.inputs[i].traced_shape = record.inputs[i].shape;
      }
    }
  }
}

class ArchiveModel final : public ModelFile {
 public:
  ArchiveModel(archive::FileBytes owned, std::span<const std::byte> bytes, std::string name)
      : owned_(std::move(owned)), bytes_(bytes), name_(std::move(name)), archive_(bytes_, name_) {
    read_extra();
    ModuleTree tree = read_module(archive_);
    parameters_ = std::move(tree.parameters);
    for (const Parameter& parameter : parameters_) by_name_.emplace(parameter.name, &parameter);
    classes_ = std::move(tree.classes);
    constants_ = read_constants(archive_);
    read_code();
    const auto own = code_.find(code_entry_of(tree.class_name));
    if (own != code_.end()) methods_ = read_methods(own->second, tree.class_name);
    add_traced_inputs(read_traced_inputs(archive_), methods_);
    findings_ = scan_code(code_);
    findings_.insert(findings_.end(), tree.findings.begin(), tree.findings.end());
    const std::vector<Finding> notes = read_notes(*this);
    findings_.insert(findings_.end(), notes.begin(), notes.end());
  }

  const std::string& name() const noexcept override { return name_; }
  std::span<const std::byte> bytes() const noexcept override { return bytes_; }
  const archive::Archive& archive() const noexcept override { return archive_; }
  std::span<const Parameter> parameters() const noexcept override { return parameters_; }
  const Parameter* find_parameter(std::string_view name) const noexcept override {
    const auto found = by_name_.find(name);
    return found == by_name_.end() ? nullptr : found->second;
  }
  std::string_view module_class(std::string_view path) const noexcept override {
    const auto found = classes_.find(path);
    return found == classes_.end() ? std::string_view() : found->second;
  }
  const archive::TensorView* constant(std::size_t index) const noexcept override {
    return index < constants_.size() && constants_[index] ? &*constants_[index] : nullptr;
  }
  std::span<const Method> methods() const noexcept override { return methods_; }
  const Method* find_method(std::string_view name) const noexcept override {
    for (const Method& method : methods_) {
      if (method.name == name) return &method;
    }
    return nullptr;
  }
  const std::map<std::string, std::string, std::less<>>& code() const noexcept override { return code_; }
  std::span<const Finding> findings() const noexcept override { return findings_; }
  const std::optional<Manifest>& manifest() const noexcept override { return manifest_; }
  std::optional<std::string_view> extra(std::string_view name) const override {
    const auto found = extra_.find(name);
    if (found == extra_.end()) return std::nullopt;
    return found->second;
  }
  std::vector<std::string> extra_names() const override {
    std::vector<std::string> names;
    for (const auto& [name, text] : extra_) names.push_back(name);
    return names;
  }

 private:
  void read_extra() {
    for (const std::string& entry : archive_.list(kExtra)) {
      extra_.emplace(entry.substr(kExtra.size()), archive::as_text(archive_.read(entry)));
    }
    if (const auto found = extra_.find(kManifest); found != extra_.end()) {
      manifest_ = parse_manifest(found->second, archive_.where(std::string(kExtra).append(kManifest)));
    }
  }

  void read_code() {
    std::uint64_t size = 0;
    for (std::string& entry : archive_.list("code/")) {
      if (!archive::lower_case(entry).ends_with(".py")) continue;  // records for a debugger lie beside the code
      size += archive_.find(entry)->size;
      if (size > kMaxCode) {
        throw Error(ErrorCode::unsupported, archive_.where(entry),
                    "code of at most " + std::to_string(kMaxCode) + " bytes", "more");
      }
      std::string text(archive::as_text(archive_.read(entry)));
      code_.emplace(std::move(entry), std::move(text));
    }
  }

  archive::FileBytes owned_;
  std::span<const std::byte> bytes_;
  std::string name_;
  archive::Archive archive_;
  std::vector<Parameter> parameters_;
  std::unordered_map<std::string_view, const Parameter*> by_name_;
  std::map<std::string, std::string, std::less<>> classes_;
  std::vector<std::optional<archive::TensorView>> constants_;
  std::vector<Method> methods_;
  std::map<std::string, std::string, std::less<>> code_;
  std::vector<Finding> findings_;
  std::optional<Manifest> manifest_;
  std::map<std::string, std::string_view, std::less<>> extra_;
};

}  // namespace

std::shared_ptr<const ModelFile> ModelFile::open(const std::filesystem::path& path) {
  return archive::guard_memory(path.string(), [&] {
    archive::FileBytes owned = archive::FileBytes::read(path);
    const std::span<const std::byte> bytes = owned.span();
    return std::make_shared<const ArchiveModel>(std::move(owned), bytes, path.string());
  });
}

std::shared_ptr<const ModelFile> ModelFile::view(std::span<const std::byte> bytes, std::string name) {
  return archive::guard_memory(name,
                               [&] { return std::make_shared<const ArchiveModel>(archive::FileBytes(), bytes, name); });
}

}  // namespace bertrt::model
