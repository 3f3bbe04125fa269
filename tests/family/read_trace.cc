// Prints what a trace is read as: read_trace FILE…
#include <iostream>
#include <memory>

#include "archive/archive.h"
#include "archive/file_bytes.h"
#include "bertrt/error.h"
#include "family/trace.h"

namespace {

struct Held {
  bertrt::archive::FileBytes bytes;
  std::unique_ptr<bertrt::archive::Archive> archive;
};

void print(const char* path) {
  auto held = std::make_shared<Held>();
  held->bytes = bertrt::archive::FileBytes::read(path);
  held->archive = std::make_unique<bertrt::archive::Archive>(held->bytes.span(), path);
  const auto module = bertrt::graph::torchscript::read_module(*held->archive, held);
  const bertrt::family::Trace trace = bertrt::family::read_trace(*module);
  if (trace.program == nullptr) {
    std::cout << "not graphable: " << trace.not_graphable << '\n';
    return;
  }
  std::cout << trace.program->instructions.size() << " instructions; " << trace.lengths->why() << '\n';
  if (trace.reading.recognition) {
    const auto& spec = trace.reading.recognition->spec;
    std::cout << "encoder: " << spec.layers.size() << " layers, hidden " << spec.hidden << ", heads " << spec.heads
              << ", mask " << static_cast<int>(spec.mask) << ", positions "
              << static_cast<int>(spec.embeddings.position_scheme) << ", longest " << spec.max_length << ", heads "
              << trace.reading.recognition->heads.size() << ", norms " << (spec.norm_first ? "first" : "last")
              << ", final norm " << spec.final_norm.has_value() << ", ways of turning " << spec.rotary.size()
              << ", windows";
    for (const auto& layer : spec.layers) std::cout << ' ' << layer.window;
    std::cout << '\n';
  } else {
    std::cout << "not explained: " << trace.reading.not_explained << '\n';
  }
  for (std::size_t i = 0; i < trace.outputs.size(); ++i) {
    const auto& info = trace.outputs[i];
    std::cout << "  " << info.name << ' ' << to_string(info.role) << ' ' << to_string(info.evidence) << " [";
    for (const auto size : info.shape) std::cout << size << ' ';
    std::cout << "] source " << static_cast<int>(trace.reading.outputs[i].source) << '\n';
  }
  for (const auto& finding : trace.findings) std::cout << "  finding: " << finding << '\n';
}

}  // namespace

int main(int count, char** arguments) {
  for (int i = 1; i < count; ++i) {
    std::cout << arguments[i] << ": ";
    try {
      print(arguments[i]);
    } catch (const bertrt::Error& error) {
      std::cout << "error: " << error.what() << '\n';
    }
  }
}
