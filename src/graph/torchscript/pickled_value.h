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
  /// The numbers that the integers of a quantized tensor stand for, in float32.
  /// @throws Error unsupported for other integers than int8, or another scheme than by one scale or one a row
  Tensor dequantized(const archive::PickleValue& value, const Storages& storages, const std::string& where);

 private:
  Value read(const archive::PickleValue& value, const Storages& storages, bool constants, const std::string& where,
             std::size_t depth);
  Tensor tensor(const archive::PickleValue& value, const Storages& storages, const std::string& where);
  std::vector<Value> items(const archive::PickleValue& value, const Storages& storages, bool constants,
                           const std::string& where, std::size_t depth);

  std::shared_ptr<const void> keep_;
  std::map<std::pair<const Storages*, std::string>, Tensor> tensors_;
  /// Of each storage what its integers stand for, and the scales and zero points by which they do.
  struct Dequantized {
    std::vector<float> scales;
    std::vector<float> zero_points;
    Tensor numbers;
  };
  std::map<std::pair<const Storages*, std::string>, Dequantized> dequantized_;
  std::size_t budget_ = 1U << 20U;  // values; a pickle can hold one many times over
};

}  // namespace bertrt::graph::torchscript
