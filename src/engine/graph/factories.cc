#include "engine/graph/factories.h"

#include <utility>

#include "bertrt/error.h"
#include "bertrt/runtime.h"
#include "engine/graph/graph_engine.h"
#include "engine/graph/offers.h"
#include "engine/graph/recognized_engine.h"
#include "engine/packed/checkpoint_engine.h"
#include "engine/packed/identity.h"
#include "family/trace.h"

namespace bertrt::engine::graph {
namespace {

void need_cpu(const EngineSource& source) {
  if (source.options.torchscript.device == "cpu") return;
  throw Error(ErrorCode::unsupported, "SessionOptions::torchscript.device", "\"cpu\"",
              source.options.torchscript.device);
}

std::vector<OutputInfo> infos(const family::Trace& trace, bool inside) {
  std::vector<OutputInfo> infos;
  for (Offer& offer : make_offers(trace, inside)) infos.push_back(std::move(offer.info));
  return infos;
}

}  // namespace

std::string PackedFactory::identity(DType dtype) const { return packed::identity(dtype); }

void PackedFactory::check(const EngineSource& source) const {
  need_cpu(source);
  const family::Trace& trace = *source.trace;
  if (trace.reading.recognition) return;
  throw Error(ErrorCode::unsupported, source.file->name(), "an encoder that the packed engine knows",
              trace.program == nullptr ? trace.not_graphable : trace.reading.not_explained);
}

std::unique_ptr<const Engine> PackedFactory::make(const EngineSource& source) const {
  check(source);
  return make_recognized_engine(source.trace, source.options);
}

std::vector<OutputInfo> PackedFactory::outputs_of(const family::Trace& trace) const { return infos(trace, true); }

std::unique_ptr<const Engine> PackedFactory::make_of(const family::Checkpoint& checkpoint,
                                                     const SessionOptions& options) const {
  return packed::make_checkpoint_engine(checkpoint, options);
}

EngineFacts PackedFactory::facts_of(const family::Checkpoint& checkpoint) const {
  return packed::checkpoint_facts(checkpoint);
}

std::string GraphFactory::identity(DType) const { return std::string(version()) + " graph 1"; }

void GraphFactory::check(const EngineSource& source) const {
  need_cpu(source);
  if (source.trace->program != nullptr) return;
  throw Error(ErrorCode::unsupported, source.file->name(), "a trace that is graphable", source.trace->not_graphable);
}

std::unique_ptr<const Engine> GraphFactory::make(const EngineSource& source) const {
  check(source);
  return make_graph_engine(source.trace, source.options);
}

std::vector<OutputInfo> GraphFactory::outputs_of(const family::Trace& trace) const { return infos(trace, false); }

}  // namespace bertrt::engine::graph
