#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "bertrt/output.h"
#include "engine/torchscript/torch_headers.h"
#include "engine/torchscript/traits.h"

namespace bertrt::engine::torchscript {

/// One call's outputs in the plan's order: fp32, contiguous, on the CPU, the texts on the first axis.
using Unpacked = std::vector<at::Tensor>;

/// A tensor somewhere in what a method returned.
struct FoundTensor {
  std::string name;  ///< dict keys and positions joined by dots; a bare tensor is "0"
  at::Tensor tensor;
};
/// All of them in order, None left out. @param names  of the outermost members; empty: the value's own
/// @throws Error unsupported for a value that is nested too deep
std::vector<FoundTensor> flatten(const c10::IValue& value, const std::vector<std::string>& names);

/// What a traced method returns: which of its tensors has which role, and which axes of them count tokens.
///
/// Libtorch does not say how a value was computed. A role is taken from what is known of the file's code
/// (ModelTraits::outputs), else from a dict's keys or a bundle's manifest where the shape agrees; a tensor without a
/// name that has a hidden state's shape is one "by shape", and all else is `other`. Every run must give the structure
/// of the first.
class OutputPlan {
 public:
  /// What a run gave for tensors of [rows, length].
  struct Run {
    c10::IValue value;
    std::size_t length = 0;
  };
  /// @param run     one that is right
  /// @param other   of another length, where there is one: a last axis that did not follow is no count of tokens
  /// @param names   of the members, from a manifest; empty for a bare trace
  /// @throws Error model_mismatch when there is no tensor for each text in it
  OutputPlan(const Run& run, const std::optional<Run>& other, const std::vector<std::string>& names,
             const ModelTraits& traits, std::size_t rows, const std::string& where);

  /// @throws Error runtime when the structure or a shape is not what the plan and the inputs say
  Unpacked unpack(const c10::IValue& value, std::size_t rows, std::size_t length) const;

  /// What unpack() gives, in its order, which is EncoderOutput's.
  const std::vector<OutputInfo>& outputs() const noexcept { return infos_; }
  /// The index of the last hidden state; nothing when there is none.
  std::optional<std::size_t> last_hidden() const noexcept;
  /// One text's part of output `index`, padding cut off; contiguous.
  at::Tensor part(const Unpacked& unpacked, std::size_t index, std::size_t row, std::size_t tokens) const;
  /// Whether an output has a value for each token.
  bool by_token(std::size_t index) const noexcept;

  /// What was told apart by shapes; one line each.
  const std::vector<std::string>& findings() const noexcept { return findings_; }

 private:
  struct Entry {
    std::size_t position = 0;         ///< among the tensors that flatten() finds
    std::vector<bool> token_axes;     ///< of one text
    std::vector<std::int64_t> sizes;  ///< of one text, where an axis does not count tokens
  };

  static Entry make_entry(const at::Tensor& tensor, std::size_t position, std::size_t length);
  void sort();

  std::vector<std::string> names_;
  std::size_t count_ = 0;  ///< tensors that a run gives
  std::vector<OutputInfo> infos_;
  std::vector<Entry> entries_;  ///< beside infos_
  std::vector<std::string> findings_;
  std::string where_;
};

/// @return whether the tensor has exactly these sizes; 0 stands for any
bool has_shape(const at::Tensor& tensor, std::initializer_list<std::size_t> sizes);

}  // namespace bertrt::engine::torchscript
