// Any bytes as the code of a trace, as its objects, or as its constants: read as a program with every operator known.
// The first byte says what the rest is. Checked: nothing but Error leaves, every jump goes forward, every slot is one
// of the program's.
//
//   code_fuzz -max_len=20000 corpus      (seeds: python fuzz/archive_seeds.py corpus)

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>

#include "bertrt/error.h"
#include "graph/torchscript/test_trace.h"

namespace {

using namespace bertrt::graph;
namespace test = torchscript::test;

std::string archive_of(std::uint8_t kind, std::string rest) {
  const std::string tensor = test::pickled::tensor("0", {4, 2}, 8);
  const std::string objects = test::pickled::whole(test::pickled::object(
      "__torch__.M", {{"w", tensor}, {"n", test::pickled::integer(3)}, {"training", test::pickled::boolean(false)}}));
  const std::string code = test::forward({"_0 = torch.add(x, self.w)", "if torch.gt(self.n, 2):", "  z = _0",
                                          "else:", "  z = CONSTANTS.c0", "return (z, y)"},
                                         "  w : Tensor\n  n : int\n  training : bool\n");
  std::string constants = test::pickled::whole(test::pickled::tuple({tensor}));
  const std::string weights(32, '\0');
  switch (kind % 4) {
    case 1:  // the lines of a method
      rest =
          "class M(Module):\n  w : Tensor\n  n : int\n  training : bool\n  def forward(self: __torch__.M,\n    x: "
          "Tensor,\n    y: Tensor) -> Tensor:\n" +
          rest;
      [[fallthrough]];
    case 0:
      return bertrt::archive::test::make_archive({{"data.pkl", objects},
                                                  {"code/__torch__.py", std::move(rest)},
                                                  {"constants.pkl", constants},
                                                  {"version", "10\n"},
                                                  {"data/0", weights},
                                                  {"constants/0", weights}});
    case 2:
      return bertrt::archive::test::make_archive({{"data.pkl", std::move(rest)},
                                                  {"code/__torch__.py", code},
                                                  {"constants.pkl", constants},
                                                  {"version", "10\n"},
                                                  {"data/0", weights},
                                                  {"constants/0", weights}});
    default:
      return bertrt::archive::test::make_archive({{"data.pkl", objects},
                                                  {"code/__torch__.py", code},
                                                  {"constants.pkl", rest},
                                                  {"traced_inputs.pkl", rest},
                                                  {"version", "10\n"},
                                                  {"data/0", weights},
                                                  {"constants/0", weights}});
  }
}

void check(bool right) {
  if (!right) std::abort();
}

void check(const Program& program) {
  check(program.result < program.slots);
  for (std::size_t i = 0; i < program.instructions.size(); ++i) {
    const Instruction& instruction = program.instructions[i];
    const bool jumps =
        instruction.kind == Instruction::Kind::skip || instruction.kind == Instruction::Kind::skip_unless;
    check(!jumps || (instruction.target > i && instruction.target <= program.instructions.size()));
    for (const Argument& argument : instruction.arguments) check(argument.slot < program.slots);
    for (const Slot slot : instruction.outputs) check(slot < program.slots);
    check(instruction.place.entry < program.entries.size());
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::string bytes = archive_of(data[0], std::string(reinterpret_cast<const char*>(data) + 1, size - 1));
  try {
    const test::Opened opened(bytes);
    const auto& module = opened.module;
    (void)torchscript::traced_example(*module);
    for (const auto& method : torchscript::methods(*module)) {
      try {
        check(torchscript::read_program(*module, method.name, test::any_operator));
      } catch (const bertrt::Error&) {
        // This method is no graph; the next may be one.
      }
    }
  } catch (const bertrt::Error&) {
    // The one exception that may leave the library.
  }
  return 0;
}
