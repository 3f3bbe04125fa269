#include "engine/torchscript/program.h"

#include <torch/csrc/jit/ir/constants.h>
#include <torch/csrc/jit/passes/inliner.h>

#include <algorithm>
#include <utility>

#include "bertrt/error.h"
#include "engine/torchscript/guard.h"
#include "engine/torchscript/module.h"

namespace bertrt::engine::torchscript {
namespace {

bool block_mentions(const torch::jit::Block& block, std::int64_t number) {
  for (const torch::jit::Node* node : block.nodes()) {
    for (const torch::jit::Block* inner : node->blocks()) {
      if (block_mentions(*inner, number)) return true;
    }
    if (node->kind() != c10::prim::Constant || node->outputs().size() != 1) continue;
    const auto value = torch::jit::toIValue(node->output());
    if (!value) continue;
    if (value->isInt() && value->toInt() == number) return true;
    if (value->isIntList()) {
      const auto list = value->toIntVector();
      if (std::find(list.begin(), list.end(), number) != list.end()) return true;
    }
  }
  return false;
}

const model::ManifestMethod* manifest_method(const model::ModelFile& file, const std::string& name) {
  if (!file.manifest()) return nullptr;
  const auto found = file.manifest()->methods.find(name);
  return found == file.manifest()->methods.end() ? nullptr : &found->second;
}

}  // namespace

Program::Program(const model::ModelFile& file, std::span<const std::byte> bytes, const SessionOptions& options,
                 const ModelTraits& traits, c10::Device device)
    : where_(file.name()), module_(load_module(file, bytes, device)), device_(device) {
  std::string method = "forward";
  if (manifest_method(file, "encode") != nullptr && manifest_method(file, "head") != nullptr) {
    head_ = module_.find_method("head");
    if (head_ && module_.find_method("encode")) {
      method = "encode";
    } else {
      head_.reset();
    }
  }
  encode_ = module_.find_method(method);
  if (!encode_) throw Error(ErrorCode::model_mismatch, where_, "a module with a method forward", "none");
  // Where forward's graph was read, its outputs have the names that they have there, whatever the engine.
  const bool read = method == "forward" && !traits.outputs.empty();
  const model::ManifestMethod* described = read ? nullptr : manifest_method(file, method);
  if (described != nullptr) output_names_ = described->outputs;
  inputs_.emplace(*encode_, file.find_method(method), options.torchscript.input_names, traits, where_);
}

c10::IValue Program::call(const batch::Batch& batch, const batch::Group& group, std::size_t rows,
                          std::size_t length) const {
  return translated(ErrorCode::runtime, where_, "a model that runs",
                    [&] { return (*encode_)(inputs_->make(batch, group, rows, length, device_)); });
}

Unpacked Program::learn_outputs(const batch::Batch& batch, const batch::Group& group, std::size_t rows,
                                std::size_t length, const ModelTraits& traits) {
  const OutputPlan::Run run{call(batch, group, rows, length), length};
  std::optional<OutputPlan::Run> other;
  std::size_t longest = 0;
  for (std::size_t text = 0; text < batch.size(); ++text) longest = std::max(longest, batch.length(text));
  for (const std::size_t another : {length + 1, length - 1}) {
    if (other || another < longest) continue;
    try {
      other = {call(batch, group, rows, another), another};
    } catch (const Error&) {  // it runs at some lengths alone, which is no error yet
    }
  }
  outputs_.emplace(run, other, output_names_, traits, rows, where_);
  return outputs_->unpack(run.value, rows, length);
}

Unpacked Program::run(const batch::Batch& batch, const batch::Group& group, std::size_t rows,
                      std::size_t length) const {
  return outputs_->unpack(call(batch, group, rows, length), rows, length);
}

at::Tensor Program::head(const at::Tensor& hidden_rows) const {
  const auto rows = static_cast<std::size_t>(hidden_rows.size(0));
  at::Tensor logits = translated(ErrorCode::runtime, where_, "a head that runs", [&] {
    return (*head_)({hidden_rows.to(device_)}).toTensor().to(at::kCPU, at::kFloat).contiguous();
  });
  if (!has_shape(logits, {rows, 0})) {
    throw Error(ErrorCode::runtime, where_, "logits for " + std::to_string(rows) + " rows from its method head",
                std::to_string(logits.dim()) + " dimensions of other sizes");
  }
  return logits;
}

bool Program::mentions(std::int64_t number) const {
  return translated(ErrorCode::runtime, where_, "a graph that can be read", [&] {
    auto graph = encode_->graph()->copy();
    torch::jit::Inline(*graph);
    return block_mentions(*graph->block(), number);
  });
}

}  // namespace bertrt::engine::torchscript
