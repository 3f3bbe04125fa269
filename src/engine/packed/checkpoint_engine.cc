#include "engine/packed/checkpoint_engine.h"

#include <algorithm>
#include <iterator>
#include <string>
#include <utility>

#include "base/out_of_memory.h"
#include "batch/output_builder.h"
#include "engine/packed/facts.h"
#include "engine/packed/packed_model.h"
#include "kernels/isa/calibration.h"
#include "kernels/thread_pool.h"

namespace bertrt::engine::packed {
namespace {

using family::CheckpointHead;
using family::HeadKind;
using family::HeadSpec;
using Kind = PackedSource::Kind;

OutputRole role_of(const CheckpointHead& head) {
  return head.spec.reads == HeadSpec::Reads::tokens ? OutputRole::token_logits : OutputRole::text_logits;
}

void add_head(const CheckpointHead& head, std::size_t index, std::vector<CheckpointOffer>& offers) {
  const auto add = [&](std::string name, OutputRole role, std::vector<std::int64_t> shape, PackedSource source) {
    const bool again =
        std::any_of(offers.begin(), offers.end(), [&](const auto& one) { return one.info.role == role; });
    offers.push_back({{std::move(name), role, Evidence::by_name, std::move(shape), again}, source});
  };
  if (head.kind == HeadKind::question_answering) {
    add("start_logits", OutputRole::start_logits, {-1}, {Kind::head, index, 0});
    add("end_logits", OutputRole::end_logits, {-1}, {Kind::head, index, 1});
    return;
  }
  const auto classes = static_cast<std::int64_t>(head.spec.output.out());
  const OutputRole role = role_of(head);
  std::vector<std::int64_t> shape = {classes};
  if (role == OutputRole::token_logits) shape.insert(shape.begin(), -1);
  add(head.output, role, std::move(shape), {Kind::head, index});
}

class CheckpointEngine final : public Engine {
 public:
  CheckpointEngine(const family::Checkpoint& checkpoint, const SessionOptions& options)
      : threads_(options.threads == 0 ? nullptr : std::make_unique<kernels::ThreadPool>(options.threads)),
        offers_(checkpoint_offers(checkpoint)) {
    std::vector<HeadSpec> heads;
    for (const CheckpointHead& head : checkpoint.heads) heads.push_back(head.spec);
    PackedTuning tuning;
    tuning.pool = threads_.get();
    model_ = PackedModel::pack(checkpoint.encoder, heads, options.packed.dtype, tuning);
    facts_ = checkpoint_facts(checkpoint);
    facts_.findings.insert(facts_.findings.end(), model_->findings().begin(), model_->findings().end());
    facts_.dtype = options.packed.dtype;
    facts_.kernels = kernels::isa::calibration_report();
  }

  EncoderOutput run(const batch::Batch& batch, const RunRequest& request) const override {
    return base::or_out_of_memory("running a batch", [&] { return run_batch(batch, request); });
  }

  const EngineFacts& facts() const noexcept override { return facts_; }

 private:
  EncoderOutput run_batch(const batch::Batch& batch, const RunRequest& request) const {
    batch::OutputBuilder builder(batch, request, facts_.outputs);
    PackedOutputs outputs(*model_, batch, builder);
    for (std::size_t i = 0; i < offers_.size(); ++i) {
      if (builder.wants(i)) outputs.want(offers_[i].source, offers_[i].info.in_more);
    }
    const PackedOutput done = model_->run(batch, outputs.request());
    for (std::size_t i = 0; i < offers_.size(); ++i) {
      if (builder.wants(i)) outputs.add(i, offers_[i].source, offers_[i].info.in_more, done);
    }
    return std::move(builder).finish();
  }

  std::unique_ptr<kernels::ThreadPool> threads_;  // null: the process's
  std::vector<CheckpointOffer> offers_;
  std::unique_ptr<const PackedModel> model_;
  EngineFacts facts_;
};

}  // namespace

std::vector<CheckpointOffer> checkpoint_offers(const family::Checkpoint& checkpoint) {
  std::vector<CheckpointOffer> offers;
  const auto hidden = static_cast<std::int64_t>(checkpoint.encoder.hidden);
  for (std::size_t layer = 1; layer <= checkpoint.encoder.layers.size(); ++layer) {
    offers.push_back(
        {{"layer " + std::to_string(layer), OutputRole::hidden_state, Evidence::by_name, {-1, hidden}, false},
         {Kind::state, layer}});
  }
  if (checkpoint.encoder.pooler) {
    offers.push_back(
        {{"pooler_output", OutputRole::pooled_output, Evidence::by_name, {hidden}, false}, {Kind::pooled, 0}});
  }
  std::vector<CheckpointOffer> logits;
  for (std::size_t i = 0; i < checkpoint.heads.size(); ++i) add_head(checkpoint.heads[i], i, logits);
  // In EncoderOutput's order, which is the roles' own; what comes in `more` last.
  std::stable_sort(logits.begin(), logits.end(), [](const CheckpointOffer& a, const CheckpointOffer& b) {
    return a.info.in_more != b.info.in_more ? b.info.in_more : a.info.role < b.info.role;
  });
  std::move(logits.begin(), logits.end(), std::back_inserter(offers));
  return offers;
}

EngineFacts checkpoint_facts(const family::Checkpoint& checkpoint) {
  EngineFacts facts = facts_of(checkpoint.encoder);
  for (CheckpointOffer& offer : checkpoint_offers(checkpoint)) facts.outputs.push_back(std::move(offer.info));
  facts.inputs = {"input_ids", "attention_mask"};
  if (checkpoint.encoder.embeddings.takes_types) facts.inputs.emplace_back("token_type_ids");
  facts.max_length_why = checkpoint.config.rotary ? checkpoint.config.rotary->longest_why
                         : checkpoint.config.position_kind != family::PositionKind::absolute
                             ? "max_position_embeddings in config.json"
                             : "what the model's table of positions reaches";
  facts.findings = checkpoint.findings;
  return facts;
}

std::unique_ptr<const Engine> make_checkpoint_engine(const family::Checkpoint& checkpoint,
                                                     const SessionOptions& options) {
  return std::make_unique<CheckpointEngine>(checkpoint, options);
}

}  // namespace bertrt::engine::packed
