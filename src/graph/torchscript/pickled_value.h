#pragma once

#include <cstddef>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "archive/pickle.h"
#include "graph/torchscript/storages.h"
#include "graph/value.h"

namespace bertrt::graph::torchscript {

/// Turns pickled attributes and constants into values. Tensors that are one view of one storage are made once, so that
/// tied weights stay one.
class ValueReader {
 public:
  /// @param keep holds the archive's bytes
  explicit ValueReader(std::shared_ptr<const void> keep) : keep_(std::move(keep)) {}

  /// @param constants  tensors of rank 0 promote as numbers do
  /// @param where      for messages
  /// @throws Error unsupported for what the graph has no value for
  Value read(const archive::PickleValue& value, const Storages& storages, bool constants, const std::string& where) {
    return read(value, storages, constants, where, 0);
  }
  /// A quantized tensor: int8 that stand for scale * (integer - zero point), by one of both or by one a row, in
  /// float32.
  struct Quantized {
    Tensor integers;
    Tensor scales;
    Tensor zero_points;
  };
  /// @throws Error unsupported for other integers than int8, or another scheme. Lives as long as the reader.
  const Quantized& quantized(const archive::PickleValue& value, const Storages& storages, const std::string& where);

 private:
  Value read(const archive::PickleValue& value, const Storages& storages, bool constants, const std::string& where,
             std::size_t depth);
  Tensor tensor(const archive::PickleValue& value, const Storages& storages, const std::string& where);
  std::vector<Value> items(const archive::PickleValue& value, const Storages& storages, bool constants,
                           const std::string& where, std::size_t depth);

  std::shared_ptr<const void> keep_;
  std::map<std::pair<const Storages*, std::string>, Tensor> tensors_;
  std::map<std::pair<const Storages*, std::string>, Quantized> quantized_;  // by storage
  std::size_t budget_ = 1U << 20U;  // values; a pickle can hold one many times over
};

}  // namespace bertrt::graph::torchscript
