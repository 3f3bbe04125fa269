#include "bertrt/inspect.h"

#include <array>
#include <cstdio>
#include <memory>
#include <optional>
#include <string>

#include "commands.h"
#include "json.h"
#include "model_options.h"
#include "printable.h"
#include "terminal.h"

namespace bertrt::cli {
namespace {

struct InspectCommand {
  explicit InspectCommand(CLI::App& command) {
    add_model_options(command, model, true);
    command.add_flag("--timings", timings, "Also load the model (this runs it) and show each stage");
    command.add_flag("--json", json, "One JSON object");
  }

  void run();

  ModelOptions model;
  bool timings = false;
  bool json = false;
};

double total_milliseconds(const SessionInfo& info) {
  double total = 0;
  for (const LoadStage& stage : info.load_stages) total += stage.milliseconds;
  return total;
}

void write_session(const SessionInfo& info, JsonWriter& writer) {
  writer.key("load").begin_object().key("engine").value(to_string(info.engine)).key("engine_why");
  writer.value(info.engine_why).key("kernels").value(info.kernels);
  writer.key("lengths").begin_object().key("max").value(info.max_length);
  writer.key("proven_min").value(info.proven_min).key("proven_max").value(info.proven_max);
  writer.key("why").value(info.lengths_why).end_object().key("stages").begin_array();
  for (const LoadStage& stage : info.load_stages) {
    writer.begin_object().key("name").value(stage.name).key("ms").value(stage.milliseconds).end_object();
  }
  writer.end_array().key("total_ms").value(total_milliseconds(info));
  writer.key("findings").array(std::span(info.findings)).end_object();
}

std::string engine_of(const ModelReport& report) {
  return report.engine ? std::string(to_string(*report.engine)) : "none";
}

void write_json(const ModelReport& report, const SessionInfo* info, std::string& out) {
  JsonWriter writer(out);
  writer.begin_object().key("format").value(report.format).key("architecture").value(report.architecture);
  writer.key("task").value(report.task).key("inputs").begin_array();
  for (const ModelValue& input : report.inputs) {
    writer.begin_object().key("name").value(input.name).key("dtype").value(input.dtype).end_object();
  }
  writer.end_array().key("outputs").begin_array();
  for (const OutputInfo& output : report.outputs) {
    writer.begin_object().key("name").value(output.name).key("role").value(to_string(output.role));
    writer.key("evidence").value(to_string(output.evidence)).key("shape").array(std::span(output.shape)).end_object();
  }
  writer.end_array().key("traced_shape").array(std::span(report.traced_shape));
  writer.key("lengths").begin_object().key("proven_max").value(report.lengths.proven_max);
  writer.key("why").value(report.lengths.why).end_object();
  writer.key("engine").value(engine_of(report)).key("engine_why").value(report.engine_why);
  writer.key("parameters").value(report.parameters).key("findings").begin_array();
  for (const FindingReport& finding : report.findings) {
    writer.begin_object().key("severity").value(finding.severity).key("where").value(finding.where);
    writer.key("message").value(finding.message).end_object();
  }
  writer.end_array().key("not_explained").array(std::span(report.not_explained));
  if (info != nullptr) write_session(*info, writer);
  writer.end_object();
  out += '\n';
}

void line(std::string& out, std::string_view label, std::string_view text) {
  out += "  " + pad_right(label, 14) + (text.empty() ? "(the file does not say)" : printable(text)) + '\n';
}

void time_line(std::string& out, double milliseconds, std::string_view what) {
  std::array<char, 32> number{};
  std::snprintf(number.data(), number.size(), "  %8.1f ms  ", milliseconds);
  out.append(number.data()).append(printable(what)) += '\n';
}

std::string joined(const std::vector<std::string>& parts, std::string_view separator) {
  std::string result;
  for (const std::string& part : parts) result.append(result.empty() ? "" : separator).append(part);
  return result;
}

void write_readable(const std::string& name, const ModelReport& report, const SessionInfo* info, std::string& out) {
  std::vector<std::string> inputs;
  std::vector<std::string> outputs;
  std::vector<std::string> shape;
  for (const ModelValue& input : report.inputs) {
    inputs.push_back(input.name + (input.dtype.empty() ? "" : " (" + input.dtype + ')'));
  }
  for (const OutputInfo& output : report.outputs) {
    const bool known = output.role != OutputRole::other;
    outputs.push_back(output.name + (known ? " (" + std::string(to_string(output.role)) + ')' : ""));
  }
  for (const std::int64_t size : report.traced_shape) shape.push_back(std::to_string(size));
  out += bold(printable(name)) + '\n';
  line(out, "format", report.format);
  line(out, "architecture", report.architecture);
  line(out, "task", report.task);
  line(out, "inputs", joined(inputs, ", "));
  line(out, "outputs", joined(outputs, ", "));
  line(out, "traced shape", joined(shape, " x "));
  line(out, "lengths",
       (report.lengths.proven_max == 0 ? "none recorded as proven"
                                       : "proven up to " + std::to_string(report.lengths.proven_max)) +
           (report.lengths.why.empty() ? "" : ": " + report.lengths.why));
  line(out, "engine", engine_of(report) + (report.engine_why.empty() ? "" : ": " + report.engine_why));
  line(out, "parameters", std::to_string(report.parameters));
  for (const FindingReport& finding : report.findings) {
    line(out, finding.severity, finding.message + (finding.where.empty() ? "" : " (" + finding.where + ')'));
  }
  if (info == nullptr) return;
  out += bold("loaded") + '\n';
  line(out, "engine", std::string(to_string(info->engine)) + ": " + info->engine_why);
  line(out, "lengths",
       "unpadded " + std::to_string(info->proven_min) + " to " + std::to_string(info->proven_max) + ", longest " +
           std::to_string(info->max_length) + ": " + info->lengths_why);
  if (!info->kernels.empty()) line(out, "kernels", info->kernels);
  for (const std::string& finding : info->findings) line(out, "warning", finding);
  for (const LoadStage& stage : info->load_stages) time_line(out, stage.milliseconds, stage.name);
  time_line(out, total_milliseconds(*info), "in all");
}

void InspectCommand::run() {
  const auto path = model_path(model);
  const ModelReport report = inspect(path, session_options(model));
  std::optional<SessionInfo> info;
  if (timings) info = load_session(model).info();
  std::string out;
  if (json) {
    write_json(report, info ? &*info : nullptr, out);
  } else {
    write_readable(path.string(), report, info ? &*info : nullptr, out);
  }
  write_stdout(out);
}

}  // namespace

void add_inspect(CLI::App& app) {
  CLI::App* command =
      app.add_subcommand("inspect", "What a model file or checkpoint folder is, read without running anything in it");
  command->footer("");  // it takes no texts
  const auto state = std::make_shared<InspectCommand>(*command);
  command->callback([state] { state->run(); });
}

}  // namespace bertrt::cli
