#include "engine/graph/recognized_engine.h"

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "base/out_of_memory.h"
#include "bertrt/error.h"
#include "engine/graph/arguments.h"
#include "engine/graph/memory_budget.h"
#include "engine/graph/operators_run.h"
#include "engine/graph/threads.h"
#include "engine/packed/facts.h"
#include "engine/packed/packed_model.h"
#include "engine/packed/packed_outputs.h"
#include "kernels/isa/calibration.h"

namespace bertrt::engine::graph {
namespace {

using bertrt::graph::Slot;
using bertrt::graph::Tensor;
using bertrt::graph::Value;
using Source = family::OutputPlan::Source;

std::vector<Slot> given_slots(const family::Recognition& recognition) {
  std::vector<Slot> slots = recognition.states;
  if (recognition.pooled) slots.push_back(*recognition.pooled);
  return slots;
}

packed::PackedSource packed_source(const Offer& offer) {
  using Kind = packed::PackedSource::Kind;
  const Kind kind = offer.source == Source::state    ? Kind::state
                    : offer.source == Source::pooled ? Kind::pooled
                                                     : Kind::head;
  return {kind, offer.index, offer.column};
}

Value as_value(const float* rows, std::size_t count, std::size_t width, bool tokens) {
  bertrt::graph::Sizes sizes = {1, static_cast<std::int64_t>(width)};
  if (tokens) sizes.insert(sizes.begin() + 1, static_cast<std::int64_t>(count));
  const Tensor tensor = Tensor::make(bertrt::graph::ElementType::float32, sizes);
  std::copy_n(rows, count * width, tensor.mutable_data<float>());
  return tensor;
}

class RecognizedEngine final : public Engine {
 public:
  RecognizedEngine(std::shared_ptr<const family::Trace> trace, const SessionOptions& options,
                   packed::PackedTuning tuning)
      : threads_(options.threads),
        trace_(std::move(trace)),
        states_(trace_->reading.recognition->states),
        offers_(make_offers(*trace_, true)) {
    const family::Recognition& recognition = *trace_->reading.recognition;
    model_ = packed::PackedModel::pack(recognition.spec, recognition.heads, options.packed.dtype, with_threads(tuning));
    const bool operators = std::any_of(offers_.begin(), offers_.end(),
                                       [](const Offer& offer) { return offer.source == Source::operators; });
    if (operators) {
      operators_.emplace(trace_, given_slots(recognition), memory_budget(options.memory_budget), true);
    }
    facts_ = packed::facts_of(recognition.spec);
    facts_.dtype = options.packed.dtype;
    facts_.kernels = kernels::isa::calibration_report();
    for (const Offer& offer : offers_) facts_.outputs.push_back(offer.info);
    // The weights are packed by now: where no operator of the trace runs, the file's bytes are of no more use.
    if (!operators_) trace_.reset();
  }

  EncoderOutput run(const batch::Batch& batch, const RunRequest& request) const override {
    return base::or_out_of_memory("running a batch", [&] { return run_batch(batch, request); });
  }

  const EngineFacts& facts() const noexcept override { return facts_; }

 private:
  EncoderOutput run_batch(const batch::Batch& batch, const RunRequest& request) const {
    batch::OutputBuilder builder(batch, request, facts_.outputs);
    packed::PackedOutputs outputs(*model_, batch, builder);
    const Work work = plan(builder, outputs);
    const packed::PackedOutput done = model_->run(batch, outputs.request());
    for (std::size_t i = 0; i < offers_.size(); ++i) {
      const Offer& offer = offers_[i];
      if (builder.wants(i) && offer.source != Source::operators)
        outputs.add(i, packed_source(offer), offer.info.in_more, done);
    }
    if (work.operators) run_operators(builder, outputs, work, done, batch);
    return std::move(builder).finish();
  }

  // What a request asks of the operators around the packed model.
  struct Work {
    std::shared_ptr<const OperatorsRun::Plan> operators;
    std::vector<std::size_t> computed;  // offers that operators compute, in the plan's order
  };

