#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "batch/batch.h"
#include "batch/groups.h"
#include "engine/torchscript/torch_headers.h"
#include "engine/torchscript/traits.h"
#include "model/model_file.h"

namespace bertrt::engine::torchscript {

/// What an argument of a traced method takes.
// The first four as base::kTextInputs has them.
enum class InputRole {
  input_ids,
  attention_mask,
  token_type_ids,
  position_ids,
  extra,   ///< by its name from Encoding::extra_inputs
  absent,  ///< an optional argument that we have nothing for: None, or its default
};

struct InputSlot {
  InputRole role = InputRole::absent;
  std::string name;  ///< the standard name, or the trace's own for an extra input
  at::ScalarType dtype = at::kLong;
  bool dtype_known = false;         ///< the archive records it
  std::vector<std::int64_t> width;  ///< of an extra input: its traced shape after [batch, sequence]
  c10::IValue otherwise;            ///< what an absent argument is given
};

/// A traced method's arguments by name, and how to make them from texts.
///
/// Names are never guessed from positions: a trace whose second argument is called attention_mask is given a mask,
/// whatever was passed when it was traced. Immutable.
class InputMap {
 public:
  /// @param recorded  what the archive says about the method: dtypes and traced shapes; may be null
  /// @param names     TorchScriptOptions::input_names: stand for the trace's own when not empty
  /// @throws Error model_mismatch when no argument takes token ids; unsupported for one that nothing can fill
  InputMap(const torch::jit::Method& method, const model::Method* recorded, const std::vector<std::string>& names,
           const ModelTraits& traits, const std::string& where);

  bool takes(InputRole role) const noexcept;
  const std::vector<InputSlot>& slots() const noexcept { return slots_; }
  /// In the trace's order, absent ones left out.
  std::vector<std::string> names() const;

  /// The arguments for one group: tensors [rows, length] on `device`, the group's texts first, then copies of the
  /// first text where rows are left over.
  /// @throws Error invalid_argument when the batch carries an input that the trace does not take, or lacks one
  std::vector<c10::IValue> make(const batch::Batch& batch, const batch::Group& group, std::size_t rows,
                                std::size_t length, c10::Device device) const;

  /// Checks once a batch what make() relies on. @throws Error invalid_argument
  void check(const batch::Batch& batch) const;

 private:
  std::vector<InputSlot> slots_;
  std::int64_t pad_token_id_ = 0;
  std::int64_t first_position_ = 0;
};

/// A graph's name without the number that tracing puts behind it: "input_ids.1" is "input_ids".
std::string_view without_suffix(std::string_view name);

}  // namespace bertrt::engine::torchscript
