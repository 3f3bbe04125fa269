#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "batch/batch.h"
#include "batch/groups.h"
#include "bertrt/session.h"
#include "engine/torchscript/inputs.h"
#include "engine/torchscript/outputs.h"
#include "engine/torchscript/torch_headers.h"
#include "engine/torchscript/traits.h"
#include "model/model_file.h"

namespace bertrt::engine::torchscript {

/// A loaded module as functions of texts: inputs by name, outputs by role.
///
/// A masked-lm bundle's methods `encode` and `head` are used apart, so that the head sees the wanted rows alone;
/// everything else is run by `forward`. Immutable once learn_outputs() has been called; calls from many threads at
/// once are safe then. The caller holds a TorchScope.
class Program {
 public:
  /// @throws Error unsupported, model_mismatch
  Program(const model::ModelFile& file, std::span<const std::byte> bytes, const SessionOptions& options,
          const ModelTraits& traits, c10::Device device);

  /// Runs a group, and again a token wider where it can, and keeps what its outputs are. @throws Error model_mismatch,
  /// runtime
  Unpacked learn_outputs(const batch::Batch& batch, const batch::Group& group, std::size_t rows, std::size_t length,
                         const ModelTraits& traits);

  /// One dense call [rows, length]; rows beyond the group's texts are filled up. @throws Error runtime
  Unpacked run(const batch::Batch& batch, const batch::Group& group, std::size_t rows, std::size_t length) const;

  bool has_head() const noexcept { return head_.has_value(); }
  /// Hidden rows [rows, hidden] to logits [rows, classes]. @throws Error runtime
  at::Tensor head(const at::Tensor& hidden_rows) const;

  const InputMap& inputs() const noexcept { return *inputs_; }
  const OutputPlan& outputs() const noexcept { return *outputs_; }
  const std::string& where() const noexcept { return where_; }

  /// Whether the traced code holds this number as a constant: a sign of a length that was baked in.
  bool mentions(std::int64_t number) const;

 private:
  c10::IValue call(const batch::Batch& batch, const batch::Group& group, std::size_t rows, std::size_t length) const;

  std::string where_;
  torch::jit::Module module_;
  c10::Device device_;
  std::optional<torch::jit::Method> encode_;
  std::optional<torch::jit::Method> head_;
  std::vector<std::string> output_names_;
  std::optional<InputMap> inputs_;
  std::optional<OutputPlan> outputs_;
};

}  // namespace bertrt::engine::torchscript
