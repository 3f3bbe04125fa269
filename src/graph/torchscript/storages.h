#pragma once

#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "archive/archive.h"
#include "archive/pickle.h"
#include "archive/tensor.h"

namespace bertrt::graph::torchscript {

/// A pickled tensor's numbers, their kinds checked and nothing else.
struct PickledTensor {
  std::string_view storage_name;  ///< "FloatStorage"
  std::string_view key;           ///< of the storage
  std::int64_t storage_elements = 0;
  std::int64_t offset = 0;
  std::vector<std::int64_t> shape;
  std::vector<std::int64_t> strides;
};

/// Nothing when the value is no tensor as torch.jit.save writes them.
std::optional<PickledTensor> unpack(const archive::PickleValue& tensor);

/// The storages of one folder of an archive ("data/", "constants/"). Each record is as long as its tensors say.
class Storages {
 public:
  explicit Storages(std::string folder) : folder_(std::move(folder)) {}

  /// Reads the tensor's record, once for each key, and holds the tensor to it: the record's size is its elements times
  /// their size, and every element of the view lies inside.
  /// @throws Error invalid_format
  void check(archive::Archive& archive, const archive::PickleValue& tensor, const std::string& where);

  /// A view of a tensor that was checked. Nothing for element types that the graph does not know (complex, quantized).
  std::optional<archive::TensorView> view(const archive::PickleValue& tensor) const;

 private:
  std::string folder_;
  std::map<std::string, std::span<const std::byte>, std::less<>> records_;
};

}  // namespace bertrt::graph::torchscript
