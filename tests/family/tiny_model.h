#pragma once

#include <cstdint>
#include <cstring>
#include <map>
#include <memory>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "family/trace.h"
#include "graph/torchscript/test_trace.h"

namespace bertrt::family::test {

/// A line of the tiny model's code, or a part of it, and what stands there instead.
struct Change {
  std::string from;
  std::string to;
};

/// Sizes of the model below.
inline constexpr std::size_t kTinyHidden = 8;
inline constexpr std::size_t kTinyWords = 24;
inline constexpr std::size_t kTinyPositions = 40;

/// Two layers of BERT as a tracer writes them, all in one method: the first layer's attention operator by operator, the
/// second's in one call. Names: h0 the embeddings, h1 and h2 the layers' states, pooled, and CLASSES linear maps of h2.
inline std::string tiny_lines() {
  const auto heads = [](const std::string& l, const std::string& h) {
    std::string text;
    for (const std::string one : {"q", "k", "v"}) {
      text += one + l + " = torch.linear(" + h + ", w" + one + l + ", b" + one + l + ")\n";
      text += one + l + "h = torch.permute(torch.view(" + one + l + ", [b, t, 2, 4]), [0, 2, 1, 3])\n";
    }
    return text;
  };
  const auto rest = [](const std::string& l, const std::string& h, const std::string& out) {
    return "c" + l + "t = torch.contiguous(torch.permute(c" + l + ", [0, 2, 1, 3]))\n" + "c" + l + "m = torch.view(c" +
           l + "t, [b, t, 8])\n" + "o" + l + " = torch.linear(c" + l + "m, wo" + l + ", bo" + l + ")\n" + "a" + l +
           " = torch.layer_norm(torch.add(o" + l + ", " + h + "), [8], ga" + l + ", ba" + l + ", 1.0e-12)\n" + "f" + l +
           " = torch.gelu(torch.linear(a" + l + ", wi" + l + ", bi" + l + "))\n" + "g" + l + " = torch.linear(f" + l +
           ", wf" + l + ", bf" + l + ")\n" + out + " = torch.layer_norm(torch.add(g" + l + ", a" + l + "), [8], gf" +
           l + ", be" + l + ", 1.0e-12)\n";
  };
  return "b = int(ops.prim.NumToTensor(torch.size(input_ids, 0)))\n"
         "t = int(ops.prim.NumToTensor(torch.size(input_ids, 1)))\n"
         "ids = torch.slice(torch.slice(position_ids, 0, 0, 9223372036854775807), 1, 0, t)\n"
         "x0 = torch.embedding(words, input_ids, 0)\n"
         "x1 = torch.embedding(types, token_type_ids)\n"
         "x2 = torch.embedding(positions, ids)\n"
         "x3 = torch.add(torch.add(x0, x1), x2)\n"
         "h0 = torch.layer_norm(x3, [8], g0, b0, 1.0e-12)\n"
         "seen = torch.to(torch.unsqueeze(torch.unsqueeze(attention_mask, 1), 2), 6)\n"
         "mask = torch.mul(torch.rsub(seen, 1.), -10000.)\n" +
         heads("1", "h0") +
         "s1 = torch.div(torch.matmul(q1h, torch.transpose(k1h, -1, -2)), 2.)\n"
         "s1m = torch.add(s1, mask)\n"
         "p1 = torch.softmax(s1m, -1)\n"
         "c1 = torch.matmul(p1, v1h)\n" +
         rest("1", "h0", "h1") + heads("2", "h1") +
         "c2 = torch.scaled_dot_product_attention(q2h, k2h, v2h, mask, 0., False, scale=0.5)\n" +
         rest("2", "h1", "h2") +
         "first = torch.select(torch.slice(h2, 0, 0, 9223372036854775807), 1, 0)\n"
         "pooled = torch.tanh(torch.linear(first, wp, bp))\n";
}

/// Changes that give both layers a bias of MPNet's kind. @param rows  which row of the table, [t, t]
inline std::vector<Change> with_bias(const std::string& rows) {
  return {{"s1 = torch.div(",
           "r = torch.arange(t)\nd = " + rows +
               "\nbias = torch.unsqueeze(torch.permute(torch.embedding(rel, d), [2, 0, 1]), 0)\ns1 = torch.div("},
          {"s1m = torch.add(s1, mask)", "s1m = torch.add(torch.add(s1, bias), mask)"},
          {"k2h, v2h, mask,", "k2h, v2h, torch.add(mask, bias),"}};
}
inline const std::string kDistance =
    "torch.add(torch.clamp(torch.sub(torch.unsqueeze(r, 0), torch.unsqueeze(r, 1)), -4, 4), 4)";

/// The tiny model changed, read.
class TinyModel {
 public:
  /// @param more  lines behind the model's own
  /// @param give    what is returned: "(h2, pooled)"
  /// @param traced  the length of the file's examples; 0: it has none
  explicit TinyModel(const std::vector<Change>& changes = {}, const std::string& give = "(h2, pooled)",
                     const std::string& more = "", std::int64_t traced = 0) {
    std::string lines = tiny_lines() + more;
    for (const Change& change : changes) {
      const std::size_t at = lines.find(change.from);
      if (at == std::string::npos) throw std::logic_error("the tiny model has no " + change.from);
      lines.replace(at, change.from.size(), change.to);
    }
    add("words", {kTinyWords, 8});
    add("types", {2, 8});
    add("positions", {kTinyPositions, 8});
    add("g0", {8});
    add("b0", {8});
    for (const std::string l : {"1", "2"}) {
      for (const std::string one : {"q", "k", "v", "o"}) {
        add("w" + one + l, {8, 8});
        add("b" + one + l, {8});
      }
      for (const std::string one : {"ga", "ba", "gf", "be"}) add(one + l, {8});
      add("wi" + l, {12, 8});
      add("bi" + l, {12});
      add("wf" + l, {8, 12});
      add("bf" + l, {8});
    }
    add("wp", {8, 8});
    add("bp", {8});
    add("wc", {3, 8});
    add("bc", {3});
    add("w16", {16, 8});
    add("ws", {2, 8});
    add("bs", {2});
    add("lots", {1, 2, 40, 40});
    add("rel", {9, 2});
    add("freq", {2});
    add("freq2", {2});
    add("gh", {4});
    add("wconv", {8, 4, 3});
    add("bconv", {8});
    add("reach", {79, 4});
    add("reach2", {79, 4});
    add("angles", {static_cast<std::int64_t>(kTinyPositions), 4});
    add("angles2", {static_cast<std::int64_t>(kTinyPositions), 4});
    add("w24", {24, 8});
    add("b24", {24});
    add_positions();
    parts_.code = "class M(Module):\n  __parameters__ = [" + names_ + "]\n  __buffers__ = [\"position_ids\", ]\n" +
                  declared_ + "  position_ids : Tensor\n  def forward(self: __torch__.M,\n    input_ids: Tensor,\n" +
                  "    attention_mask: Tensor,\n    token_type_ids: Tensor) -> Tensor:\n" + loads_;
    lines += "return " + give + "\n";
    for (std::size_t from = 0; from < lines.size();) {
      const std::size_t to = lines.find('\n', from);
      parts_.code += "    " + lines.substr(from, to - from) + "\n";
      from = to + 1;
    }
    if (traced != 0) add_examples(traced);
    opened_ = graph::torchscript::test::open(parts_);
    trace_ = std::make_shared<const Trace>(read_trace(*opened_->module));
  }

