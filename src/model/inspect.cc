#include "bertrt/inspect.h"

#include <algorithm>
#include <set>
#include <tuple>
#include <utility>

#include "archive/byte_reader.h"
#include "archive/zip.h"
#include "model/architecture.h"
#include "model/model_file.h"
#include "model/report.h"

namespace bertrt::model {
namespace {

using model::Finding;
using model::Manifest;
using model::Method;
using model::ModelFile;

std::size_t unique_weights(const ModelFile& file) {
  std::set<std::tuple<std::string_view, std::int64_t, std::vector<std::int64_t>>> seen;
  std::size_t count = 0;
  for (const model::Parameter& parameter : file.parameters()) {
    const archive::TensorView& tensor = parameter.tensor;
    const bool integers = tensor.type == archive::ElementType::int8 && tensor.shape.size() == 2;  // --dtype int8
    if (!archive::holds_reals(tensor) && !integers) continue;
    if (seen.emplace(tensor.storage_key, tensor.storage_offset, tensor.shape).second) count += tensor.elements();
  }
  return count;
}

std::string_view severity_name(Finding::Severity severity) {
  switch (severity) {
    case Finding::Severity::note: return "note";
    case Finding::Severity::warning: return "warning";
    case Finding::Severity::refuse: return "refuse";
  }
  return "note";
}

void describe_forward(const ModelFile& file, ModelReport& report) {
  const Method* forward = file.find_method("forward");
  if (forward == nullptr) return;
  for (const model::InputSpec& input : forward->inputs) {
    ModelValue value;
    value.name = input.name;
    if (input.element_type) value.dtype = to_string(*input.element_type);
    value.traced_shape = input.traced_shape;
    if (input.name == "input_ids") report.traced_shape = input.traced_shape;
    report.inputs.push_back(std::move(value));
  }
}

void describe_lengths(const ModelFile& file, ModelReport& report) {
  if (file.manifest() && file.manifest()->proven_max > 0) {
    report.lengths = {file.manifest()->proven_max, file.manifest()->proven_why};
  } else {
    report.lengths.why = "the file records no proof; a session proves a range when it loads";
  }
}

// Every entry's checksum. What opens a file checks what it reads, and that is not all.
void check_sums(const ModelFile& file, ModelReport& report) {
  const std::vector<std::string> damaged = archive::damaged_entries({file.bytes(), file.name()});
  if (damaged.empty()) return;
  std::string message = "does not match its checksum: the file is damaged, or was saved without checksums";
  if (damaged.size() > 1) message += " (" + std::to_string(damaged.size()) + " entries)";
  report.findings.push_back({"warning", damaged.front(), std::move(message)});
}

}  // namespace

ModelReport report_of(const ModelFile& file) {
  ModelReport report;
  const auto& manifest = file.manifest();
  describe_forward(file, report);
  if (manifest) {
    report.format = "bertrt bundle " + std::to_string(manifest->format_version);
    report.task = manifest->task;
  } else {
    const bool traced = std::any_of(report.inputs.begin(), report.inputs.end(),
                                    [](const ModelValue& value) { return !value.traced_shape.empty(); });
    report.format = traced ? "torchscript trace" : "torchscript module";
  }
  report.architecture = model::guess_architecture(file);
  report.parameters = unique_weights(file);
  describe_lengths(file, report);
  for (const Finding& finding : file.findings()) {
    report.findings.push_back({std::string(severity_name(finding.severity)), finding.where, finding.message});
  }
  check_sums(file, report);
  return report;
}

}  // namespace bertrt::model
