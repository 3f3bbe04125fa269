// Prints a TorchScript archive's method as a program, for people:
//
//   dump_program FILE [METHOD] [--any-operator] [--quiet]
//
// --any-operator takes operators that nobody knows for known; --quiet prints one line.

#include <cstdio>
#include <deque>
#include <fstream>
#include <iostream>
#include <iterator>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "archive/archive.h"
#include "bertrt/error.h"
#include "graph/torchscript/read_program.h"

namespace {

using namespace bertrt::graph;

struct Held {
  explicit Held(std::vector<char> content, const std::string& name)
      : bytes(std::move(content)), archive(std::as_bytes(std::span(bytes)), name) {}
  std::vector<char> bytes;
  bertrt::archive::Archive archive;
};

const Operator* any_operator(std::string_view name) {
  static std::map<std::string, Operator, std::less<>> known;
  static std::deque<std::string> names;
  const auto found = known.find(name);
  if (found != known.end()) return &found->second;
  names.emplace_back(name);
  return &known.emplace(names.back(), Operator{names.back(), {}, Mixing::unknown}).first->second;
}

const char* name_of(Instruction::Kind kind) {
  switch (kind) {
    case Instruction::Kind::call: return "call";
    case Instruction::Kind::make_list: return "list";
    case Instruction::Kind::make_tuple: return "tuple";
    case Instruction::Kind::make_dict: return "dict";
    case Instruction::Kind::unpack: return "unpack";
    case Instruction::Kind::move: return "move";
    case Instruction::Kind::skip_unless: return "skip_unless";
    case Instruction::Kind::skip: return "skip";
  }
  return "?";
}

void print(const Program& program) {
  for (const ProgramInput& input : program.inputs) std::cout << '%' << input.slot << " = input " << input.name << '\n';
  for (const Constant& constant : program.constants) {
    std::cout << '%' << constant.slot << " = " << (constant.name.empty() ? "literal" : constant.name) << ' '
              << describe(constant.value) << '\n';
  }
  for (std::size_t i = 0; i < program.instructions.size(); ++i) {
    const Instruction& instruction = program.instructions[i];
    std::cout << i << ": ";
    for (const Slot slot : instruction.outputs) std::cout << '%' << slot << ' ';
    std::cout << "= " << (instruction.op != nullptr ? std::string(instruction.op->name) : name_of(instruction.kind));
    for (const Argument& argument : instruction.arguments) {
      std::cout << ' ' << (argument.name.empty() ? "" : argument.name + "=") << '%' << argument.slot;
    }
    if (instruction.target != 0) std::cout << " -> " << instruction.target;
    std::cout << "   # " << program.where(instruction.place) << '\n';
  }
  std::cout << "return %" << program.result << '\n';
}

}  // namespace

int main(int count, char** values) {
  std::vector<std::string> words;
  bool any = false;
  bool quiet = false;
  for (int i = 1; i < count; ++i) {
    const std::string word = values[i];
    if (word == "--any-operator") {
      any = true;
    } else if (word == "--quiet") {
      quiet = true;
    } else {
      words.push_back(word);
    }
  }
  if (words.empty()) {
    std::cerr << "usage: dump_program FILE [METHOD] [--any-operator] [--quiet]\n";
    return 2;
  }
  try {
    std::ifstream file(words[0], std::ios::binary);
    std::vector<char> content((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
    auto held = std::make_shared<Held>(std::move(content), words[0]);
    const auto module = torchscript::read_module(held->archive, held);
    const std::string method = words.size() > 1 ? words[1] : "forward";
    const Program program = torchscript::read_program(*module, method, any ? any_operator : find_operator);
    if (!quiet) print(program);
    for (const std::string& finding : torchscript::findings(*module)) std::cout << "finding: " << finding << '\n';
    for (const std::string& finding : program.findings) std::cout << "finding: " << finding << '\n';
    std::cout << "ok: " << program.instructions.size() << " instructions, " << program.constants.size()
              << " constants, " << program.inputs.size() << " inputs, version " << program.version << '\n';
  } catch (const bertrt::Error& error) {
    std::cerr << to_string(error.code()) << ": " << error.what() << '\n';
    return 1;
  }
  return 0;
}
