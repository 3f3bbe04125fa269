#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "archive/archive.h"
#include "archive/pickle.h"
#include "model/model_file.h"

namespace bertrt::model {

/// What the top-level module holds.
struct ModuleTree {
  std::string class_name;             ///< "__torch__.transformers.models.bert.modeling_bert.BertModel"
  std::vector<Parameter> parameters;  ///< by attribute path, in the archive's order
  std::map<std::string, std::string, std::less<>> classes;  ///< of modules, by attribute path
  std::vector<Finding> findings;                            ///< about tensors that cannot be viewed
};

/// Walks the objects of data.pkl. @throws Error invalid_format, unsupported
ModuleTree read_module(archive::Archive& archive);

/// The tensors of constants.pkl, which the code calls CONSTANTS.c0, c1, …; nothing for what is no tensor.
/// @throws Error invalid_format
std::vector<std::optional<archive::TensorView>> read_constants(archive::Archive& archive);

/// An example input of a traced method.
struct TracedInput {
  std::optional<archive::ElementType> element_type;  ///< nothing for what is no tensor
  std::vector<std::int64_t> shape;
};
struct TracedMethod {
  std::string name;
  std::vector<TracedInput> inputs;  ///< in order
};

/// What traced_inputs.pkl records; empty when there is none. @throws Error invalid_format
std::vector<TracedMethod> read_traced_inputs(archive::Archive& archive);

}  // namespace bertrt::model
