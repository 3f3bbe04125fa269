#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "engine/torchscript/torch_headers.h"
#include "engine/torchscript/traits.h"

namespace bertrt::engine::torchscript {

/// One call's outputs: fp32, contiguous, on the CPU; undefined or empty where the model has none.
struct Unpacked {
  std::vector<at::Tensor> layers;  ///< [rows, length, hidden] each, embeddings left out, the last hidden state last
  at::Tensor pooled;               ///< [rows, hidden]
  at::Tensor logits;               ///< [rows, length, classes] or [rows, classes]
  at::Tensor start_logits;         ///< [rows, length]
  at::Tensor end_logits;           ///< [rows, length]
};

/// Which part of what a traced method returns is what.
///
/// A dict says it by its keys and a bundle's manifest by its names. The members of a bare trace's tuple have no
/// names: they are told apart once, by their shapes in a probe run, and every later run must have the same structure.
class OutputPlan {
 public:
  /// @param value   what the probe run returned, for tensors of [rows, length]
  /// @param names   of the members, from a manifest; empty for a bare trace
  /// @throws Error model_mismatch when nothing in it is an encoder's or a head's output
  OutputPlan(const c10::IValue& value, const std::vector<std::string>& names, const ModelTraits& traits,
             std::size_t rows, std::size_t length, const std::string& where);

  /// @throws Error runtime when the structure or a shape is not what the plan and the inputs say
  Unpacked unpack(const c10::IValue& value, std::size_t rows, std::size_t length) const;

  bool has_layers() const noexcept;
  bool has_pooled() const noexcept { return has(Role::pooled); }
  bool has_logits() const noexcept { return has(Role::logits); }
  bool has_spans() const noexcept { return has(Role::start_logits) && has(Role::end_logits); }

  /// Names of what unpack() fills, as EngineFacts::outputs has them.
  std::vector<std::string> names() const;
  /// What was told apart by shapes, or left out; one line each.
  const std::vector<std::string>& findings() const noexcept { return findings_; }

 private:
  enum class Role { ignored, layers, layers_after_embeddings, last_hidden, pooled, logits, start_logits, end_logits };
  struct Member {
    std::string name;
    bool list = false;
    std::vector<at::Tensor> tensors;
  };

  static std::vector<Member> flatten(const c10::IValue& value, const std::vector<std::string>& names);
  static Role role_of_name(const std::string& name);
  Role role_of_shape(const std::vector<Member>& members, std::size_t index, std::size_t rows, std::size_t length,
                     const ModelTraits& traits) const;
  static Role role_of_list(const Member& member, const ModelTraits& traits);
  bool has(Role role) const noexcept;

  std::vector<std::string> names_;
  std::vector<Role> roles_;
  std::vector<std::string> findings_;
  std::string where_;
};

/// @return whether the tensor has exactly these sizes; 0 stands for any
bool has_shape(const at::Tensor& tensor, std::initializer_list<std::size_t> sizes);

}  // namespace bertrt::engine::torchscript
