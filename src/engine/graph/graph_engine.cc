#include "engine/graph/graph_engine.h"

#include <algorithm>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/out_of_memory.h"
#include "bertrt/error.h"
#include "engine/graph/arguments.h"
#include "engine/graph/memory_budget.h"
#include "engine/graph/operators_run.h"
#include "engine/graph/padding.h"
#include "engine/graph/threads.h"

namespace bertrt::engine::graph {
namespace {

using bertrt::graph::Tensor;

class GraphEngine final : public Engine {
 public:
  GraphEngine(std::shared_ptr<const family::Trace> trace, std::size_t memory_budget, bool fast, bool inside,
              std::size_t threads)
      : threads_(threads),
        trace_(std::move(trace)),
        offers_(make_offers(*trace_, inside)),
        operators_(trace_, {}, memory_budget, fast) {
    for (const Offer& offer : offers_) facts_.outputs.push_back(offer.info);
    padded_ = read_padding(*trace_, offers_, operators_, threads_.pool());
    const family::Lengths& lengths = *trace_->lengths;
    facts_.max_length = lengths.longest();
    facts_.max_length_why = lengths.why();
    facts_.proven_min = lengths.shortest();
    facts_.proven_max = lengths.longest();
    facts_.lengths_why = lengths.why();
    const bool unknown = std::any_of(padded_.begin(), padded_.end(), [](const PaddedOutput& output) {
      return output.objection.empty() && !output.compared;
    });
    if (unknown) {
      facts_.findings.push_back("the trace is right at its traced length of " + std::to_string(lengths.only()) +
                                " tokens alone: shorter texts are padded to it, and whether answers show how many "
                                "tokens were added is not known");
    }
  }

  EncoderOutput run(const batch::Batch& batch, const RunRequest& request) const override {
    return base::or_out_of_memory("running a batch", [&] { return run_batch(batch, request); });
  }

  const EngineFacts& facts() const noexcept override { return facts_; }

 private:
  EncoderOutput run_batch(const batch::Batch& batch, const RunRequest& request) const {
    batch::OutputBuilder builder(batch, request, facts_.outputs);
    std::vector<std::size_t> wanted;
    std::vector<bertrt::graph::Slot> slots;
    for (std::size_t i = 0; i < offers_.size(); ++i) {
      if (!builder.wants(i)) continue;
      wanted.push_back(i);
      slots.push_back(offers_[i].slot);
    }
    const auto plan = operators_.plan(std::move(slots));
    std::vector<std::size_t> lengths(batch.size());
    for (std::size_t text = 0; text < batch.size(); ++text) lengths[text] = length_of(batch, text);
    std::vector<OperatorsRun::Arguments> texts;
    for (std::size_t text = 0; text < batch.size(); ++text) {
      texts.push_back(arguments_of(*trace_, batch, text, lengths[text]));
    }
    const std::vector<std::vector<Tensor>> found = operators_.run(*plan, texts, {}, threads_.pool());
    for (std::size_t text = 0; text < batch.size(); ++text) {
      for (std::size_t i = 0; i < wanted.size(); ++i) {
        add_output(builder, wanted[i], text, found[text][i], kept_tokens(wanted[i], batch, text, lengths[text]));
      }
    }
    return std::move(builder).finish();
  }

  // Of an output of a text that was padded: how many tokens are its own; nothing where none is cut off.
  std::optional<std::size_t> kept_tokens(std::size_t offer, const batch::Batch& batch, std::size_t text,
                                         std::size_t length) const {
    if (length == batch.length(text)) return std::nullopt;
    const PaddedOutput& output = padded_[offer];
    if (!output.objection.empty()) {
      throw Error(ErrorCode::unsupported, "text " + std::to_string(text),
                  std::to_string(length) + " tokens (" + trace_->lengths->why() + ")",
                  std::to_string(batch.length(text)) + ", and padded the output " + offers_[offer].info.name +
                      " would not be the text's own: " + output.objection);
    }
    return output.tokens ? std::optional(batch.length(text)) : std::nullopt;
  }

  // The length that a text is run at. @throws Error input_too_long, unsupported
  std::size_t length_of(const batch::Batch& batch, std::size_t text) const {
    const std::size_t length = batch.length(text);
    const family::Lengths& lengths = *trace_->lengths;
    const std::string& reason = lengths.objection(length);
    if (reason.empty()) return length;
    if (!padded_.empty() && length < lengths.only()) return lengths.only();
    throw Error(length > lengths.shortest() ? ErrorCode::input_too_long : ErrorCode::unsupported,
                "text " + std::to_string(text), "a length that the trace is right at (" + lengths.why() + ")",
                std::to_string(length) + " tokens: " + reason);
  }

  Threads threads_;
  std::shared_ptr<const family::Trace> trace_;
  std::vector<Offer> offers_;
  OperatorsRun operators_;
  std::vector<PaddedOutput> padded_;  // by offer; empty: no text is padded
  EngineFacts facts_;
};

void need_program(const family::Trace& trace) {
  if (trace.program != nullptr) return;
  throw Error(ErrorCode::unsupported, "the graph engine", "a trace that is graphable", trace.not_graphable);
}

}  // namespace

std::unique_ptr<const Engine> make_graph_engine(std::shared_ptr<const family::Trace> trace,
                                                const SessionOptions& options) {
  need_program(*trace);
  if (options.packed.dtype != DType::fp32) {
    throw Error(ErrorCode::unsupported, "PackedOptions::dtype", "fp32 for the graph engine",
                std::string(to_string(options.packed.dtype)));
  }
  return std::make_unique<GraphEngine>(std::move(trace), memory_budget(options.memory_budget), true, false,
                                       options.threads);
}

std::unique_ptr<const Engine> make_reference_engine(std::shared_ptr<const family::Trace> trace, bool inside) {
  need_program(*trace);
  return std::make_unique<GraphEngine>(std::move(trace), memory_budget(0), false, inside, 0);
}

}  // namespace bertrt::engine::graph