  Work plan(const batch::OutputBuilder& builder, packed::PackedOutputs& outputs) const {
    Work work;
    std::vector<Slot> slots;
    for (std::size_t i = 0; i < offers_.size(); ++i) {
      const Offer& offer = offers_[i];
      if (!builder.wants(i)) continue;
      if (offer.source != Source::operators) {
        outputs.want(packed_source(offer), offer.info.in_more);
      } else {
        slots.push_back(offer.slot);
        work.computed.push_back(i);
      }
    }
    if (slots.empty()) return work;
    work.operators = operators_->plan(std::move(slots));
    for (const Slot slot : work.operators->needed) outputs.want(given_by(slot), true);
    return work;
  }

  // Operators read the encoder's states and its pooled output.
  packed::PackedSource given_by(Slot slot) const {
    const auto state = std::find(states_.begin(), states_.end(), slot);
    if (state == states_.end()) return {packed::PackedSource::Kind::pooled};
    return {packed::PackedSource::Kind::state, static_cast<std::size_t>(state - states_.begin())};
  }

  void run_operators(batch::OutputBuilder& builder, const packed::PackedOutputs& outputs, const Work& work,
                     const packed::PackedOutput& done, const batch::Batch& batch) const {
    need_right_lengths(batch);
    std::vector<OperatorsRun::Arguments> texts;
    for (std::size_t text = 0; text < batch.size(); ++text) {
      texts.push_back(arguments_of(*trace_, batch, text, batch.length(text)));
    }
    const auto given_at = [&](std::size_t text) {
      std::vector<Value> given;
      for (const Slot slot : work.operators->needed) {
        const packed::PackedSource source = given_by(slot);
        if (source.kind == packed::PackedSource::Kind::pooled) {
          given.push_back(as_value(done.pooled->row(text).data(), 1, done.pooled->cols, false));
          continue;
        }
        const TokenRows& rows = done.states[outputs.state(source.index)];
        given.push_back(as_value(rows.text(text).data(), batch.length(text), rows.width(), true));
      }
      return given;
    };
    const std::vector<std::vector<Tensor>> found = operators_->run(*work.operators, texts, given_at, threads_.pool());
    for (std::size_t text = 0; text < batch.size(); ++text) {
      for (std::size_t i = 0; i < work.computed.size(); ++i) {
        add_output(builder, work.computed[i], text, found[text][i], std::nullopt);
      }
    }
  }

  // The encoder is right at any length, the operators around it where the trace is.
  void need_right_lengths(const batch::Batch& batch) const {
    const family::Lengths& lengths = *trace_->lengths;
    for (std::size_t text = 0; text < batch.size(); ++text) {
      const std::string& reason = lengths.objection(batch.length(text));
      if (reason.empty()) continue;
      throw Error(ErrorCode::unsupported, "text " + std::to_string(text),
                  "a length that the trace's operators are right at (" + lengths.why() + ")",
                  std::to_string(batch.length(text)) + " tokens: " + reason);
    }
  }

  packed::PackedTuning with_threads(packed::PackedTuning tuning) const {
    tuning.pool = threads_.own();
    return tuning;
  }

  Threads threads_;
  std::shared_ptr<const family::Trace> trace_;  // null where no operators run
  std::vector<Slot> states_;                    // of the program
  std::vector<Offer> offers_;
  std::unique_ptr<const packed::PackedModel> model_;
  std::optional<OperatorsRun> operators_;
  EngineFacts facts_;
};

}  // namespace

std::unique_ptr<const Engine> make_recognized_engine(std::shared_ptr<const family::Trace> trace,
                                                     const SessionOptions& options, packed::PackedTuning tuning) {
  if (!trace->reading.recognition) {
    throw Error(ErrorCode::unsupported, "the packed engine", "a trace of an encoder that it knows",
                trace->program == nullptr ? trace->not_graphable : trace->reading.not_explained);
  }
  return base::or_out_of_memory("packing a model", [&]() -> std::unique_ptr<const Engine> {
    return std::make_unique<RecognizedEngine>(std::move(trace), options, tuning);
  });
}

}  // namespace bertrt::engine::graph
