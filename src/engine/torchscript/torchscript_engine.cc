#include "engine/torchscript/torchscript_engine.h"

#include <algorithm>
#include <chrono>
#include <string>
#include <utility>
#include <vector>

#include "batch/groups.h"
#include "bertrt/error.h"
#include "engine/torchscript/collector.h"
#include "engine/torchscript/guard.h"
#include "engine/torchscript/lengths.h"
#include "engine/torchscript/module.h"
#include "engine/torchscript/operator_libraries.h"
#include "engine/torchscript/probe.h"
#include "engine/torchscript/program.h"

namespace bertrt::engine::torchscript {
namespace {

constexpr std::size_t kShortWarmup = 8;

class TorchScriptEngine final : public Engine {
 public:
  explicit TorchScriptEngine(const EngineSource& source);

  EncoderOutput run(const batch::Batch& batch, const RunRequest& request) const override;
  const EngineFacts& facts() const noexcept override { return facts_; }

 private:
  template <typename Step>
  auto timed(std::string name, Step&& step);
  void run_group(const batch::Batch& batch, const batch::Group& group, Collector& collector) const;
  std::vector<batch::Group> groups(const batch::Batch& batch) const;
  void warm_up(const SessionOptions& options, const ModelTraits& traits);
  void find_head(const ModelTraits& traits);
  void fill_facts();

