#include "bertrt/inspect.h"

#include <string>
#include <utility>

#include "archive/guard.h"
#include "base/out_of_memory.h"
#include "engine/factory.h"
#include "model/model_file.h"
#include "model/report.h"
#include "session/checkpoint_session.h"
#include "session/decision.h"
#include "session/trace_of.h"

namespace bertrt {
inline namespace v0 {
namespace {

LengthReport lengths_of(const family::Trace& trace) {
  const family::Lengths& lengths = *trace.lengths;
  return {lengths.longest(), lengths.why()};
}

// What the graph knows of the inputs; of a dict or a tuple of them all.
void name_inputs(const graph::Program& program, ModelReport& report) {
  const bool split = program.inputs.size() != report.inputs.size();
  if (split) report.inputs.clear();
  for (std::size_t i = 0; i < program.inputs.size(); ++i) {
    const graph::ProgramInput& input = program.inputs[i];
    if (split) {
      report.inputs.push_back({input.name, std::string(archive::to_string(input.type)), input.traced_shape});
    } else {
      report.inputs[i].name = input.name;
    }
    if (input.name == "input_ids") report.traced_shape = report.inputs[i].traced_shape;
  }
}

ModelReport describe(const std::shared_ptr<const model::ModelFile>& opened, const SessionOptions& options) {
  const model::ModelFile& file = *opened;
  ModelReport report = model::report_of(file);
  const auto trace = session::trace_of(opened, options);
  if (trace->program) name_inputs(*trace->program, report);
  if (trace->lengths) report.lengths = lengths_of(*trace);
  session::Decision decision = session::decide(file, *trace, options);
  report.outputs = std::move(decision.outputs);
  report.not_explained = std::move(decision.not_explained);
  for (std::string& finding : decision.findings) report.findings.push_back({"warning", "", std::move(finding)});
  const bool named = options.engine != EngineKind::automatic;
  for (const session::Candidate& candidate : decision.candidates) {
    if (named && candidate.engine != options.engine) continue;
    if (candidate.possible) {
      report.engine = candidate.engine;
      if (candidate.engine != EngineKind::torchscript) {
        report.outputs = engine::factory(candidate.engine).outputs_of(*trace);
      }
      report.engine_why += (report.engine_why.empty() ? "" : "; ") + candidate.why;
      break;
    }
    report.engine_why += (report.engine_why.empty() ? "" : "; ") + std::string(to_string(candidate.engine)) +
                         " is not used: " + candidate.why;
  }
  return report;
}

}  // namespace

ModelReport inspect(const std::filesystem::path& path, const SessionOptions& options) {
  return base::or_out_of_memory("inspect", [&] {
    session::check_options(options);
    if (session::is_checkpoint_path(path)) return session::inspect_checkpoint(path, options);
    const auto file = model::ModelFile::open(path);
    return archive::guard_memory(file->name(), [&] { return describe(file, options); });
  });
}

ModelReport inspect_memory(std::span<const std::byte> bytes, std::string_view name, const SessionOptions& options) {
  return base::or_out_of_memory("inspect", [&] {
    session::check_options(options);
    const auto file = model::ModelFile::view(bytes, std::string(name));
    return archive::guard_memory(file->name(), [&] { return describe(file, options); });
  });
}

}  // namespace v0
}  // namespace bertrt
