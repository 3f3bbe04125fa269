#include "engine/graph/recognized_engine.h"

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "bertrt/error.h"
#include "engine/graph/arguments.h"
#include "engine/graph/memory_budget.h"
#include "engine/graph/operators_run.h"
#include "engine/graph/threads.h"
#include "engine/out_of_memory.h"
#include "engine/packed/packed_model.h"
#include "kernels/isa/calibration.h"

namespace bertrt::engine::graph {
namespace {

using bertrt::graph::Slot;
using bertrt::graph::Tensor;
using bertrt::graph::Value;
using Source = family::OutputPlan::Source;
using family::HeadSpec;

std::vector<Slot> given_slots(const family::Recognition& recognition) {
  std::vector<Slot> slots = recognition.states;
  if (recognition.pooled) slots.push_back(*recognition.pooled);
  return slots;
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
    for (const HeadSpec& head : recognition.heads) reads_.push_back(head.reads);
    model_ = packed::PackedModel::pack(recognition.spec, recognition.heads, options.packed.dtype, with_threads(tuning));
    const bool operators = std::any_of(offers_.begin(), offers_.end(),
                                       [](const Offer& offer) { return offer.source == Source::operators; });
    if (operators) {
      operators_.emplace(trace_, given_slots(recognition), memory_budget(options.memory_budget), true);
    }
    for (const Offer& offer : offers_) facts_.outputs.push_back(offer.info);
    facts_.dtype = options.packed.dtype;
    facts_.max_length = model_->max_length();
    facts_.proven_min = 1;
    facts_.proven_max = facts_.max_length;
    facts_.lengths_why = "the packed engine computes every length without padding";
    facts_.kernels = kernels::isa::calibration_report();
    // The weights are packed by now: where no operator of the trace runs, the file's bytes are of no more use.
    if (!operators_) trace_.reset();
  }

  EncoderOutput run(const batch::Batch& batch, const RunRequest& request) const override {
    return or_out_of_memory("running a batch", [&] { return run_batch(batch, request); });
  }

  const EngineFacts& facts() const noexcept override { return facts_; }

 private:
  EncoderOutput run_batch(const batch::Batch& batch, const RunRequest& request) const {
    batch::OutputBuilder builder(batch, request, facts_.outputs);
    Work work = plan(builder);
    const packed::PackedOutput done = model_->run(batch, work.request);
    for (std::size_t i = 0; i < offers_.size(); ++i) {
      if (builder.wants(i) && offers_[i].source != Source::operators) add_packed(builder, i, work, done, batch);
    }
    if (work.operators) run_operators(builder, work, done, batch);
    return std::move(builder).finish();
  }

  // What a request asks of the packed model and of the operators around it.
  struct Work {
    packed::PackedRequest request;
    std::vector<std::size_t> heads;  // by place in request.heads: which head
    std::shared_ptr<const OperatorsRun::Plan> operators;
    std::vector<std::size_t> computed;  // offers that operators compute, in the plan's order
  };

  Work plan(const batch::OutputBuilder& builder) const {
    Work work;
    std::vector<Slot> slots;
    std::vector<std::size_t> states;
    for (std::size_t i = 0; i < offers_.size(); ++i) {
      const Offer& offer = offers_[i];
      if (!builder.wants(i)) continue;
      if (offer.source == Source::state) states.push_back(offer.index);
      if (offer.source == Source::pooled) work.request.pooled = true;
      if (offer.source == Source::operators) {
        slots.push_back(offer.slot);
        work.computed.push_back(i);
      }
      if (offer.source == Source::head &&
          std::find(work.heads.begin(), work.heads.end(), offer.index) == work.heads.end()) {
        packed::PackedRequest::HeadRows rows{offer.index, {}};
        const bool tokens = reads_[offer.index] == HeadSpec::Reads::tokens;
        if (tokens && !offer.column && !offer.info.in_more) rows.rows = builder.wanted().rows;
        work.heads.push_back(offer.index);
        work.request.heads.push_back(rows);
      }
    }
    if (!slots.empty()) {
      work.operators = operators_->plan(std::move(slots));
      for (const Slot slot : work.operators->needed) {
        const auto state = std::find(states_.begin(), states_.end(), slot);
        if (state == states_.end()) {
          work.request.pooled = true;
        } else {
          states.push_back(static_cast<std::size_t>(state - states_.begin()));
        }
      }
    }
    std::sort(states.begin(), states.end());
    states.erase(std::unique(states.begin(), states.end()), states.end());
    work.request.states = std::move(states);
    return work;
  }

