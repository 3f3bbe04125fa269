#include "session/trace_of.h"

#include "archive/archive.h"
#include "archive/guard.h"
#include "model/output_names.h"

namespace bertrt::session {
namespace {

// What a program's tensors are views of.
struct Held {
  explicit Held(std::shared_ptr<const model::ModelFile> owner) : file(std::move(owner)), archive(file->archive()) {}
  std::shared_ptr<const model::ModelFile> file;
  archive::Archive archive;
};

std::vector<OutputRole> output_roles(const model::ModelFile& file) {
  if (!file.manifest()) return {};
  const auto forward = file.manifest()->methods.find("forward");
  if (forward == file.manifest()->methods.end()) return {};
  std::vector<OutputRole> roles;
  for (const std::string& name : forward->second.outputs) {
    roles.push_back(model::role_of_output(name, file.manifest()->task));
  }
  return roles;
}

}  // namespace

std::shared_ptr<const family::Trace> trace_of(const std::shared_ptr<const model::ModelFile>& file,
                                              const SessionOptions& options, bool thorough) {
  return archive::guard_memory(file->name(), [&] {
    const auto held = std::make_shared<Held>(file);
    const auto module = graph::torchscript::read_module(held->archive, held);
    return std::make_shared<const family::Trace>(family::read_trace(
        *module,
        {.input_names = options.torchscript.input_names, .output_roles = output_roles(*file), .thorough = thorough}));
  });
}

}  // namespace bertrt::session
