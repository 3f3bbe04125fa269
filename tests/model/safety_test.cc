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

TEST(Safety, WhatTracingPrintsPasses) {
  for (const char* body : {
           "return torch.add(torch.layer_norm(x, [32], None, None, 1e-12), ops.prim.NumToTensor(1))",
           "y = torch.add_(x, 1)\n    return torch.masked_fill_(y, x, -1.)",
           "a = getattr(self.layer, \"0\")\n    return (a).forward(x, annotate(List[int], []), )",
           "return torch.to(x, torch.device(\"cpu\"), 11)",
           "_0 = __torch__.torch.nn.functional.softmax(x, -1, )",
           "a, b = torch.unbind(x)",
           "_4 = torch.select(x, 0, int(torch.size(x, 0)))",
           "y = torch.floordiv(a, 2)",
           "y = torch.remainder(x, 512)",
           "if torch.ne(a, b):\n      pass\n    else:\n      y = (x)",
           "for i in range(12):\n      x = torch.add(x, 1)",
           "return {\"last_hidden_state\": x}",
           "y = (self.bert).forward1(x, )",
           "y = torch.full([2], torch.inf)",
           "l[0] = torch.add(x, 1)",
           "__annotations__[\"0\"] = __torch__.torch.nn.modules.linear.Linear",
           "y = (x).view([1, 2])",
           "y = torch.full([2], -inf, -1, -1.5)",
       }) {
    EXPECT_TRUE(scan(body).empty()) << body << ": " << scan(body).front().message;
  }
}

TEST(Safety, WhatIsNotKnownIsRefused) {
  for (const char* body : {
           // Operators, by whatever way they are called.
           "torch.save(x, \"file\")",
           "ops.aten.save(x, \"file\")",
           "x.save(\"file\")",
           "(x).save(\"file\")",
           "1.0.save(\"file\")",
           "l[0].save(\"file\")",
           "torch.from_file(\"f\", False, 4)",
           "ops.inductor._reinterpret_tensor(x, [9], [1], 99)",
           "torch._reshape_alias(x, [9], [1])",
           "torch._weight_norm(x, x, 0)",
           "torch._scaled_dot_product_flash_attention_for_cpu(x, x, x)",
           "torch.sparse_coo_tensor(x, x, [4])",
           "(torch.ones([2, 2])).resize_([1, 100000])",
           "torch.empty([4])",
           "torch.set_(x, x)",
           "torch.rand([2])",
           "torch.manual_seed(1)",
           "torch.some_new_operator(x)",
           "x.some_new_operator()",
           "ops.prim.TimePoint()",
           "ops.prim.FusionGroup(x)",
           "ops.prim.PythonOp(x)",
           "ops.neuron.forward_v2(x)",
           "ops.quantized.linear_dynamic(x)",
           "ops.mkldnn._linear_pointwise(x)",
           "ops.prims.as_strided(x, [1], [1], 5)",
           "ops.profiler._record_function_enter(\"a\", None)",
           "ops.c10d.send([x], 0, 0)",
           "torch.add__(x, 1)",
           // Functions without a namespace.
           "print(x)",
           "open(\"f\")",
           "rpc_sync(\"w\", f)",
           "fork(x)",
           "b = unchecked_cast(__torch__.B, x)",
           "l = uninitialized(List[int])",
           "^PythonThing(x)",
           // What hides what is called.
           "f = torch.save",
           "f = x.add\n    f(1)",
           "f = ops.aten.save",
           "t = torch\n    t.add(x)",
           "a = ops.inductor\n    a._reinterpret_tensor(x)",
           "float = x.save\n    y = float(\"WRITTEN\")",
           "float, y = x.save, 1",
           "y, float = x",
           "(float) = x.save",
           "annotate : Tensor = x",
           "torch = x",
           "for int in range(3):\n      pass",
           "getattr(x, \"save\")(\"file\")",
           "l[0](\"file\")",
           "(x.save)(\"file\")",
           "\"text\"(x)",
           "getattr(x, y)",
           "getattr(x, \"sa\\x76e\")",
           "torch.\\\n  save(x)",
           "y = f\"{x}\"",
           "y = \"open\n    torch.save(x)",
           "y = '''a\n    b'''",
           "s\xc3\xa9 = x",
           "y = x\r\n",
           "y = x; z = y",
           "ops",
           // What may not end, or ends the process.
           "while True:\n      pass",
           "for i in range(n):\n      pass",
           "for i in range(100000):\n      pass",
           "for t in l:\n      pass",
           "y = [torch.add(t, 1) for t in l]",
           "y = torch.floordiv(a, b)",
           "y = torch.floordiv(a, 0)",
           "y = torch.floordiv(torch.add(a, 2), torch.sub(a, 2))",
           "y = torch.remainder(x, 0.)",
           "y = torch.divmod(a, 2)",
           "y = a % b",
           "y = a // b",
           "y = torch.__range_length(0, 5, 0)",
           "y = - - - x",
           "y = x + 1",
           "y = x if a > b else x",
           "y = torch.add(*l)",
           "y = ~x",
           // Words that tracing does not print, and what libtorch calls by itself.
           "with x as float:\n      pass",
           "f = lambda y: y",
           "import os",
           "del x",
           "x.__setstate__(1)",
           "y : __torch__.torch.classes.quantized.LinearPackedParamsBase = x",
           "y = __torch__.torch.classes.quantized.LinearPackedParamsBase(x)",
       }) {
    EXPECT_EQ(gravest(body), Severity::refuse) << body;
  }
}

