#include "model/safety.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>

#include "archive/test_zip.h"
#include "bertrt/error.h"
#include "model/operator_table.h"

namespace bertrt::model {
namespace {

using Severity = Finding::Severity;

std::vector<Finding> scan(const std::string& body) {
  return scan_code(
      {{"code/__torch__.py", "class M(Module):\n  def forward(self: __torch__.M, x: Tensor) -> Tensor:\n    " + body}});
}

// The severity of the gravest finding, note where there is none.
Severity gravest(const std::string& body) {
  const auto findings = scan(body);
  return findings.empty() ? Severity::note : findings.front().severity;
}

TEST(Safety, ArithmeticPasses) {
  EXPECT_TRUE(scan("return torch.add(torch.layer_norm(x, [32], None, None, 1e-12), ops.prim.NumToTensor(1))").empty());
  EXPECT_TRUE(scan("y = torch.add_(x, 1)\n    return torch.masked_fill_(y, x, -1.)").empty());
  EXPECT_TRUE(scan("a = getattr(self.layer, \"0\")\n    return (a).forward(x, annotate(List[int], []), )").empty());
  EXPECT_TRUE(scan("return torch.to(x, torch.device(\"cpu\"), 11)").empty());
}

TEST(Safety, WhatReachesOutsideIsRefused) {
  for (const char* body : {"torch.save(x, \"file\")",
                           "ops.aten.save(x, \"file\")",
                           "x.save(\"file\")",
                           "1.0.save(\"file\")",
                           "torch.\\\n  save(x)",
                           "f = torch.save",
                           "getattr(x, \"save\")",
                           "torch.from_file(\"f\", False, 4)",
                           "ops.inductor._reinterpret_tensor(x, [9], [1], 99)",
                           "a = ops.inductor\n    a._reinterpret_tensor(x)",
                           "torch._reshape_alias(x, [9], [1])",
                           "ops.mkldnn._linear_pointwise(x)",
                           "torch.set_(x, x)",
                           "ops.c10d.send([x], 0, 0)",
                           "ops.prim.PythonOp(x)",
                           "^PythonThing(x)",
                           "rpc_sync(\"w\", f)",
                           "ops.prim.rpc_async(x)",
                           "x.__setstate__(1)",
                           "torch._sparse_coo_tensor_unsafe(x, x, [1])",
                           "t = torch\n    t.add(x)",
                           "o = ops\n    o.custom.f(x)",
                           "getattr(x, y)",
                           "getattr(x, \"sa\\x76e\")",
                           "ops.prims.as_strided(x, [1], [1], 5)",
                           "open(\"f\")",
                           "ops"}) {
    const bool strided = std::string_view(body).find("prims.as_strided") != std::string_view::npos;
    EXPECT_EQ(gravest(body), strided ? Severity::warning : Severity::refuse) << body;
  }
}

TEST(Safety, WhatIsNotKnownIsAWarning) {
  for (const char* body : {"ops.neuron.forward_v2(x)", "torch.some_new_operator(x)", "ops.quantized.linear_dynamic(x)",
                           "print(x)", "torch.as_strided(x, [1], [1])", "ops.prim.TimePoint()", "torch.rand([2])",
                           "y : __torch__.torch.classes.quantized.LinearPackedParamsBase = x"}) {
    EXPECT_EQ(gravest(body), Severity::warning) << body;
  }
}

TEST(Safety, NamesInTextsAndNamesOfOnesOwnAreNoCalls) {
  EXPECT_TRUE(scan("save = torch.add(x, 1)\n    return save").empty());
  EXPECT_TRUE(scan("return {\"torch.save\": x}").empty());
  EXPECT_TRUE(scan("return x # torch.save(x)").empty());
}

TEST(Safety, ASetstateIsRefusedWithItsPlace) {
  const auto findings =
      scan_code({{"code/__torch__/a.py", "class A(Module):\n  def __setstate__(self, s: int) -> None:\n    pass\n"}});
  ASSERT_EQ(findings.size(), 1U);
  EXPECT_EQ(findings[0].severity, Severity::refuse);
  EXPECT_EQ(findings[0].where, "code/__torch__/a.py:2");
  EXPECT_THAT(findings[0].message, testing::HasSubstr("while the file is loaded"));
}

TEST(Safety, ManyPlacesMakeOneFinding) {
  std::string body = "ops.neuron.f(x)\n";
  for (int i = 0; i < 9; ++i) body += "    ops.neuron.f(x)\n";
  const auto findings = scan(body);
  ASSERT_EQ(findings.size(), 1U);
  EXPECT_EQ(findings[0].where, "code/__torch__.py:3");
  EXPECT_THAT(findings[0].message, testing::HasSubstr("10 places"));
}

TEST(Safety, AFloodOfNamesDoesNotHideTheGraveOne) {
  std::string body;
  for (int i = 0; i < 5000; ++i) body += "ops.space.f" + std::to_string(i) + "(x)\n    ";
  const auto findings = scan(body + "torch.save(x, \"f\")");
  EXPECT_LT(findings.size(), 1000U);
  EXPECT_EQ(findings.front().severity, Severity::refuse);
}

TEST(Safety, BrokenCodeIsScannedWithoutHarm) {
  const std::string code = "torch.add(getattr(x, \"a\"), ops.a.b(^c), '''text''', torch.classes)";
  for (std::size_t size = 0; size <= code.size(); ++size) (void)scan(code.substr(0, size));
  EXPECT_EQ(gravest("getattr("), Severity::note);
  EXPECT_EQ(gravest("getattr(x, \""), Severity::note);
}

// Traces that people make pass: nothing is refused, and nothing but Longformer's strides is even a warning.
TEST(Safety, HuggingFaceTracesPass) {
  std::size_t seen = 0;
  for (const char* folder : {"traces", "parity"}) {
    for (const auto& file : std::filesystem::directory_iterator(archive::test::data(folder))) {
      const std::string name = file.path().filename().string();
      if (file.path().extension() != ".pt" || name.starts_with("hostile") || name == "state_dict.pt") continue;
      const auto model = ModelFile::open(file.path());
      for (const Finding& finding : model->findings()) {
        EXPECT_NE(finding.severity, Severity::refuse) << name << ": " << finding.message;
        if (finding.severity != Severity::warning) continue;
        EXPECT_TRUE(name == "longformer.pt" || name == "custom_operator.pt") << name << ": " << finding.message;
      }
      ++seen;
    }
  }
  EXPECT_GE(seen, 20U);
}

TEST(Safety, HostileTracesAreRefused) {
  for (const char* name : {"traces/hostile_save.pt", "traces/hostile_setstate.pt"}) {
    const auto file = ModelFile::open(archive::test::data(name));
    ASSERT_FALSE(file->findings().empty()) << name;
    EXPECT_EQ(file->findings().front().severity, Severity::refuse) << name;
  }
}

// libtorch looks entries up without regard to case (tried with 2.13), so code under such names is code that runs.
TEST(Safety, CodeHidesUnderNoOtherCase) {
  const std::string code = "class M(Module):\n  def __setstate__(self, s: int) -> None:\n    pass\n";
  for (const char* name : {"code/__torch__.py", "CODE/__torch__.py", "Code/__TORCH__.Py"}) {
    const std::string bytes = archive::test::make_archive({{name, code}});
    const auto file = ModelFile::view(archive::test::bytes_of(bytes), "file");
    ASSERT_EQ(file->findings().size(), 1U) << name;
    EXPECT_EQ(file->findings()[0].severity, Severity::refuse) << name;
  }
}

TEST(OperatorTable, OnlyListedOperatorsAreAllowed) {
  EXPECT_EQ(judge_operator("aten", "add").rule, OperatorRule::allowed);
  EXPECT_EQ(judge_operator("aten", "add_").rule, OperatorRule::allowed);
  EXPECT_EQ(judge_operator("aten", "add__").rule, OperatorRule::warning);
  EXPECT_EQ(judge_operator("aten", "").rule, OperatorRule::warning);
  EXPECT_EQ(judge_operator("aten", "save").rule, OperatorRule::refuse);
  EXPECT_EQ(judge_operator("any", "save").rule, OperatorRule::refuse);
  EXPECT_EQ(judge_operator("neuron", "forward").rule, OperatorRule::warning);
  EXPECT_EQ(judge_builtin("int").rule, OperatorRule::allowed);
}

}  // namespace
}  // namespace bertrt::model
