#include "engine/packed/packed_engine.h"

#include <algorithm>
#include <chrono>
#include <string>
#include <utility>
#include <vector>

#include "bertrt/error.h"
#include "bertrt/runtime.h"
#include "engine/packed/encoder.h"
#include "engine/packed/head.h"
#include "engine/packed/pass.h"
#include "engine/packed/workspace.h"
#include "kernels/isa/calibration.h"

namespace bertrt::engine::packed {
namespace {

// Counts up with every change to the forward pass that could change a result: proofs of an older one are then void.
constexpr int kRevision = 1;

class Stopwatch {
 public:
  void stage(std::string name, std::vector<LoadStage>& stages) {
    const auto now = std::chrono::steady_clock::now();
    stages.push_back({std::move(name), std::chrono::duration<double, std::milli>(now - last_).count()});
    last_ = now;
  }

 private:
  std::chrono::steady_clock::time_point last_ = std::chrono::steady_clock::now();
};

class PackedEngine final : public Engine {
 public:
  PackedEngine(const model::ModelFile& file, const SessionOptions& options, const PackedTuning& tuning)
      : tuning_(tuning), workspaces_(std::make_unique<WorkspacePool>()) {
    Stopwatch watch;
    kernels::ThreadPool& pool = kernels::ThreadPool::shared();
    const EncoderDescription description = describe(file);
    const FoundNames names = find_names(file);
    encoder_ = std::make_unique<const Encoder>(description,
                                               load_encoder_weights(file, names, description, options.dtype, pool));
    watch.stage("pack encoder weights", facts_.load_stages);
    head_ = Head::load(file, description, encoder_->weights(), pool);
    if (head_) watch.stage("pack head weights", facts_.load_stages);

    facts_.outputs.emplace_back("all_encoder_layers");
    if (encoder_->weights().pooler != nullptr) facts_.outputs.emplace_back("pooled_output");
    if (head_ && head_->kind() == Head::Kind::span) {
      facts_.outputs.insert(facts_.outputs.end(), {"start_logits", "end_logits"});
    } else if (head_) {
      facts_.outputs.emplace_back("logits");
    }
    facts_.max_length = encoder_->weights().max_length;
    facts_.proven_min = 1;
    facts_.proven_max = facts_.max_length;
    facts_.lengths_why = "the packed engine computes every length without padding";
    facts_.kernels = kernels::isa::calibration_report();
  }

  EncoderOutput run(const batch::Batch& batch, const RunRequest& request) const override {
    for (std::size_t text = 0; text < batch.size(); ++text) {
      if (batch.length(text) > facts_.max_length) {
        throw Error(ErrorCode::input_too_long, "text " + std::to_string(text),
                    "at most " + std::to_string(facts_.max_length) + " tokens", std::to_string(batch.length(text)));
      }
    }
    Pass pass(*encoder_, head_ ? &*head_ : nullptr, batch, request, *workspaces_, kernels::ThreadPool::shared());
    return pass.run(tuning_);
  }

  const EngineFacts& facts() const noexcept override { return facts_; }

 private:
  PackedTuning tuning_;
  std::unique_ptr<const Encoder> encoder_;
  std::optional<Head> head_;
  EngineFacts facts_;
  std::unique_ptr<WorkspacePool> workspaces_;
};

}  // namespace

std::string packed_engine_identity(DType dtype) {
  const kernels::isa::Kernels& kernels = kernels::isa::best();
  const auto text = [&](const char* name, const kernels::isa::TileKernels& tiles) {
    return std::string(name) + " " + kernels.target + " " + tiles.name;
  };
  std::string identity = std::string(version()) + " packed " + std::to_string(kRevision) + ", ";
  if (dtype == DType::bf16) identity += text("bf16", kernels.bf16) + ", ";
  if (dtype == DType::int8) identity += text("int8", kernels.int8) + ", ";
  return identity + text("fp32", kernels.fp32);
}

void check_packable(const model::ModelFile& file) {
  describe(file);
  find_names(file);
}

std::unique_ptr<Engine> make_packed_engine(std::shared_ptr<const model::ModelFile> file, const SessionOptions& options,
                                           const PackedTuning& tuning) {
  if (options.device != "cpu") {
    throw Error(ErrorCode::unsupported, "SessionOptions::device", "\"cpu\" for the packed engine", options.device);
  }
  return std::make_unique<PackedEngine>(*file, options, tuning);
}

}  // namespace bertrt::engine::packed
