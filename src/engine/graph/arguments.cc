#include "engine/graph/arguments.h"

#include <algorithm>
#include <string>

#include "bertrt/error.h"
#include "family/probe.h"
#include "graph/put.h"

namespace bertrt::engine::graph {
namespace {

using bertrt::graph::put;
using bertrt::graph::Tensor;

class Text {
 public:
  Text(const family::Trace& trace, const batch::Batch& batch, std::size_t text, std::size_t length)
      : trace_(trace), batch_(batch), begin_((*batch.row_offsets)[text]), own_(batch.length(text)), length_(length) {}

  bertrt::graph::Value argument(const bertrt::graph::ProgramInput& input) const {
    if (input.name == "input_ids") return row(input, [&](std::size_t i) { return id(i); });
    if (input.name == "attention_mask") {
      return row(input, [&](std::size_t i) -> std::int64_t {
        if (i >= own_) return 0;
        return batch_.attention_mask.empty() ? 1 : batch_.attention_mask[begin_ + i];
      });
    }
    if (input.name == "token_type_ids") {
      return row(input, [&](std::size_t i) -> std::int64_t {
        return i >= own_ || batch_.token_type_ids.empty() ? 0 : batch_.token_type_ids[begin_ + i];
      });
    }
    if (input.name == "position_ids") return positions(input);
    return extra(input);
  }

 private:
  std::int64_t id(std::size_t i) const { return i < own_ ? batch_.input_ids[begin_ + i] : trace_.padding_id; }

  template <typename Of>
  Tensor row(const bertrt::graph::ProgramInput& input, const Of& of) const {
    const Tensor tensor = Tensor::make(input.type, {1, static_cast<std::int64_t>(length_)});
    for (std::size_t i = 0; i < length_; ++i) put(tensor, i, of(i));
    return tensor;
  }

  Tensor positions(const bertrt::graph::ProgramInput& input) const {
    const bool counted = trace_.position_padding >= 0;
    std::int64_t seen = 0;
    return row(input, [&](std::size_t i) -> std::int64_t {
      if (i < own_ && !batch_.position_ids.empty()) return batch_.position_ids[begin_ + i];
      if (!counted) return static_cast<std::int64_t>(i);
      return id(i) == trace_.position_padding ? trace_.position_padding : trace_.position_padding + ++seen;
    });
  }

  Tensor extra(const bertrt::graph::ProgramInput& input) const {
    const auto found = std::find_if(batch_.extra_inputs.begin(), batch_.extra_inputs.end(),
                                    [&](const NamedInput& given) { return given.name == input.name; });
    if (found == batch_.extra_inputs.end()) {
      throw Error(ErrorCode::invalid_argument, "the encoding's extra inputs",
                  "values for the model's input \"" + input.name +
                      "\" (or, where it is a text's own, TorchScriptOptions::input_names saying which)",
                  family::input_names(*trace_.program).ids
                      ? "none"
                      : "none; and no input is known to be input_ids (TorchScriptOptions::input_names names them)");
    }
    bertrt::graph::Sizes sizes = {1, static_cast<std::int64_t>(length_)};
    if (input.traced_shape.size() != 2) sizes.push_back(static_cast<std::int64_t>(found->width));
    const Tensor tensor = Tensor::make(input.type, sizes);
    const std::size_t width = found->width;
    for (std::size_t i = 0; i < own_ * width; ++i) {
      if (found->real_values.empty()) {
        put(tensor, i, found->values[begin_ * width + i]);
      } else {
        put(tensor, i, found->real_values[begin_ * width + i]);
      }
    }
    return tensor;
  }

  const family::Trace& trace_;
  const batch::Batch& batch_;
  std::size_t begin_;
  std::size_t own_;
  std::size_t length_;
};

}  // namespace

std::vector<bertrt::graph::Value> arguments_of(const family::Trace& trace, const batch::Batch& batch, std::size_t text,
                                               std::size_t length) {
  const Text one(trace, batch, text, length);
  std::vector<bertrt::graph::Value> arguments;
  for (const bertrt::graph::ProgramInput& input : trace.program->inputs) arguments.push_back(one.argument(input));
  return arguments;
}

}  // namespace bertrt::engine::graph