  static std::size_t place(const std::vector<std::size_t>& among, std::size_t value) {
    return static_cast<std::size_t>(std::find(among.begin(), among.end(), value) - among.begin());
  }

  void add_packed(batch::OutputBuilder& builder, std::size_t output, const Work& work, const packed::PackedOutput& done,
                  const batch::Batch& batch) const {
    const Offer& offer = offers_[output];
    for (std::size_t text = 0; text < batch.size(); ++text) {
      const std::size_t length = batch.length(text);
      if (offer.source == Source::state) {
        const TokenRows& rows = done.states[place(work.request.states, offer.index)];
        builder.add(output, text, std::vector<std::size_t>{length, rows.width()}, rows.text(text));
      } else if (offer.source == Source::pooled) {
        builder.add(output, text, std::vector<std::size_t>{done.pooled->cols}, done.pooled->row(text));
      } else {
        const Matrix& logits = done.heads[place(work.heads, offer.index)];
        add_head(builder, output, text, logits, batch);
      }
    }
  }

  void add_head(batch::OutputBuilder& builder, std::size_t output, std::size_t text, const Matrix& logits,
                const batch::Batch& batch) const {
    const Offer& offer = offers_[output];
    const std::span<const float> all = logits.data;
    if (reads_[offer.index] != HeadSpec::Reads::tokens) {
      builder.add(output, text, std::vector<std::size_t>{logits.cols}, logits.row(text));
      return;
    }
    const std::vector<std::size_t>& offsets = *batch.row_offsets;
    if (offer.column) {
      std::vector<float> column;
      for (std::size_t row = offsets[text]; row < offsets[text + 1]; ++row) {
        column.push_back(logits.row(row)[*offer.column]);
      }
      builder.add(output, text, std::vector<std::size_t>{column.size()}, column);
    } else if (offer.info.in_more) {
      builder.add(output, text, std::vector<std::size_t>{batch.length(text), logits.cols},
                  all.subspan(offsets[text] * logits.cols, batch.length(text) * logits.cols));
    } else {
      const std::vector<std::size_t>& wanted = *builder.wanted().row_offsets;
      builder.add_wanted(output, text, logits.cols,
                         all.subspan(wanted[text] * logits.cols, (wanted[text + 1] - wanted[text]) * logits.cols));
    }
  }

  void run_operators(batch::OutputBuilder& builder, const Work& work, const packed::PackedOutput& done,
                     const batch::Batch& batch) const {
    need_right_lengths(batch);
    std::vector<std::vector<Tensor>> found(batch.size());
    const std::size_t runs = std::min(batch.size(), threads_.pool().threads());
    const auto one = [&](std::size_t text, kernels::ThreadPool& pool) {
      std::vector<Value> given;
      for (const Slot slot : work.operators->needed) {
        const auto state = std::find(states_.begin(), states_.end(), slot);
        if (state == states_.end()) {
          given.push_back(as_value(done.pooled->row(text).data(), 1, done.pooled->cols, false));
          continue;
        }
        const auto index = static_cast<std::size_t>(state - states_.begin());
        const TokenRows& rows = done.states[place(work.request.states, index)];
        given.push_back(as_value(rows.text(text).data(), batch.length(text), rows.width(), true));
      }
      const auto arguments = arguments_of(*trace_, batch, text, batch.length(text));
      found[text] = operators_->run(*work.operators, arguments, given, pool, runs);
    };
    if (batch.size() == 1) {
      one(0, threads_.pool());
    } else {
      threads_.pool().run(batch.size(), [&](std::size_t text) { one(text, kernels::ThreadPool::serial()); });
    }
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
  std::vector<HeadSpec::Reads> reads_;          // by head
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
  return or_out_of_memory("packing a model", [&]() -> std::unique_ptr<const Engine> {
    return std::make_unique<RecognizedEngine>(std::move(trace), options, tuning);
  });
}

}  // namespace bertrt::engine::graph
