#include "family/input_roles.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "family/tiny_model.h"

namespace bertrt::family {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

/// The tiny model's inputs (ids, mask, types) under other names, named again.
struct Renamed {
  explicit Renamed(const std::vector<std::string>& names, const std::vector<test::Change>& changes = {})
      : program(*test::TinyModel(changes).trace().program) {
    for (std::size_t i = 0; i < names.size(); ++i) program.inputs[i].name = names[i];
    findings = name_inputs(program, 8);
  }
  std::vector<std::string> names() const {
    std::vector<std::string> found;
    for (const graph::ProgramInput& input : program.inputs) found.push_back(input.name);
    return found;
  }
  graph::Program program;
  std::vector<std::string> findings;
};

const auto kStandard = ElementsAre("input_ids", "attention_mask", "token_type_ids");

TEST(InputRoles, StandardNamesStay) {
  const Renamed model({"input_ids", "attention_mask", "token_type_ids"});
  EXPECT_THAT(model.names(), kStandard);
  EXPECT_THAT(model.findings, IsEmpty());
}

TEST(InputRoles, TablesTellIdsAndTypes) {
  EXPECT_THAT(Renamed({"ids", "mask", "segment_ids"}).names(), kStandard);
  EXPECT_THAT(Renamed({"x", "attn", "y"}).names(), kStandard);
  EXPECT_THAT(Renamed({"input_ids", "Input_Mask", "b"}).names(), kStandard);
  EXPECT_EQ(Renamed({"ids", "mask", "seg"}).findings.size(), 3U);
}

TEST(InputRoles, AMaskIsCalledOne) {
  EXPECT_THAT(Renamed({"ids", "x", "seg"}).names(), ElementsAre("input_ids", "x", "token_type_ids"));
  // One that is true at padding is none.
  EXPECT_THAT(Renamed({"ids", "padding_mask", "seg"}).names(),
              ElementsAre("input_ids", "padding_mask", "token_type_ids"));
}

// As many types as there are words, nearly: which is which, nobody can tell.
TEST(InputRoles, TablesOfOneSizeTellNothing) {
  const Renamed model({"a", "mask", "b"},
                      {{"torch.embedding(types, token_type_ids)", "torch.embedding(w24, token_type_ids)"}});
  EXPECT_THAT(model.names(), ElementsAre("a", "attention_mask", "b"));
}

// The last token that is shown: of nobody in a text without any.
TEST(InputRoles, TextsThatShowNobodyTellNothing) {
  const Renamed model({"ids", "mask", "seg"}, {{"pooled = ",
                                                "last = torch.sub(torch.sum(attention_mask, [1]), 1)\n"
                                                "one = torch.index_select(h2, 1, last)\npooled = "}});
  EXPECT_THAT(model.names(), kStandard);
}

TEST(InputRoles, ValuesThatAreChangedOnTheWayTellNothing) {
  const Renamed model({"ids", "mask", "flags"}, {{"torch.embedding(types, token_type_ids)",
                                                  "torch.embedding(types, torch.rsub(token_type_ids, 1))"}});
  EXPECT_THAT(model.names(), ElementsAre("input_ids", "attention_mask", "flags"));
}

TEST(InputRoles, PositionsAreCalledSo) {
  const std::vector<test::Change> changes = {
      {"torch.embedding(types, token_type_ids)", "torch.embedding(w24, token_type_ids)"}};
  EXPECT_THAT(Renamed({"ids", "mask", "pos"}, changes).names(),
              ElementsAre("input_ids", "attention_mask", "position_ids"));
}

}  // namespace
}  // namespace bertrt::family