TEST(Safety, ClassesAndMethodsAreOfTheKindsThatTracingPrints) {
  const auto gravest_of = [](const std::string& code) {
    const auto findings = scan_code({{"code/__torch__.py", code}});
    return findings.empty() ? Severity::note : findings.front().severity;
  };
  EXPECT_EQ(gravest_of("class A(Module):\n  __parameters__ = []\n  training : bool\n  def encode(self) -> int:\n"),
            Severity::note);
  EXPECT_EQ(gravest_of("class A(NamedTuple):\n  x : Tensor\n"), Severity::note);
  EXPECT_EQ(gravest_of("def f(x: Tensor, y: int=-1) -> Tensor:\n  return x\n"), Severity::note);
  for (const char* code : {"class A(Interface):\n", "class A:\n", "class A(Module, B):\n", "class float(Module):\n",
                           "class A(Module):\n  def __init__(self) -> None:\n", "def __getstate__(self):\n",
                           "@torch.jit.script\ndef f(x):\n", "def float(x: Tensor) -> Tensor:\n"}) {
    EXPECT_EQ(gravest_of(code), Severity::refuse) << code;
  }
}

TEST(Safety, StridesAreAWarning) {
  EXPECT_EQ(gravest("torch.as_strided(x, [1], [1])"), Severity::warning);
  EXPECT_EQ(gravest("torch.as_strided_(x, [1], [1])"), Severity::refuse);
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
  for (int i = 0; i < 5000; ++i) body += "torch.as_strided(x)\n    ops.space.f" + std::to_string(i) + "(x)\n    ";
  const auto findings = scan(body + "torch.save(x, \"f\")");
  EXPECT_LT(findings.size(), 1000U);
  EXPECT_EQ(findings.front().severity, Severity::refuse);
}

TEST(Safety, BrokenCodeIsScannedWithoutHarm) {
  const std::string code = "torch.add(getattr(x, \"a\"), ops.a.b(^c), '''text''', torch.classes), floordiv(a, [";
  for (std::size_t size = 0; size <= code.size(); ++size) (void)scan(code.substr(0, size));
  for (const char* body :
       {")", "(", "=", ":", ".", "for", "for x", "class", "def", "torch", "ops.", "getattr(", "]("}) {
    (void)scan(body);
    (void)scan_code({{"code/a.py", body}});
  }
}

// In time that grows with the code; and libtorch's parser, which is recursive, is not given what nests.
TEST(Safety, LargeAndDeepCodeIsScannedInLinearTime) {
  std::string nested = "y = ";
  for (int i = 0; i < 100000; ++i) nested += "torch.floordiv(";
  EXPECT_EQ(gravest(nested), Severity::refuse);
  EXPECT_EQ(gravest("y = " + std::string(1000000, '(')), Severity::refuse);
  EXPECT_EQ(gravest("y = " + std::string(100, '(') + "x" + std::string(100, ')')), Severity::note);
  EXPECT_EQ(gravest("y = " + std::string(1000000, '-') + "1"), Severity::refuse);
  std::string list = "y = [x";
  for (int i = 0; i < 100000; ++i) list += ", -1";
  EXPECT_EQ(gravest(list + "]"), Severity::note);
  std::string blocks;
  for (std::size_t i = 0; i < 600; ++i) blocks += std::string(2 * i, ' ') + "if True:\n";
  EXPECT_EQ(gravest(blocks), Severity::refuse);
  std::string lines;
  for (int i = 0; i < 20000; ++i) lines += "x = torch.add(x, 1)\n    ";
  EXPECT_EQ(gravest(lines), Severity::note);
  EXPECT_EQ(gravest(lines + lines + lines), Severity::refuse);
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
        const bool custom = name == "custom_operator.pt" && finding.severity == Severity::refuse;
        EXPECT_TRUE(finding.severity != Severity::refuse || custom) << name << ": " << finding.message;
        if (finding.severity != Severity::warning) continue;
        EXPECT_EQ(name, "longformer.pt") << finding.message;
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
  for (const char* name : {"code/__torch__.py", "code/__TORCH__.Py"}) {
    const std::string bytes = archive::test::make_archive({{name, code}});
    const auto file = ModelFile::view(archive::test::bytes_of(bytes), "file");
    ASSERT_FALSE(file->findings().empty()) << name;
    EXPECT_EQ(file->findings()[0].severity, Severity::refuse) << name;
  }
  const std::string bytes = archive::test::make_archive({{"CODE/__torch__.py", code}});
  EXPECT_THROW((void)ModelFile::view(archive::test::bytes_of(bytes), "file"), Error);
}

TEST(OperatorTable, OnlyListedOperatorsAreAllowed) {
  EXPECT_TRUE(judge_operator("aten", "add").allowed);
  EXPECT_TRUE(judge_operator("aten", "add_").allowed);
  EXPECT_FALSE(judge_operator("aten", "add__").allowed);
  EXPECT_FALSE(judge_operator("aten", "").allowed);
  EXPECT_FALSE(judge_operator("aten", "_").allowed);
  EXPECT_EQ(judge_operator("aten", "save").why, "writes a file");
  EXPECT_FALSE(judge_operator("any", "add").allowed);
  EXPECT_FALSE(judge_operator("", "add").allowed);
  EXPECT_TRUE(judge_builtin("int").allowed);
  EXPECT_FALSE(judge_builtin("print").allowed);
  EXPECT_TRUE(divides("floordiv"));
  EXPECT_TRUE(divides("remainder_"));
  EXPECT_FALSE(divides("div"));
}

}  // namespace
}  // namespace bertrt::model
