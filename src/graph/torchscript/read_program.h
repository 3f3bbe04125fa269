#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "archive/archive.h"
#include "archive/tensor.h"
#include "graph/program.h"

namespace bertrt::graph::torchscript {

/// What a TorchScript archive is before one of its methods is read: objects, constants, code, versions. Reads all that
/// it needs once; runs nothing.
class Module;

struct MethodSignature {
  std::string name;  ///< "forward", "encode"
  struct Input {
    std::string name;  ///< standard name, "input_ids"
    std::string type;  ///< as the code has it
  };
  std::vector<Input> inputs;
  std::string return_type;
};

/// @param keep  holds the archive's bytes as long as a program or tensor of it lives
/// @throws Error invalid_format, unsupported (a version that is not known, entries that disagree)
std::shared_ptr<const Module> read_module(archive::Archive& archive, std::shared_ptr<const void> keep);

/// The methods of the archive's top object.
std::vector<MethodSignature> methods(const Module& module);

/// One method as a program.
/// @throws Error unsupported: "not graphable", with the place and the reason; invalid_format for code that is none
Program read_program(const Module& module, std::string_view method = "forward");

}  // namespace bertrt::graph::torchscript
