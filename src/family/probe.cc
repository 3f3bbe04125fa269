#include "family/probe.h"

#include <algorithm>
#include <random>

#include "bertrt/error.h"
#include "graph/put.h"

namespace bertrt::family {
namespace {

graph::Value as_input(const Probe& probe, const std::vector<std::int64_t>& values, graph::ElementType type) {
  graph::Tensor tensor =
      graph::Tensor::make(type, {static_cast<std::int64_t>(probe.texts), static_cast<std::int64_t>(probe.length)});
  for (std::size_t i = 0; i < values.size(); ++i) graph::put(tensor, i, values[i]);
  tensor.storage()->varies = true;
  return tensor;
}

graph::Value zeros(const Probe& probe, const graph::ProgramInput& input) {
  if (input.traced_shape.size() < 2) {
    throw Error(ErrorCode::unsupported, "the model's input \"" + input.name + "\"",
                "values of each token, as [texts, tokens, …]",
                input.traced_shape.empty()
                    ? "an example that does not say so: a dict, a list, or one of several that may be its"
                    : "the shape " + graph::to_string(input.traced_shape));
  }
  graph::Sizes sizes = input.traced_shape;
  sizes[0] = static_cast<std::int64_t>(probe.texts);
  sizes[1] = static_cast<std::int64_t>(probe.length);
  graph::Tensor tensor = graph::Tensor::make(input.type, sizes);
  tensor.storage()->varies = true;
  return tensor;
}

}  // namespace

InputNames input_names(const graph::Program& program) {
  InputNames names;
  for (std::size_t i = 0; i < program.inputs.size(); ++i) {
    const std::string& name = program.inputs[i].name;
    if (name == "input_ids") {
      names.ids = i;
    } else if (name == "attention_mask") {
      names.mask = i;
    } else if (name == "token_type_ids") {
      names.types = i;
    } else if (name == "position_ids") {
      names.positions = i;
    } else {
      names.others = true;
    }
  }
  return names;
}

Probe make_probe(std::size_t texts, std::size_t length, MaskShape shape, const ProbeLimits& limits,
                 std::uint32_t seed) {
  std::mt19937 random(seed);
  const auto below = [&](std::int64_t limit) {
    return limit <= 1 ? 0 : std::uniform_int_distribution<std::int64_t>(0, limit - 1)(random);
  };
  Probe probe{texts, length, {}, {}, {}, {}, -1};
  if (limits.padding >= 0 && limits.padding < limits.ids) probe.padding = limits.padding;
  for (std::size_t text = 0; text < texts; ++text) {
    const std::size_t whole =
        shape == MaskShape::full ? length : 1 + static_cast<std::size_t>(below(static_cast<std::int64_t>(length)));
    for (std::size_t token = 0; token < length; ++token) {
      // One stands in the first text in any case: what counts on from it is not taken for what counts from a number.
      const bool random_pad = below(5) == 0;
      const bool pad = probe.padding >= 0 && (random_pad || (text == 0 && token == 1));
      probe.ids.push_back(pad ? probe.padding : below(limits.ids));
      // Both types stand in every text, and not as positions do: they are not taken for either.
      const std::int64_t types = std::max(limits.types, limits.types_tried);
      probe.types.push_back(types > 1 && token < 2 ? static_cast<std::int64_t>(1 - token) : below(types));
      probe.positions.push_back(below(limits.positions));
      bool seen = token < whole;
      // The first text has a hole in any case, and a token that is seen.
      if (shape == MaskShape::holed) seen = token == 0 || (below(3) != 0 && (text != 0 || token != 1));
      probe.mask.push_back(seen);
    }
  }
  return probe;
}

std::vector<graph::Value> arguments_of(const graph::Program& program, const Probe& probe) {
  std::vector<graph::Value> arguments;
  for (const graph::ProgramInput& input : program.inputs) {
    const std::vector<std::int64_t>* values = input.name == "input_ids"        ? &probe.ids
                                              : input.name == "attention_mask" ? &probe.mask
                                              : input.name == "token_type_ids" ? &probe.types
                                              : input.name == "position_ids"   ? &probe.positions
                                                                               : nullptr;
    if (values == nullptr) {
      arguments.push_back(zeros(probe, input));
      continue;
    }
    arguments.push_back(as_input(probe, *values, input.type));
  }
  return arguments;
}

}  // namespace bertrt::family
