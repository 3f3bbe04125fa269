#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "archive/archive.h"
#include "archive/pickle.h"
#include "graph/torchscript/code_file.h"
#include "graph/torchscript/read_program.h"
#include "graph/torchscript/storages.h"
#include "graph/torchscript/type.h"

namespace bertrt::graph::torchscript {

/// An attribute of an object, its kind held to what the class declares.
struct Attribute {
  std::string_view name;
  archive::PickleValue value;
  std::optional<std::uint32_t> object;  ///< index into Module::objects
  bool usable = true;                   ///< false: of a type that the graph does not know
};

/// An object of data.pkl, as it is reached by one path.
struct Object {
  std::string path;        ///< "encoder.layer.0"
  std::string class_name;  ///< "__torch__.a.Name"
  const CodeFile* file = nullptr;
  const ClassCode* code = nullptr;
  std::vector<Attribute> attributes;  ///< sorted by name
  std::string opaque;                 ///< why its attributes are not known; else empty

  const Attribute* find(std::string_view name) const;
};

class Module {
 public:
  std::string name;  ///< the file's, for messages
  std::shared_ptr<const void> keep;
  int version = 0;
  std::vector<Object> objects;  ///< the top one first
  std::vector<NamedTensor> tensors;
  std::vector<std::string> findings;
  std::map<std::string, TracedExample, std::less<>> examples;  ///< by method, names not given yet
  Storages data_storages{"data/"};
  Storages constant_storages{"constants/"};
  std::unique_ptr<archive::Pickle> data;
  std::unique_ptr<archive::Pickle> constants;                           ///< null when there is none
  std::map<std::string, std::unique_ptr<CodeFile>, std::less<>> files;  ///< by entry, those that are reached

  /// "model.pt: data.pkl", for messages.
  std::string where(std::string_view entry) const;
  /// By a class's or function's full name, or null.
  const CodeFile* file_of(std::string_view full_name) const;
};

/// "code/__torch__/a/b.py" for "__torch__.a.b.Name"; empty for a name that can have none.
std::string code_entry_of(std::string_view full_name);

/// The archive's version. @throws Error unsupported, invalid_format
int read_version(archive::Archive& archive);

/// Examples of each method in the stored order, without names. @throws Error invalid_format
std::map<std::string, TracedExample, std::less<>> read_traced_inputs(archive::Archive& archive);

}  // namespace bertrt::graph::torchscript
