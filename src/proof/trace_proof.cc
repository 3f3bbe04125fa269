#include "proof/trace_proof.h"

#include <algorithm>
#include <string>
#include <utility>

#include "batch/batch.h"
#include "bertrt/error.h"
#include "engine/graph/graph_engine.h"
#include "engine/graph/recognized_engine.h"
#include "graph/rounding.h"
#include "proof/cases.h"

namespace bertrt::proof {
namespace {

EncoderOutput run(const engine::Engine& engine, std::span<const Encoding> texts) {
  return engine.run(batch::make_batch(texts, {}), RunRequest::everything());
}

bool says_no_answer(const Error& error) {
  return error.code() == ErrorCode::unsupported || error.code() == ErrorCode::runtime;
}

std::shared_ptr<const family::Trace> comparable(const std::shared_ptr<const family::Trace>& trace) {
  if (trace->program == nullptr || !graph::rounds(*trace->program)) return trace;
  auto other = std::make_shared<family::Trace>(*trace);
  other->program = std::make_shared<const graph::Program>(graph::without_rounding(*trace->program));
  return other;
}

}  // namespace

TraceProof::TraceProof(const std::shared_ptr<const family::Trace>& trace, std::span<const std::int32_t> special_ids,
                       bool inside, bool thorough)
    : trace_(comparable(trace)),
      without_rounding_(trace_ != trace),
      cases_(make_cases(*trace_, special_ids, thorough)) {
  const auto reference = engine::graph::make_reference_engine(trace_, inside);
  infos_ = reference->facts().outputs;
  if (const std::size_t only = trace_->lengths->only(); only != 0) cases_.push_back(made_up_text(*trace_, only, 77));
  try {
    expected_ = run(*reference, cases_);
  } catch (const Error& error) {
    if (!says_no_answer(error)) throw;
    sort_out(*reference);
    if (cases_.empty()) throw;
    expected_ = run(*reference, cases_);
  }
}

// A trace may have no answer for some texts: for shorter ones than it was traced with, for holes in a mask, for
// separators that come as often as nobody has them. They are refused by whoever runs it, and plain ones of the same
// length stand in for them.
void TraceProof::sort_out(const engine::Engine& reference) {
  const auto has_answer = [&](const Encoding& text) {
    try {
      run(reference, {&text, 1});
      return true;
    } catch (const Error& error) {
      if (!says_no_answer(error)) throw;
      return false;
    }
  };
  std::vector<Encoding> answered;
  for (Encoding& text : cases_) {
    if (has_answer(text)) {
      answered.push_back(std::move(text));
      continue;
    }
    Encoding plain = made_up_text(*trace_, text.input_ids.size(), 78);
    refused_.push_back(std::move(text));
    if (has_answer(plain)) answered.push_back(std::move(plain));
  }
  cases_ = std::move(answered);
}

std::unique_ptr<const engine::Engine> TraceProof::make_engine(EngineKind kind, const SessionOptions& options) const {
  if (kind == EngineKind::packed) return engine::graph::make_recognized_engine(trace_, options);
  return engine::graph::make_graph_engine(trace_, options);
}

std::size_t TraceProof::longest() const noexcept {
  std::size_t longest = 0;
  for (const Encoding& text : cases_) longest = std::max(longest, text.input_ids.size());
  return longest;
}

Comparison TraceProof::judge(const engine::Engine& engine, DType dtype) const {
  for (const Encoding& text : refused_) {
    try {
      run(engine, {&text, 1});
    } catch (const Error&) {
      continue;
    }
    Comparison failed;
    failed.objection =
        "it answers a text of " + std::to_string(text.input_ids.size()) + " tokens, for which the trace has no answer";
    return failed;
  }
  try {
    const EncoderOutput found = run(engine, cases_);
    return compare({expected_, infos_}, {found, engine.facts().outputs}, dtype);
  } catch (const Error& error) {
    if (error.code() == ErrorCode::out_of_resources) throw;
    Comparison failed;
    failed.objection = error.what();
    return failed;
  }
}

}  // namespace bertrt::proof
