// Traces that libraries made, old and new: each is read to its end, and its inputs and weights are those of the file.

#include <gmock/gmock.h>

#include "graph/torchscript/test_trace.h"

namespace bertrt::graph::torchscript {
namespace {

struct Expected {
  std::string name;
  std::vector<std::string> inputs;
  int version;
};

class RealTraces : public testing::TestWithParam<Expected> {};

TEST_P(RealTraces, IsReadToItsEnd) {
  const Expected& expected = GetParam();
  auto opened =
      std::make_shared<test::Opened>(archive::test::read_file(archive::test::data("traces/" + expected.name)));
  const Program program = read_program(*opened->module, "forward", test::any_operator);
  std::vector<std::string> names;
  for (const ProgramInput& input : program.inputs) names.push_back(input.name);
  EXPECT_EQ(names, expected.inputs);
  EXPECT_EQ(program.version, expected.version);
  EXPECT_EQ(version(*opened->module), expected.version);
  EXPECT_GT(program.instructions.size(), 2U);
  // Every slot that is read was written, once on each way.
  std::vector<bool> written(program.slots);
  for (const ProgramInput& input : program.inputs) written[input.slot] = true;
  for (const Constant& constant : program.constants) written[constant.slot] = true;
  for (std::size_t i = 0; i < program.instructions.size(); ++i) {
    const Instruction& instruction = program.instructions[i];
    for (const Argument& argument : instruction.arguments) ASSERT_TRUE(written[argument.slot]) << i;
    for (const Slot slot : instruction.outputs) {
      ASSERT_TRUE(!written[slot] || instruction.kind == Instruction::Kind::move) << i;
      written[slot] = true;
    }
    if (instruction.kind == Instruction::Kind::skip || instruction.kind == Instruction::Kind::skip_unless) {
      ASSERT_GT(instruction.target, i);
      ASSERT_LE(instruction.target, program.instructions.size());
    }
  }
  EXPECT_TRUE(written[program.result]);
}

const std::vector<std::string> kThree = {"input_ids", "attention_mask", "token_type_ids"};
INSTANTIATE_TEST_SUITE_P(All, RealTraces,
                         testing::Values(Expected{"bert_layers.pt", kThree, 10}, Expected{"bert_dict.pt", kThree, 10},
                                         Expected{"bert_qa.pt", kThree, 10},
                                         Expected{"bert_ids_only.pt", {"input_ids"}, 10},
                                         Expected{"longformer.pt", {"input_ids", "attention_mask"}, 10},
                                         Expected{"pytorch_transformers.pt", {"input_ids", "token_type_ids"}, 4},
                                         Expected{"pytorch_pretrained_bert.pt", {"input_ids", "token_type_ids"}, 4}),
                         [](const auto& one) { return one.param.name.substr(0, one.param.name.find('.')); });

}  // namespace
}  // namespace bertrt::graph::torchscript
