#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "archive/archive.h"
#include "archive/tensor.h"
#include "graph/operator.h"
#include "graph/program.h"

namespace bertrt::graph::torchscript {

/// What a TorchScript archive is before one of its methods is read: objects, constants, code, versions. Reads all that
/// it needs once; runs nothing. Never changed after that, so any number of threads may use one.
class Module;

struct MethodSignature {
  std::string name;  ///< "forward", "encode"
  struct Input {
    std::string name;  ///< standard name, "input_ids"; the code's own where two would be called the same
    std::string type;  ///< as the code has it
    bool has_default = false;
  };
  std::vector<Input> inputs;
  std::string return_type;
};

/// An example input of a traced method; the file holds no data of it.
struct TracedInput {
  std::string name;  ///< of the method's input, or its key in a dict of them; empty where it is not known whose it is
  std::optional<archive::ElementType> type;  ///< nothing for what is no tensor
  std::vector<std::int64_t> shape;
};

/// What traced_inputs.pkl says of one method. torch.jit.trace stores positional examples in forward's order, but
/// `example_kwarg_inputs` in the order of the caller's dict, and neither the file nor the code says which of them it
/// was (torch 2.13). So names are given only where every order says the same: the examples have one shape and type.
/// Those of a dict, tuple or list of inputs are examples of their own.
struct TracedExample {
  std::vector<TracedInput> inputs;  ///< in the stored order
  bool named = false;               ///< false: inputs' names are empty, any order is possible
  bool keyed = false;               ///< names are a dict's keys: the order says nothing
};

/// A parameter or buffer.
struct NamedTensor {
  std::string name;          ///< "encoder.layer.0.attention.self.query.weight"
  archive::TensorView view;  ///< valid as long as the module's `keep`
};

/// @param archive  must live as long as the module, the programs and their tensors do; `keep` holds it and its bytes
/// @throws Error invalid_format (code or objects that are none, attributes of another kind than declared, a storage
///         that is not as long as its record), unsupported (a version that is not known, entries that disagree)
std::shared_ptr<const Module> read_module(archive::Archive& archive, std::shared_ptr<const void> keep);

/// The methods of the archive's top object; names with two underscores in front are left out.
/// @throws Error invalid_format
std::vector<MethodSignature> methods(const Module& module);

std::optional<TracedExample> traced_example(const Module& module, std::string_view method = "forward");

/// Tensors among the attributes of modules, in the archive's order. A tensor that stands under two names is there
/// twice, with one storage_key. Those of a frozen module are constants, and not here.
const std::vector<NamedTensor>& tensors(const Module& module);

/// Full class names by attribute path; "" is the top object.
std::map<std::string, std::string> classes(const Module& module);

/// The archive's format version, 1 to 10.
int version(const Module& module);

/// Whether the top object says that it is in training mode; nothing when it says nothing (frozen).
std::optional<bool> training(const Module& module);

/// What a reader should know of the module, one line each.
const std::vector<std::string>& findings(const Module& module);

/// Where operators are looked up, for tests.
using OperatorLookup = const Operator* (*)(std::string_view name);

/// One method as a program: calls of submodules and functions inlined, branches on constants folded. Inputs are the
/// method's parameters but `self`; of a dict, tuple or list of tensors those that the code asks for.
/// @throws Error unsupported: "not graphable", with the place and the reason; invalid_format for code that is none
Program read_program(const Module& module, std::string_view method = "forward", OperatorLookup lookup = find_operator);

}  // namespace bertrt::graph::torchscript
