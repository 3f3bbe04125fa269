#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "graph/operator.h"
#include "graph/program.h"

namespace bertrt::graph {

/// What a call of an operator sees while it runs, for those who watch (recognition) or do it better (fast kernels).
struct Event {
  std::size_t instruction = 0;
  const Operator* op = nullptr;
  const Overload* overload = nullptr;
  std::span<const Value> arguments;  ///< in the schema's order, defaults filled in
  const Value* result = nullptr;     ///< null before the call
};

/// Does an operator in another way. Returns false to leave it to the plain evaluation. `result` is filled on true; it
/// is a new tensor and a row-major one. Not asked for operators in place.
using Substitute = std::function<bool(const Event& event, Value& result)>;
/// Is told of every call after it is done.
using Observer = std::function<void(const Event& event)>;

struct EvaluateOptions {
  /// Shapes and small integer values only: tensors that depend on the weights have no bytes.
  bool shapes_only = false;
  /// Most bytes that tensors of the run may hold at one time; 0: no bound. Over it: Error runtime. Where shapes alone
  /// are evaluated, what has no bytes counts as if it had: so a run can be refused before it starts.
  std::size_t memory_budget = 0;
  /// Most multiplications of products and elements of arguments and results, together, so that a run ends; 0: no bound.
  /// Over it: Error runtime. The default is some twenty minutes of plain evaluation.
  double work_budget = 1e13;
  /// Where shapes alone are evaluated: most bytes of what is known all the same, one result after the other, for an
  /// observer who keeps them; 0: no bound. Over it: Error runtime.
  std::size_t known_budget = 0;
  bool keep_slots = false;  ///< fill Evaluation::slots
  /// Slots whose values are wanted: Evaluation::kept has them in this order.
  std::span<const Slot> keep = {};
  Substitute substitute;  ///< may be empty
  Observer observer;      ///< may be empty
  /// Instructions to run, by index; empty: all. What they need must be given.
  std::span<const std::uint8_t> wanted = {};
  /// Slots that are there already (an encoder's hidden states): written before the first instruction.
  std::span<const std::pair<Slot, Value>> given = {};
};

struct Evaluation {
  Value result;                ///< None when the instruction that makes it was not wanted
  std::vector<Value> slots;    ///< by slot, when asked for; else empty
  std::vector<Value> kept;     ///< of EvaluateOptions::keep
  std::size_t peak_bytes = 0;  ///< most that tensors of the run held at one time
  double multiplications = 0;  ///< of matrix products
  /// Sizes depend on the values of inputs, not on their shapes alone (nonzero, int(x), x[mask]).
  bool varying_sizes = false;
  /// as_strided with strides that are not its argument's: the literals of another length would be wrong.
  bool baked_strides = false;
};

/// Runs a program in its order on `inputs` (in Program::inputs' order). Plain: every operator by its definition, in
/// float32 with sums as good as ATen's or better; the reference of every proof. Any number of calls at once.
/// @throws Error runtime (what failed, with the place in the file), unsupported (a case that the table does not cover)
Evaluation evaluate(const Program& program, std::span<const Value> inputs, const EvaluateOptions& options = {});

}  // namespace bertrt::graph
