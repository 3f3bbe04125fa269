#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "archive/archive.h"
#include "archive/tensor.h"
#include "model/manifest.h"

namespace bertrt::model {

struct Parameter {
  std::string name;  ///< attribute path, e.g. "encoder.layer.0.attention.self.query.weight"
  archive::TensorView tensor;
};

/// An input of a traced method: name without the graph's suffix, what the archive recorded about it.
struct InputSpec {
  std::string name;                                  ///< "input_ids"
  std::string type;                                  ///< as the code has it: "Tensor", "Optional[Tensor]", …
  std::optional<archive::ElementType> element_type;  ///< from the recorded example inputs
  std::vector<std::int64_t> traced_shape;            ///< likewise; empty when not recorded
};

struct Method {
  std::string name;  ///< "forward", "encode", "head"
  std::vector<InputSpec> inputs;
  std::string return_type;               ///< as the code has it: "Tensor", "Tuple[Tensor, Tensor]", "Dict[str, Tensor]"
  std::vector<std::string> output_keys;  ///< the keys of a returned dict, in order, when the code shows them
};

struct Finding {
  enum class Severity { note, warning, refuse };
  Severity severity = Severity::note;
  std::string where;
  std::string message;
};

/// A TorchScript archive, read by our own reader. Nothing in it is ever run. Immutable after opening.
class ModelFile {
 public:
  /// Reads the whole file into memory of our own (a mapped file could be cut under us).
  /// @throws Error file_not_found, io, invalid_format
  static std::shared_ptr<const ModelFile> open(const std::filesystem::path& path);
  /// `bytes` must outlive the object.
  static std::shared_ptr<const ModelFile> view(std::span<const std::byte> bytes, std::string name);

  virtual ~ModelFile() = default;

  virtual const std::string& name() const noexcept = 0;           ///< path, for messages
  virtual std::span<const std::byte> bytes() const noexcept = 0;  ///< the archive, as torch::jit::load takes it
  /// Its entries, all that was read here held to its checksums. Read from a copy: it does not do that work again.
  virtual const archive::Archive& archive() const noexcept = 0;
  virtual std::span<const Parameter> parameters() const noexcept = 0;  ///< parameters and buffers
  virtual const Parameter* find_parameter(std::string_view name) const noexcept = 0;
  /// Class of the module at an attribute path ("" is the top-level one), e.g.
  /// "__torch__.torch.nn.modules.linear.Linear"; empty when there is no such module.
  virtual std::string_view module_class(std::string_view path) const noexcept = 0;
  /// The code's CONSTANTS.c<index>; null when there is none or it is no tensor.
  virtual const archive::TensorView* constant(std::size_t index) const noexcept = 0;
  virtual std::span<const Method> methods() const noexcept = 0;  ///< of the top-level module
  virtual const Method* find_method(std::string_view name) const noexcept = 0;
  virtual const std::map<std::string, std::string, std::less<>>& code() const noexcept = 0;  ///< entry → text
  virtual std::span<const Finding> findings() const noexcept = 0;
  virtual const std::optional<Manifest>& manifest() const noexcept = 0;  ///< a bundle's
  /// An entry under extra/, e.g. "bertrt/manifest.json"; empty optional when there is none.
  virtual std::optional<std::string_view> extra(std::string_view name) const = 0;
  virtual std::vector<std::string> extra_names() const = 0;
};

}  // namespace bertrt::model
