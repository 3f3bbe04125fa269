#pragma once

#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "archive/archive.h"
#include "archive/pickle.h"
#include "archive/stored_tensor.h"
#include "archive/tensor.h"

namespace bertrt::graph::torchscript {

/// The storages of one folder of an archive ("data/", "constants/"). Each record is as long as its tensors say.
class Storages {
 public:
  explicit Storages(std::string folder) : folder_(std::move(folder)) {}

  /// Reads the tensor's record, once for each key, and holds the tensor to it: the record's size is its elements times
  /// their size, and every element of the view lies inside.
  /// @throws Error invalid_format
  void check(archive::Archive& archive, const archive::PickleValue& tensor, const std::string& where);

  /// A view of a tensor that was checked; of one in quantized int8, its integers. Nothing for element types that the
  /// graph does not know (complex, other quantized ones).
  std::optional<archive::TensorView> view(const archive::PickleValue& tensor) const;

 private:
  std::string folder_;
  std::map<std::string, std::span<const std::byte>, std::less<>> records_;
};

}  // namespace bertrt::graph::torchscript
