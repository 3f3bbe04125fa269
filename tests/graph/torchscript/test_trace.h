#pragma once

#include <bit>
#include <deque>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "archive/archive.h"
#include "archive/test_zip.h"
#include "graph/torchscript/read_program.h"

namespace bertrt::graph::torchscript::test {

/// Values as torch.jit.save pickles them.
namespace pickled {

inline std::string text(std::string_view value) {
  std::string out = "X";
  archive::test::put(out, value.size(), 4);
  return out.append(value);
}
inline std::string integer(std::int64_t value) {
  std::string out = "\x8a\x08";
  archive::test::put(out, static_cast<std::uint64_t>(value), 8);
  return out;
}
inline std::string real(double value) {
  const auto bits = std::bit_cast<std::uint64_t>(value);
  std::string out = "G";
  for (int shift = 56; shift >= 0; shift -= 8) out += static_cast<char>(bits >> static_cast<unsigned>(shift));
  return out;
}
inline std::string boolean(bool value) { return value ? "\x88" : "\x89"; }
inline std::string none() { return "N"; }
inline std::string global(std::string_view module, std::string_view name) {
  return std::string("c").append(module).append("\n").append(name).append("\n");
}
inline std::string tuple(const std::vector<std::string>& items) {
  std::string out = "(";
  for (const std::string& item : items) out += item;
  return out.append("t");
}
inline std::string list(const std::vector<std::string>& items) {
  std::string out = "](";
  for (const std::string& item : items) out += item;
  return out.append("e");
}
inline std::string integers(const std::vector<std::int64_t>& values) {
  std::vector<std::string> items;
  for (const std::int64_t value : values) items.push_back(integer(value));
  return tuple(items);
}
/// @param elements  what the storage is said to have
inline std::string tensor(std::string_view key, const std::vector<std::int64_t>& shape, std::int64_t elements,
                          std::string_view storage = "FloatStorage") {
  std::vector<std::int64_t> strides(shape.size(), 1);
  for (std::size_t i = shape.size(); i-- > 1;) strides[i - 1] = strides[i] * shape[i];
  const std::string held =
      tuple({text("storage"), global("torch", storage), text(key), text("cpu"), integer(elements)}) + "Q";
  return global("torch._utils", "_rebuild_tensor_v2") +
         tuple({held, integer(0), integers(shape), integers(strides), boolean(false),
                global("collections", "OrderedDict") + ")R"}) +
         "R";
}
using Attributes = std::vector<std::pair<std::string, std::string>>;
inline std::string object(std::string_view class_name, const Attributes& attributes) {
  const std::size_t last = class_name.rfind('.');
  std::string out = global(class_name.substr(0, last), class_name.substr(last + 1)) + ")\x81}(";
  for (const auto& [name, value] : attributes) out += text(name) + value;
  return out.append("ub");
}
inline std::string whole(const std::string& value) { return std::string("\x80\x02") + value + "."; }

}  // namespace pickled

/// What a test's archive holds: a class __torch__.M and what it needs.
struct Parts {
  std::string code;                     ///< of code/__torch__.py
  pickled::Attributes attributes = {};  ///< of the top object
  std::vector<std::string> constants = {};
  std::string version = "10\n";
  std::vector<std::pair<std::string, std::string>> entries = {};
};

struct Source {
  explicit Source(std::string content) : bytes(std::move(content)), file(archive::test::bytes_of(bytes), "model.pt") {}
  std::string bytes;
  archive::Archive file;
};

/// A module, which holds what it reads from.
struct Opened {
  explicit Opened(std::string content)
      : source(std::make_shared<Source>(std::move(content))), module(read_module(source->file, source)) {}
  std::shared_ptr<Source> source;
  std::shared_ptr<const Module> module;
};

inline std::shared_ptr<Opened> open(const Parts& parts) {
  std::vector<archive::test::RawEntry> entries;
  entries.push_back({"data.pkl", pickled::whole(pickled::object("__torch__.M", parts.attributes))});
  entries.push_back({"code/__torch__.py", parts.code});
  entries.push_back({"constants.pkl", pickled::whole(pickled::tuple(parts.constants))});
  if (!parts.version.empty()) entries.push_back({"version", parts.version});
  for (const auto& [name, content] : parts.entries) entries.push_back({name, content});
  return std::make_shared<Opened>(archive::test::make_archive(std::move(entries)));
}

/// A class M with a method forward(x: Tensor, y: Tensor) of these lines, each without its indentation.
inline std::string forward(const std::vector<std::string>& lines, std::string_view attributes = "",
                           std::string_view behind = "") {
  std::string code = "class M(Module):\n  __parameters__ = []\n  __buffers__ = []\n";
  code.append(attributes).append("  def forward(self: __torch__.M,\n    x: Tensor,\n    y: Tensor) -> Tensor:\n");
  for (const std::string& line : lines) code.append("    ").append(line).append("\n");
  return code.append(behind);
}

/// Knows every operator but those that begin with "unknown".
inline const Operator* any_operator(std::string_view name) {
  static std::map<std::string, Operator, std::less<>> known;
  static std::deque<std::string> names;
  if (name.find("::unknown") != std::string_view::npos) return nullptr;
  const auto found = known.find(name);
  if (found != known.end()) return &found->second;
  names.emplace_back(name);
  Operator op;
  op.name = names.back();
  return &known.emplace(names.back(), std::move(op)).first->second;
}

/// A program as lines "v2 = aten::add x v1 alpha=1": results are numbered in the order in which they are made.
inline std::vector<std::string> lines_of(const Program& program) {
  std::map<Slot, std::string> names;
  for (const ProgramInput& input : program.inputs) names[input.slot] = input.name;
  for (const Constant& constant : program.constants) {
    names[constant.slot] = constant.name.empty() ? describe(constant.value) : constant.name;
  }
  std::size_t made = 0;
  std::vector<std::string> lines;
  for (const Instruction& instruction : program.instructions) {
    std::string line;
    for (const Slot slot : instruction.outputs) {
      if (!names.contains(slot)) names[slot] = std::string("v").append(std::to_string(made++));
      line.append(names[slot]).append(" ");
    }
    static constexpr std::string_view kKinds[] = {"call",   "list", "tuple",       "dict",
                                                  "unpack", "move", "skip_unless", "skip"};
    if (!line.empty()) line += "= ";
    line += instruction.op != nullptr ? std::string(instruction.op->name)
                                      : std::string(kKinds[static_cast<std::size_t>(instruction.kind)]);
    for (const Argument& argument : instruction.arguments) {
      line += " ";
      if (!argument.name.empty()) line.append(argument.name).append("=");
      line += names.contains(argument.slot) ? names[argument.slot] : "?";
    }
    if (instruction.target != 0) line.append(" -> ").append(std::to_string(instruction.target));
    lines.push_back(std::move(line));
  }
  lines.push_back("return " + (names.contains(program.result) ? names[program.result] : "?"));
  return lines;
}

inline Program compiled(const Parts& parts, std::string_view method = "forward") {
  const auto opened = open(parts);
  return read_program(*opened->module, method, any_operator);
}

inline std::vector<std::string> lines_of(const std::vector<std::string>& code) {
  return lines_of(compiled({forward(code)}));
}

}  // namespace bertrt::graph::torchscript::test
