#include "engine/packed/packed_model.h"

#include <string>
#include <utility>

#include "base/out_of_memory.h"
#include "bertrt/error.h"
#include "engine/packed/encoder.h"
#include "engine/packed/head.h"
#include "engine/packed/pass.h"
#include "engine/packed/workspace.h"
#include "kernels/thread_pool.h"

namespace bertrt::engine::packed {
namespace {

kernels::ThreadPool& pool_of(const PackedTuning& tuning) {
  return tuning.pool != nullptr ? *tuning.pool : kernels::ThreadPool::shared();
}

}  // namespace
namespace {

[[noreturn]] void refuse(ErrorCode code, const char* where, std::string expected, std::string found) {
  throw Error(code, where, std::move(expected), std::move(found));
}

void check_rows(std::span<const std::size_t> rows, std::size_t tokens, const char* where) {
  for (const std::size_t row : rows) {
    if (row >= tokens) {
      refuse(ErrorCode::invalid_argument, where, "rows below " + std::to_string(tokens), std::to_string(row));
    }
  }
}

}  // namespace

PackedModel::PackedModel() = default;
PackedModel::~PackedModel() = default;

std::unique_ptr<const PackedModel> PackedModel::pack(const family::EncoderSpec& encoder,
                                                     std::span<const family::HeadSpec> heads, DType dtype,
                                                     const PackedTuning& tuning) {
  return base::or_out_of_memory("packing a model", [&] {
    std::unique_ptr<PackedModel> model(new PackedModel);
    model->tuning_ = tuning;
    model->workspaces_ = std::make_unique<WorkspacePool>();
    Packer packer(pool_of(tuning));
    const bool tied = std::any_of(heads.begin(), heads.end(), [&](const family::HeadSpec& head) {
      return Packer::is_same(head.output.weight, encoder.embeddings.words);
    });
    std::unique_ptr<const EncoderWeights> weights = prepare_encoder(encoder, dtype, tied, packer);
    for (const family::HeadSpec& head : heads) model->heads_.push_back(Head::prepare(head, *weights, packer));
    packer.run();
    model->findings_ = packer.findings();
    model->encoder_ = std::make_unique<const Encoder>(std::move(weights));
    return std::unique_ptr<const PackedModel>(std::move(model));
  });
}

PackedOutput PackedModel::run(const batch::Batch& batch, const PackedRequest& request) const {
  return base::or_out_of_memory("running a batch", [&] {
    check(batch, request);
    Pass pass(*encoder_, heads_, batch, request, *workspaces_, pool_of(tuning_));
    return pass.run(tuning_);
  });
}

void PackedModel::check(const batch::Batch& batch, const PackedRequest& request) const {
  for (std::size_t text = 0; max_length() != 0 && text < batch.size(); ++text) {
    if (batch.length(text) > max_length()) {
      throw Error(ErrorCode::input_too_long, "text " + std::to_string(text),
                  "at most " + std::to_string(max_length()) + " tokens", std::to_string(batch.length(text)));
    }
  }
  for (std::size_t i = 0; i < request.states.size(); ++i) {
    const std::size_t state = request.states[i];
    if (state > layers() || (i != 0 && state <= request.states[i - 1])) {
      refuse(ErrorCode::invalid_argument, "PackedRequest::states",
             "states from 0 to " + std::to_string(layers()) + ", ascending", std::to_string(state));
    }
  }
  check_rows(request.last_rows, batch.total_tokens(), "PackedRequest::last_rows");
  if (request.pooled && pooled() == 0) {
    refuse(ErrorCode::unsupported, "PackedRequest::pooled", "a model with a pooler", "none");
  }
  for (const PackedRequest::HeadRows& head : request.heads) {
    if (head.head >= heads_.size()) {
      refuse(ErrorCode::invalid_argument, "PackedRequest::heads", "one of " + std::to_string(heads_.size()) + " heads",
             std::to_string(head.head));
    }
    if (!head.rows) continue;
    if (reads(head.head) != Head::Reads::tokens) {
      refuse(ErrorCode::invalid_argument, "PackedRequest::heads", "no rows for a head that reads texts", "some");
    }
    check_rows(*head.rows, batch.total_tokens(), "PackedRequest::heads");
  }
}

std::size_t PackedModel::layers() const noexcept { return encoder_->layers(); }
std::size_t PackedModel::hidden() const noexcept { return encoder_->weights().hidden; }
std::size_t PackedModel::pooled() const noexcept { return encoder_->weights().pooled; }
std::size_t PackedModel::max_length() const noexcept { return encoder_->weights().max_length; }
std::size_t PackedModel::classes(std::size_t head) const { return heads_.at(head)->classes(); }
family::HeadSpec::Reads PackedModel::reads(std::size_t head) const { return heads_.at(head)->reads(); }

}  // namespace bertrt::engine::packed
