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

#include "model/manifest.h"

namespace bertrt::model {

enum class ElementType { float32, float16, bfloat16, float64, int64, int32, int16, int8, uint8, boolean };

std::string_view to_string(ElementType type) noexcept;   // "float32", …
std::size_t element_size(ElementType type) noexcept;

/// A tensor as the archive holds it: a strided view of one storage entry, bounds already checked.
struct TensorView {
  ElementType type = ElementType::float32;
  std::vector<std::int64_t> shape;
  std::vector<std::int64_t> strides;         ///< in elements
  std::int64_t storage_offset = 0;           ///< in elements
  std::span<const std::byte> storage;        ///< the whole storage entry; lives as long as the ModelFile
  std::string storage_key;                   ///< equal for tensors that share one storage (tied weights)

  std::size_t elements() const noexcept;
  bool contiguous() const noexcept;
};

/// Widens or copies to fp32, row-major, whatever the strides. @throws Error unsupported for integer types
std::vector<float> to_float32(const TensorView& tensor);
/// The same into memory of the caller's: out.size() == elements().
void to_float32(const TensorView& tensor, std::span<float> out);

struct Parameter {
  std::string name;  ///< attribute path, e.g. "encoder.layer.0.attention.self.query.weight"
  TensorView tensor;
};

/// An input of a traced method: name without the graph's suffix, what the archive recorded about it.
struct InputSpec {
  std::string name;                          ///< "input_ids"
  std::string type;                          ///< as the code has it: "Tensor", "Optional[Tensor]", …
  std::optional<ElementType> element_type;   ///< from the recorded example inputs
  std::vector<std::int64_t> traced_shape;    ///< likewise; empty when not recorded
};

struct Method {
  std::string name;  ///< "forward", "encode", "head"
  std::vector<InputSpec> inputs;
  std::string return_type;                   ///< as the code has it: "Tensor", "Tuple[Tensor, Tensor]", "Dict[str, Tensor]"
  std::vector<std::string> output_keys;      ///< the keys of a returned dict, in order, when the code shows them
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

  virtual const std::string& name() const noexcept = 0;              ///< path, for messages
  virtual std::span<const std::byte> bytes() const noexcept = 0;     ///< the archive, as torch::jit::load takes it
  virtual std::span<const Parameter> parameters() const noexcept = 0;///< parameters and buffers
  virtual const Parameter* find_parameter(std::string_view name) const noexcept = 0;
  virtual std::span<const Method> methods() const noexcept = 0;      ///< of the top-level module
  virtual const Method* find_method(std::string_view name) const noexcept = 0;
  virtual const std::map<std::string, std::string, std::less<>>& code() const noexcept = 0;  ///< entry → text
  virtual std::span<const Finding> findings() const noexcept = 0;
  virtual const std::optional<Manifest>& manifest() const noexcept = 0;  ///< a bundle's
  /// An entry under extra/, e.g. "bertrt/manifest.json"; empty optional when there is none.
  virtual std::optional<std::string_view> extra(std::string_view name) const = 0;
  virtual std::vector<std::string> extra_names() const = 0;
};

}  // namespace bertrt::model
