// Traces of kinds that are easily taken for something else (make_kinds.py), on each engine against Python.
#include "session/kinds.h"

#include "bertrt/verify.h"

namespace bertrt {
namespace {

using kinds::expect_kind;
using kinds::folder;
using kinds::Json;

TEST(Kinds, OnTheEngineThatIsChosen) {
  for (const Json& kind : kinds::kinds()) {
    expect_kind(kind, EngineKind::automatic);
    const auto path = folder() / (kind["name"].get<std::string>() + ".pt");
    EXPECT_EQ(BertSession::load(path).info().engine, kind["packed"] ? EngineKind::packed : EngineKind::graph)
        << kind["name"] << ": " << BertSession::load(path).info().engine_why;
  }
}

TEST(Kinds, OnTheGraphEngine) {
  for (const Json& kind : kinds::kinds()) expect_kind(kind, EngineKind::graph);
}

// What no encoder of the family is, is refused by name, never run as one that it resembles.
TEST(Kinds, WhatIsNotExplainedIsNotPacked) {
  for (const Json& kind : kinds::kinds()) {
    if (kind["packed"]) continue;
    const auto path = folder() / (kind["name"].get<std::string>() + ".pt");
    EXPECT_THROW(BertSession::load(path, {.engine = EngineKind::packed}), Error) << kind["name"];
  }
}

// Where the last bit of a sum decides how a value is rounded, two right runs differ: what is proven is all the rest.
TEST(Kinds, QuantizedLayersAreVerifiedWithoutTheirRounding) {
  for (const char* name : {"quantized", "quantized_rows", "quantized_frozen", "quantized_head", "half_layers"}) {
    const VerifyReport report = verify(folder() / (std::string(name) + ".pt"));
    EXPECT_TRUE(report.ok) << name << ": " << report.why;
    EXPECT_GT(report.trace_cases, 10U) << name;
  }
}

// Layers that a trace made something of are what it gives; nobody gets those inside in their place.
TEST(Kinds, StatesOfTheTracesOwnAreAllThatItGives) {
  for (const EngineKind engine : {EngineKind::packed, EngineKind::graph}) {
    const BertSession session = BertSession::load(folder() / "normalized_layers.pt", {.engine = engine});
    EXPECT_EQ(session.info().outputs.size(), 3U);
  }
}

}  // namespace
}  // namespace bertrt