  const Trace& trace() const { return *trace_; }
  std::shared_ptr<const Trace> shared() const { return trace_; }
  const Reading& reading() const { return trace_->reading; }
  bool recognized() const { return trace_->reading.recognition.has_value(); }
  /// The outputs' roles, in the trace's order.
  std::vector<OutputRole> roles() const {
    std::vector<OutputRole> roles;
    for (const OutputPlan& plan : trace_->reading.outputs) roles.push_back(plan.role);
    if (trace_->reading.recognition) {
      roles.clear();
      for (const OutputPlan& plan : trace_->reading.recognition->outputs) roles.push_back(plan.role);
    }
    return roles;
  }

 private:
  void declare(const std::string& name) {
    loads_ += "    " + name + " = self." + name + "\n";
    key_ = std::to_string(parts_.entries.size());
  }

  void add(const std::string& name, const std::vector<std::int64_t>& shape) {
    declare(name);
    declared_ += "  " + name + " : Tensor\n";
    names_ += "\"" + name + "\", ";
    std::int64_t count = 1;
    for (const std::int64_t size : shape) count *= size;
    std::string bytes(static_cast<std::size_t>(count) * sizeof(float), '\0');
    for (std::int64_t i = 0; i < count; ++i) {
      state_ = state_ * 1664525U + 1013904223U;
      float value = static_cast<float>(state_ >> 8U) / static_cast<float>(1U << 24U) - 0.5F;
      if (name[0] == 'g') value += 1;
      std::memcpy(bytes.data() + static_cast<std::size_t>(i) * sizeof(float), &value, sizeof(float));
    }
    parts_.attributes.emplace_back(name, graph::torchscript::test::pickled::tensor(key_, shape, count));
    parts_.entries.emplace_back("data/" + key_, std::move(bytes));
  }

  void add_examples(std::int64_t length) {
    namespace pickled = graph::torchscript::test::pickled;
    std::vector<std::string> examples;
    for (const std::string key : {"0", "1", "2"}) {
      examples.push_back(pickled::tensor(key, {1, length}, length, "LongStorage"));
    }
    parts_.entries.emplace_back("traced_inputs.pkl",
                                pickled::whole("}(" + pickled::text("forward") + pickled::list(examples) + "u"));
  }

  void add_positions() {
    declare("position_ids");
    std::string bytes;
    for (std::size_t i = 0; i < kTinyPositions; ++i) archive::test::put(bytes, i, 8);
    const auto count = static_cast<std::int64_t>(kTinyPositions);
    parts_.attributes.emplace_back("position_ids",
                                   graph::torchscript::test::pickled::tensor(key_, {1, count}, count, "LongStorage"));
    parts_.entries.emplace_back("data/" + key_, std::move(bytes));
  }

  graph::torchscript::test::Parts parts_;
  std::string names_;
  std::string declared_;
  std::string loads_;
  std::string key_;
  std::uint32_t state_ = 7;
  std::shared_ptr<graph::torchscript::test::Opened> opened_;
  std::shared_ptr<const Trace> trace_;
};

}  // namespace bertrt::family::test