  EngineFacts facts_;
  std::unique_ptr<Program> program_;
  LengthRange range_;
  std::optional<std::size_t> head_;  ///< index of its logits among facts_.outputs
};

template <typename Step>
auto TorchScriptEngine::timed(std::string name, Step&& step) {
  using Clock = std::chrono::steady_clock;
  const auto begin = Clock::now();
  auto result = step();
  facts_.load_stages.push_back(
      {std::move(name), std::chrono::duration<double, std::milli>(Clock::now() - begin).count()});
  return result;
}

TorchScriptEngine::TorchScriptEngine(const EngineSource& source) {
  const model::ModelFile& file = *source.file;
  const SessionOptions& options = source.options;
  const ModelTraits& traits = source.traits;
  const TorchScope scope;
  program_ = timed("torch::jit::load", [&] {
    const c10::Device device = parse_device(options.torchscript.device);
    open_operator_libraries(options.torchscript.operator_libraries);
    return std::make_unique<Program>(file, source.bytes, options, traits, device);
  });
  range_ = timed(options.prove ? "length checks" : "first run",
                 [&] { return find_lengths(*program_, file, options, traits); });
  find_head(traits);
  if (options.warmup) {
    timed("warm-up", [&] {
      warm_up(options, traits);
      return 0;
    });
  }
  fill_facts();
}

void TorchScriptEngine::warm_up(const SessionOptions& options, const ModelTraits& traits) {
  std::vector<std::size_t> lengths = options.warmup_lengths;
  if (lengths.empty()) {  // the short one last and twice: what a first call is most likely to meet
    const std::size_t brief = std::min(kShortWarmup, range_.longest());
    lengths = {std::min(std::max<std::size_t>(traits.traced_length, 1), range_.longest()), brief, brief};
  }
  for (const std::size_t length : lengths) {
    if (length == 0 || length > range_.longest()) {
      throw Error(ErrorCode::invalid_argument, "SessionOptions::warmup_lengths",
                  "lengths from 1 to " + std::to_string(range_.longest()), std::to_string(length));
    }
    const auto outputs =
        Probe(*program_, traits).run({{length, 1}}, std::max<std::size_t>(range_.rows, 1), range_.length_for(length));
    if (head_ && outputs) program_->head((*outputs)[*program_->outputs().last_hidden()].select(0, 0).narrow(0, 0, 1));
  }
}

// What forward calls its logits, where its graph was read: a head of its own gives the same.
std::string logits_name(const ModelTraits& traits) {
  const auto found = std::find_if(traits.outputs.begin(), traits.outputs.end(),
                                  [](const OutputInfo& info) { return info.role == OutputRole::token_logits; });
  return found == traits.outputs.end() ? "logits" : found->name;
}

// A head needs hidden states; its logits stand before what comes in `more`.
void TorchScriptEngine::find_head(const ModelTraits& traits) {
  facts_.outputs = program_->outputs().outputs();
  if (!program_->has_head()) return;
  if (!program_->outputs().last_hidden()) {
    throw Error(ErrorCode::model_mismatch, program_->where(), "hidden states for its head to read", "none");
  }
  const auto more =
      std::find_if(facts_.outputs.begin(), facts_.outputs.end(), [](const OutputInfo& info) { return info.in_more; });
  head_ = static_cast<std::size_t>(more - facts_.outputs.begin());
  const std::int64_t classes = traits.vocab_size != 0 ? static_cast<std::int64_t>(traits.vocab_size) : -1;
  facts_.outputs.insert(more, {logits_name(traits), OutputRole::token_logits, Evidence::by_name, {-1, classes}, false});
}

void TorchScriptEngine::fill_facts() {
  facts_.inputs = program_->inputs().names();
  facts_.max_length = range_.max_length;
  facts_.max_length_why = range_.alone        ? range_.why
                          : range_.flexible() ? "the longest that is proven"
                                              : "the traced length; no other is proven";
  facts_.proven_min = range_.min;
  facts_.proven_max = range_.max;
  facts_.lengths_why = range_.why;
  facts_.findings = range_.findings;
  const auto& outputs = program_->outputs().findings();
  facts_.findings.insert(facts_.findings.end(), outputs.begin(), outputs.end());
  if (range_.rows != 0) {
    facts_.findings.push_back("only " + std::to_string(range_.rows) + (range_.rows == 1 ? " text" : " texts") +
                              " at a time: another number in one call is not proven");
  }
}

std::vector<batch::Group> TorchScriptEngine::groups(const batch::Batch& batch) const {
  std::vector<std::size_t> lengths(batch.size());
  for (std::size_t i = 0; i < lengths.size(); ++i) lengths[i] = range_.length_for(batch.length(i));
  batch::GroupPolicy policy;
  policy.padding = range_.may_pad;
  if (range_.rows != 0) policy.max_texts = range_.rows;
  return batch::plan_groups(lengths, policy);
}

EncoderOutput TorchScriptEngine::run(const batch::Batch& batch, const RunRequest& request) const {
  const TorchScope scope;
  program_->inputs().check(batch);
  Collector collector(batch, request, program_->outputs(), facts_.outputs, head_);
  return translated(ErrorCode::runtime, program_->where(), "a model that runs", [&] {
    for (const batch::Group& group : groups(batch)) run_group(batch, group, collector);
    return std::move(collector).finish();
  });
}

void TorchScriptEngine::run_group(const batch::Batch& batch, const batch::Group& group, Collector& collector) const {
  const std::size_t rows = range_.rows != 0 ? range_.rows : group.texts.size();
  const Unpacked outputs = program_->run(batch, group, rows, group.length);
  collector.add(group, outputs);
  if (!collector.wants_head()) return;
  const std::vector<std::int64_t> wanted = collector.head_rows(group, group.length);
  if (wanted.empty()) return;
  const at::Tensor& hidden = outputs[*program_->outputs().last_hidden()];
  const at::Tensor flat = hidden.reshape({-1, hidden.size(2)});
  collector.add_head(group, program_->head(flat.index_select(0, at::tensor(wanted, at::kLong))));
}

}  // namespace

std::unique_ptr<const Engine> make_torchscript_engine(const EngineSource& source) {
  const model::ModelFile& file = *source.file;
  return translated(ErrorCode::runtime, file.name(), "a module that loads",
                    [&] { return std::make_unique<const TorchScriptEngine>(source); });
}

}  // namespace bertrt::engine::torchscript
