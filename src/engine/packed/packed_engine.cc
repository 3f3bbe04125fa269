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
  PackedEngine(const model::ModelFile& file, const PackedOptions& options, const PackedTuning& tuning)
      : tuning_(tuning),
        own_pool_(tuning.threads != 0 ? std::make_unique<kernels::ThreadPool>(tuning.threads) : nullptr),
        workspaces_(std::make_unique<WorkspacePool>()) {
    Stopwatch watch;
    kernels::ThreadPool& pool = this->pool();
    const EncoderDescription description = describe(file);
    const FoundNames names = find_names(file);
    encoder_ = std::make_unique<const Encoder>(description,
                                               load_encoder_weights(file, names, description, options.dtype, pool));
    watch.stage("pack encoder weights", facts_.load_stages);
    head_ = Head::load(file, description, encoder_->weights(), pool);
    if (head_) watch.stage("pack head weights", facts_.load_stages);

    facts_.outputs = outputs();
    facts_.dtype = options.dtype;
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
    Pass pass(*encoder_, head_ ? &*head_ : nullptr, batch, request, *workspaces_, pool());
    return pass.run(tuning_);
  }

  const EngineFacts& facts() const noexcept override { return facts_; }

 private:
  kernels::ThreadPool& pool() const noexcept { return own_pool_ ? *own_pool_ : kernels::ThreadPool::shared(); }

  std::vector<OutputInfo> outputs() const {
    const auto hidden = static_cast<std::int64_t>(encoder_->description().hidden);
    std::vector<OutputInfo> outputs;
    const auto add = [&](std::string name, OutputRole role, std::vector<std::int64_t> shape) {
      outputs.push_back({std::move(name), role, Evidence::by_name, std::move(shape)});
    };
    for (std::size_t layer = 0; layer < encoder_->description().layers; ++layer) {
      add("all_encoder_layers." + std::to_string(layer), OutputRole::hidden_state, {-1, hidden});
    }
    if (encoder_->weights().pooler != nullptr) add("pooled_output", OutputRole::pooled_output, {hidden});
    if (!head_) return outputs;
    const auto classes = static_cast<std::int64_t>(head_->classes());
    switch (head_->kind()) {
      case Head::Kind::token: add("logits", OutputRole::token_logits, {-1, classes}); break;
      case Head::Kind::text: add("logits", OutputRole::text_logits, {classes}); break;
      case Head::Kind::span:
        add("start_logits", OutputRole::start_logits, {-1});
        add("end_logits", OutputRole::end_logits, {-1});
        break;
    }
    return outputs;
  }

  PackedTuning tuning_;
  std::unique_ptr<kernels::ThreadPool> own_pool_;  ///< null: the process-wide one
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

std::unique_ptr<Engine> make_packed_engine(std::shared_ptr<const model::ModelFile> file, const PackedOptions& options,
                                           const PackedTuning& tuning) {
  return std::make_unique<PackedEngine>(*file, options, tuning);
}

}  // namespace bertrt::engine::packed
