#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "graph/program.h"

namespace bertrt::family {

/// What a program's inputs are called, by their place in it; the rest of recognition asks for them by name.
struct InputNames {
  std::optional<std::size_t> ids;        ///< "input_ids"
  std::optional<std::size_t> mask;       ///< "attention_mask"
  std::optional<std::size_t> types;      ///< "token_type_ids"
  std::optional<std::size_t> positions;  ///< "position_ids"
  bool others = false;                   ///< there is an input of another name
};
InputNames input_names(const graph::Program& program);

/// Made-up texts to look at a program with: [texts, length] each, row-major.
struct Probe {
  std::size_t texts = 0;
  std::size_t length = 0;
  std::vector<std::int64_t> ids;
  std::vector<std::int64_t> mask;
  std::vector<std::int64_t> types;
  std::vector<std::int64_t> positions;
  std::int64_t padding = -1;  ///< the id that stands among the others now and then; below 0: none does

  std::int64_t at(const std::vector<std::int64_t>& values, std::size_t text, std::size_t token) const {
    return values[text * length + token];
  }
};

/// How masks of a probe look.
enum class MaskShape { full, prefix, holed };

/// What ids, types and positions stay below: rows of the tables that they are looked up in; 0: unknown, then all are 0.
struct ProbeLimits {
  std::int64_t ids = 0;
  std::int64_t types = 0;
  std::int64_t types_tried = 0;  ///< where `types` is not known: as many were tried, and ran
  std::int64_t positions = 0;
  std::int64_t padding = -1;                ///< an id that stands among the others now and then
  std::int64_t position_padding = -1;       ///< the row of the positions' table that stands for padding
  std::vector<std::int64_t> compared = {};  ///< ids that the program asks for by their number (ids == 102), at most 16
};

/// Random in `seed`. Positions are no row 0, 1, 2 …, so that they are not taken for what a model counts by itself.
Probe make_probe(std::size_t texts, std::size_t length, MaskShape mask, const ProbeLimits& limits, std::uint32_t seed);

/// The program's arguments for a probe; an input that no probe has is zeros of its traced shape, as long as the probe.
/// @throws Error unsupported where that shape is not known
std::vector<graph::Value> arguments_of(const graph::Program& program, const Probe& probe);

}  // namespace bertrt::family
