#include "proof/trace_proof.h"

#include <utility>

#include "batch/batch.h"
#include "bertrt/error.h"
#include "engine/graph/graph_engine.h"
#include "proof/cases.h"

namespace bertrt::proof {
namespace {

EncoderOutput run(const engine::Engine& engine, std::span<const Encoding> texts) {
  return engine.run(batch::make_batch(texts, {}), RunRequest::everything());
}

}  // namespace

TraceProof::TraceProof(std::shared_ptr<const family::Trace> trace, std::span<const std::int32_t> special_ids,
                       bool inside, bool thorough)
    : trace_(std::move(trace)), cases_(make_cases(*trace_, special_ids, thorough)) {
  const auto reference = engine::graph::make_reference_engine(trace_, inside);
  infos_ = reference->facts().outputs;
  expected_ = run(*reference, cases_);
}

Comparison TraceProof::judge(const engine::Engine& engine, DType dtype) const {
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
