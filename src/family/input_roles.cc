#include "family/input_roles.h"

#include <algorithm>
#include <optional>
#include <string_view>

#include "base/input_names.h"
#include "bertrt/error.h"
#include "family/instance.h"
#include "family/probe.h"
#include "graph/put.h"

namespace bertrt::family {
namespace {

constexpr std::int64_t kMostTypes = 16;

bool says(std::string_view name, std::string_view word) {
  std::string lower(name);
  std::transform(lower.begin(), lower.end(), lower.begin(),
                 [](unsigned char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
  return lower.find(word) != std::string::npos;
}

/// Rows of the table that each input's values are looked up in as they are, the smallest of several; 0: in none.
/// Nothing where the program does not run on inputs of this one value.
std::optional<std::vector<std::int64_t>> tables_of(const graph::Program& program, std::size_t length,
                                                   std::int64_t value) {
  std::vector<graph::Value> arguments;
  for (const graph::ProgramInput& input : program.inputs) {
    const graph::Sizes usual{1, static_cast<std::int64_t>(length)};
    graph::Tensor tensor = graph::Tensor::make(input.type, input.traced_shape.empty() ? usual : input.traced_shape);
    for (std::int64_t at = 0; value != 0 && at < tensor.elements(); ++at) graph::put(tensor, at, value);
    tensor.storage()->varies = true;
    arguments.emplace_back(std::move(tensor));
  }
  std::vector<std::int64_t> rows(program.inputs.size(), 0);
  try {
    const Instance instance(program, std::move(arguments));
    for (const Node& node : instance.nodes()) {
      if (node.name != "aten::embedding" || !node.refs[1].tensor.defined()) continue;
      const graph::Storage* indices = instance.source(node.refs[1]);
      const std::int64_t table = node.refs[0].tensor.size(0);
      for (std::size_t i = 0; i < rows.size(); ++i) {
        if (indices == nullptr || indices != instance.inputs()[i].tensor()->storage()->origin()) continue;
        rows[i] = rows[i] == 0 ? table : std::min(rows[i], table);
      }
    }
  } catch (const Error& error) {
    if (error.code() != ErrorCode::runtime && error.code() != ErrorCode::unsupported) throw;
    return std::nullopt;
  }
  return rows;
}

class Namer {
 public:
  Namer(graph::Program& program, std::vector<std::int64_t> rows) : program_(program), rows_(std::move(rows)) {
    for (std::size_t i = 0; i < rows_.size(); ++i) {
      if (is_text(i)) open_.push_back(i);
    }
  }

  std::vector<std::string> run() {
    only(open([&](std::size_t i) { return rows_[i] != 0 && says(name(i), "pos"); }), "position_ids");
    ids();
    only(open([&](std::size_t i) { return rows_[i] != 0 && rows_[i] <= kMostTypes; }), "token_type_ids");
    only(open([&](std::size_t i) {
           return rows_[i] == 0 && (says(name(i), "mask") || says(name(i), "att")) && !says(name(i), "pad");
         }),
         "attention_mask");
    return std::move(findings_);
  }

 private:
  const std::string& name(std::size_t i) const { return program_.inputs[i].name; }

  // Of a name that is nobody's, and shaped as a text's tokens are.
  bool is_text(std::size_t i) const {
    const graph::Sizes& shape = program_.inputs[i].traced_shape;
    return !base::is_text_input(name(i)) && (shape.empty() || shape.size() == 2);
  }

  template <typename Test>
  std::vector<std::size_t> open(const Test& test) const {
    std::vector<std::size_t> found;
    std::copy_if(open_.begin(), open_.end(), std::back_inserter(found), test);
    return found;
  }

  void ids() {
    std::vector<std::size_t> found = open([&](std::size_t i) { return rows_[i] != 0; });
    std::sort(found.begin(), found.end(), [&](std::size_t a, std::size_t b) { return rows_[a] > rows_[b]; });
    if (found.size() > 1 && rows_[found[0]] / 2 < rows_[found[1]]) return;
    if (!found.empty()) only({found[0]}, "input_ids");
  }

  void only(const std::vector<std::size_t>& found, std::string_view standard) {
    const bool taken = std::any_of(program_.inputs.begin(), program_.inputs.end(),
                                   [&](const graph::ProgramInput& input) { return input.name == standard; });
    if (taken || found.size() != 1) return;
    const std::size_t i = found.front();
    findings_.push_back(
        "the input " + name(i) + " is taken for " + std::string(standard) +
        (rows_[i] != 0 ? ": it is looked up in a table of " + std::to_string(rows_[i]) + " rows" : ", by its name"));
    program_.inputs[i].name = standard;
    std::erase(open_, i);
  }

  graph::Program& program_;
  std::vector<std::int64_t> rows_;
  std::vector<std::size_t> open_;
  std::vector<std::string> findings_;
};

}  // namespace

std::vector<std::string> name_inputs(graph::Program& program, std::size_t length) {
  const bool named = std::all_of(program.inputs.begin(), program.inputs.end(),
                                 [](const graph::ProgramInput& input) { return base::is_text_input(input.name); });
  if (named) return {};
  std::optional<std::vector<std::int64_t>> rows = tables_of(program, length, 0);
  // A mask that shows nobody has no last token, nor a text to pack.
  if (!rows) rows = tables_of(program, length, 1);
  if (!rows) return {};
  return Namer(program, *std::move(rows)).run();
}

}  // namespace bertrt::family
