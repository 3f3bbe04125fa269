#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "graph/program.h"

namespace bertrt::graph {

/// The slots of what a method returns, in flatten()'s order; nothing where the result is put together in a way that
/// only a run shows (a tensor list that an operator made, a tuple out of a branch).
std::optional<std::vector<Slot>> output_slots(const Program& program);

/// Which instructions `wanted` slots need when `given` ones are there already, by Instruction index (1: needed). Writes
/// in place count for every slot that shares the written bytes in `storages`.
/// @param slots  the values of one evaluation of the program by slot (shapes alone will do): they say what shares bytes
std::vector<std::uint8_t> needed_instructions(const Program& program, std::span<const Slot> wanted,
                                              std::span<const Slot> given, std::span<const Value> slots);

}  // namespace bertrt::graph
