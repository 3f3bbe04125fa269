#include "bertrt/verify.h"

#include <array>
#include <cstdio>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "bertrt/error.h"
#include "commands.h"
#include "json.h"
#include "model_options.h"
#include "printable.h"
#include "terminal.h"

namespace bertrt::cli {
namespace {

struct VerifyCommand {
  explicit VerifyCommand(CLI::App& command) {
    add_model_options(command, model, true);
    command.add_flag("--json", json, "One JSON object");
  }

  void run() const;

  ModelOptions model;
  bool json = false;
};

std::vector<std::string> differs(const VerifyReport& report) {
  std::vector<std::string> parts;
  if (!report.tokens_equal) parts.emplace_back("tokens");
  if (!report.hidden_ok) parts.emplace_back("hidden states");
  if (!report.logits_ok) parts.emplace_back("logits");
  return parts;
}

VerifyReport verify_file(const ModelOptions& model) {
  try {
    return verify(model_path(model), session_options(model));
  } catch (const Error& error) {
    // A model that cannot be loaded or run is bad input, as it is for every command.
    if (error.code() == ErrorCode::runtime) throw UsageError(error.what());
    throw;
  }
}

void VerifyCommand::run() const {
  const VerifyReport report = verify_file(model);
  std::string out;
  if (json) {
    JsonWriter writer(out);
    writer.begin_object().key("engine").value(to_string(report.engine)).key("cases").value(report.cases);
    writer.key("max_difference").begin_object().key("hidden").value(report.max_hidden_difference);
    writer.key("logits").value(report.max_logits_difference).end_object();
    writer.key("trace_cases").value(report.trace_cases).key("longest_case").value(report.longest_case);
    writer.key("why").value(report.why);
    writer.key("ok").value(report.ok).key("differs").array(std::span<const std::string>(differs(report))).end_object();
    out += '\n';
  } else {
    std::array<char, 256> text{};
    std::snprintf(
        text.data(), text.size(),
        "  engine      %s\n  cases       %zu from Python, %zu from the trace's own operators (up to %zu tokens)\n"
        "  difference  hidden states %.2g, logits and others %.2g (largest, by the row's largest value)\n",
        std::string(to_string(report.engine)).c_str(), report.cases - report.trace_cases, report.trace_cases,
        report.longest_case, static_cast<double>(report.max_hidden_difference),
        static_cast<double>(report.max_logits_difference));
    out = bold(report.ok ? "The model gives here what its file says." : "The model differs from what its file says.") +
          '\n' + text.data();
    if (!report.why.empty()) out += "  " + printable(report.why) + '\n';
    for (const std::string& part : differs(report)) out += "  " + part + " differ\n";
  }
  write_stdout(out);
  if (!report.ok) throw CheckFailed("verify");
}

}  // namespace

void add_verify(CLI::App& app) {
  CLI::App* command = app.add_subcommand(
      "verify", "Hold a model to its self-test (a folder: its bertrt_reference.json) and to its trace, thoroughly");
  command->footer("");  // it takes no texts
  const auto state = std::make_shared<VerifyCommand>(*command);
  command->callback([state] { state->run(); });
}

}  // namespace bertrt::cli
