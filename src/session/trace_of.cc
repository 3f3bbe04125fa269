#include "session/trace_of.h"

#include "archive/archive.h"
#include "archive/guard.h"

namespace bertrt::session {
namespace {

// What a program's tensors are views of.
struct Held {
  explicit Held(std::shared_ptr<const model::ModelFile> owner) : file(std::move(owner)), archive(file->archive()) {}
  std::shared_ptr<const model::ModelFile> file;
  archive::Archive archive;
};

}  // namespace

std::shared_ptr<const family::Trace> trace_of(const std::shared_ptr<const model::ModelFile>& file,
                                              const SessionOptions& options, bool thorough) {
  return archive::guard_memory(file->name(), [&] {
    const auto held = std::make_shared<Held>(file);
    const auto module = graph::torchscript::read_module(held->archive, held);
    return std::make_shared<const family::Trace>(
        family::read_trace(*module, {.input_names = options.torchscript.input_names, .thorough = thorough}));
  });
}

}  // namespace bertrt::session
