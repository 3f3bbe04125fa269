#include "engine/packed/packed_engine.h"

#include <chrono>
#include <numeric>
#include <string>
#include <utility>
#include <vector>

#include "bertrt/error.h"
#include "bertrt/runtime.h"
#include "engine/out_of_memory.h"
#include "engine/packed/model_file_spec.h"
#include "engine/packed/packed_model.h"
#include "kernels/isa/calibration.h"
#include "kernels/isa/kernels.h"

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

// The model and the one head that a named file has, behind the session's interface.
class PackedEngine final : public Engine {
 public:
  PackedEngine(const model::ModelFile& file, const SessionOptions& options, const PackedTuning& tuning) {
    Stopwatch watch;
    const family::NamedModel spec = model_file_spec(file);
    std::vector<family::HeadSpec> heads;
    if (spec.head) heads.push_back(*spec.head);
    model_ = PackedModel::pack(spec.encoder, heads, options.dtype, tuning);
    watch.stage("pack weights", facts_.load_stages);

    span_ = spec.task == "question-answering";
    facts_.outputs.emplace_back("all_encoder_layers");
    if (model_->pooled() != 0) facts_.outputs.emplace_back("pooled_output");
    if (span_) {
      facts_.outputs.insert(facts_.outputs.end(), {"start_logits", "end_logits"});
    } else if (spec.head) {
      facts_.outputs.emplace_back("logits");
    }
    facts_.max_length = model_->max_length();
    facts_.proven_min = 1;
    facts_.proven_max = facts_.max_length;
    facts_.lengths_why = "the packed engine computes every length without padding";
    facts_.kernels = kernels::isa::calibration_report();
  }

  EncoderOutput run(const batch::Batch& batch, const RunRequest& request) const override {
    return or_out_of_memory("running a batch", [&] { return run_model(batch, request); });
  }

  const EngineFacts& facts() const noexcept override { return facts_; }

 private:
  EncoderOutput run_model(const batch::Batch& batch, const RunRequest& request) const {
    PackedRequest wanted;
    if (request.hidden_states) {
      wanted.states.resize(request.all_encoder_layers ? model_->layers() : 1);
      std::iota(wanted.states.begin(), wanted.states.end(), model_->layers() + 1 - wanted.states.size());
    }
    wanted.pooled = request.pooled_output && model_->pooled() != 0;
    if (request.logits && model_->heads() != 0) {
      wanted.heads.push_back({0, {}});
      const bool some = !request.logit_rows.empty() && !span_ && model_->reads(0) == family::HeadSpec::Reads::tokens;
      if (some) wanted.heads[0].rows = request.logit_rows;
    }
    PackedOutput got = model_->run(batch, wanted);
    EncoderOutput output;
    output.all_encoder_layers = std::move(got.states);
    output.pooled_output = std::move(got.pooled);
    if (!got.heads.empty()) {
      span_ ? split(got.heads[0], batch, output) : void(output.logits = std::move(got.heads[0]));
    }
    return output;
  }

  static void split(const Matrix& both, const batch::Batch& batch, EncoderOutput& output) {
    std::vector<float> start(both.rows);
    std::vector<float> end(both.rows);
    for (std::size_t row = 0; row < both.rows; ++row) {
      start[row] = both.data[2 * row];
      end[row] = both.data[2 * row + 1];
    }
    output.start_logits = TokenRows(batch.row_offsets, 1, std::move(start));
    output.end_logits = TokenRows(batch.row_offsets, 1, std::move(end));
  }

  std::unique_ptr<const PackedModel> model_;
  bool span_ = false;
  EngineFacts facts_;
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

void check_packable(const model::ModelFile& file) { static_cast<void>(model_file_spec(file)); }

std::unique_ptr<Engine> make_packed_engine(std::shared_ptr<const model::ModelFile> file, const SessionOptions& options,
                                           const PackedTuning& tuning) {
  if (options.device != "cpu") {
    throw Error(ErrorCode::unsupported, "SessionOptions::device", "\"cpu\" for the packed engine", options.device);
  }
  return or_out_of_memory("packing a model", [&] {
    return std::unique_ptr<Engine>(std::make_unique<PackedEngine>(*file, options, tuning));
  });
}

}  // namespace bertrt::engine::packed
