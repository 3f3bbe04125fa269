#include <cmath>

#include "graph/operators/arithmetic.h"
#include "graph/operators/common.h"
#include "graph/operators/pointwise.h"
#include "graph/operators/products.h"
#include "graph/operators/table.h"

namespace bertrt::graph {
namespace {

enum class Cell : std::uint8_t { lstm, gru, tanh, relu };

/// Blocks of rows in a cell's weights: an LSTM's i, f, g, o; a GRU's r, z, n.
constexpr std::int64_t gates_of(Cell cell) { return cell == Cell::lstm ? 4 : (cell == Cell::gru ? 3 : 1); }

/// One direction of one layer.
struct Weights {
  Tensor input;      ///< [gates * hidden, features]
  Tensor recurrent;  ///< [gates * hidden, state]
  std::optional<Tensor> input_bias;
  std::optional<Tensor> recurrent_bias;
  std::optional<Tensor> projection;  ///< [state, hidden], an LSTM's whose state is narrower
};

struct State {
  Tensor hidden;  ///< [sequences, state]
  Tensor memory;  ///< [sequences, hidden]; an LSTM's alone
};

/// Rows of all sequences, one step behind the other: step t has rows of the first `sequences[t]` of them.
struct Steps {
  Tensor rows;  ///< [sum, features]
  std::vector<std::int64_t> sequences;
};

template <typename T>
T logistic(T x) {
  return T{1} / (T{1} + std::exp(-x));
}

/// One sequence's step. `x` and `r` are its gates from the input and from the state; `hidden` and `memory` are changed.
template <typename T>
void step(Cell cell, const T* x, const T* r, std::int64_t width, T* hidden, T* memory) {
  for (std::int64_t i = 0; i < width; ++i) {
    const auto gate = [&](std::int64_t n) { return x[n * width + i] + r[n * width + i]; };
    switch (cell) {
      case Cell::lstm:
        memory[i] = logistic(gate(1)) * memory[i] + logistic(gate(0)) * std::tanh(gate(2));
        hidden[i] = logistic(gate(3)) * std::tanh(memory[i]);
        break;
      case Cell::gru: {
        const T fresh = std::tanh(x[2 * width + i] + logistic(gate(0)) * r[2 * width + i]);
        hidden[i] = fresh + logistic(gate(1)) * (hidden[i] - fresh);
        break;
      }
      case Cell::tanh: hidden[i] = std::tanh(gate(0)); break;
      case Cell::relu: hidden[i] = gate(0) > 0 || gate(0) != gate(0) ? gate(0) : T{0}; break;
    }
  }
}

void check(const Call& c, Cell cell, const Steps& steps, const Weights& weights, const State& state) {
  const std::int64_t gates = gates_of(cell);
  const auto is = [&](const Tensor& tensor, const Sizes& sizes) {
    return tensor.sizes() == sizes && tensor.type() == steps.rows.type();
  };
  const std::int64_t width = weights.input.rank() == 2 ? weights.input.size(0) / gates : 0;
  const std::int64_t state_width = weights.projection ? weights.projection->size(0) : width;
  const std::int64_t sequences = steps.sequences.front();
  const Sizes bias{gates * width};
  const bool fits =
      is(weights.input, {gates * width, steps.rows.size(1)}) && is(weights.recurrent, {gates * width, state_width}) &&
      (!weights.input_bias || is(*weights.input_bias, bias)) &&
      (!weights.recurrent_bias || is(*weights.recurrent_bias, bias)) &&
      (!weights.projection || is(*weights.projection, {state_width, width})) &&
      is(state.hidden, {sequences, state_width}) && (cell != Cell::lstm || is(state.memory, {sequences, width}));
  if (!fits)
    c.fail("weights and states that fit the input",
           to_string(weights.input.sizes()) + " for " + to_string(steps.rows.sizes()));
}

Tensor with_bias(Call& c, const Tensor& product, const std::optional<Tensor>& bias) {
  return bias ? sum_of(c, product, *bias, Value(std::int64_t{1})) : product;
}

/// Goes over all steps, the last one first if `backwards`. `state` becomes that behind each sequence's last step.
Tensor pass(Call& c, Cell cell, const Steps& steps, const Weights& weights, State& state, bool backwards) {
  check(c, cell, steps, weights, state);
  state.hidden = copied(c, state.hidden);
  if (cell == Cell::lstm) state.memory = copied(c, state.memory);
  const std::int64_t state_width = state.hidden.size(1);
  const Tensor out = c.make(steps.rows.type(), {steps.rows.size(0), state_width});
  const Tensor from_input =
      with_bias(c, matrix_product(c, steps.rows, transposed(weights.input, 0, 1)), weights.input_bias);
  const Tensor recurrent = transposed(weights.recurrent, 0, 1);
  if (!all_known(out, from_input, recurrent, state.hidden)) {
    c.count(static_cast<double>(out.size(0)) * static_cast<double>(weights.recurrent.elements()));
    return out;
  }
  constexpr double kStep = 1000;  // what a step costs beside its numbers
  c.count(kStep * static_cast<double>(steps.sequences.size()));
  const std::int64_t width = weights.input.size(0) / gates_of(cell);
  const auto count = static_cast<std::int64_t>(steps.sequences.size());
  std::int64_t row = backwards ? out.size(0) : 0;
  for (std::int64_t i = 0; i < count; ++i) {
    const std::int64_t sequences = steps.sequences[static_cast<std::size_t>(backwards ? count - 1 - i : i)];
    if (backwards) row -= sequences;
    const Tensor before = narrowed(state.hidden, 0, 0, sequences);
    const Tensor from_state = with_bias(c, matrix_product(c, before, recurrent), weights.recurrent_bias);
    // A projected state is not what the cell itself gives.
    const Tensor given = weights.projection ? c.make(out.type(), {sequences, width}) : before;
    with_wide_type(out.type(), [&]<typename T>() {
      for (std::int64_t j = 0; j < sequences; ++j) {
        step<T>(cell, from_input.data<T>() + (row + j) * from_input.size(1),
                from_state.data<T>() + j * from_state.size(1), width, given.mutable_data<T>() + j * width,
                cell == Cell::lstm ? state.memory.mutable_data<T>() + j * width : nullptr);
      }
    });
    if (weights.projection) copy_values(before, matrix_product(c, given, transposed(*weights.projection, 0, 1)));
    copy_values(narrowed(out, 0, row, sequences), before);
    if (!backwards) row += sequences;
  }
  return out;
}

/// What a call says of its layers, behind the input and the states.
struct Stack {
  Cell cell;
  bool projected = false;
  bool biases = false;
  std::int64_t layers = 0;
  std::int64_t directions = 1;
  std::vector<Tensor> weights;
};

Stack read_stack(const Call& c, Cell cell, std::size_t first, bool projected) {
  if (c.flag(first + 4) && c.real(first + 3) != 0) {
    c.refuse("a model in evaluation mode", "recurrent layers with train=True: the trace was made in training mode");
  }
  Stack stack{cell, projected, c.flag(first + 1), c.integer(first + 2), c.flag(first + 5) ? 2 : 1, c.tensors(first)};
  const std::int64_t each = 2 + (stack.biases ? 2 : 0) + (projected ? 1 : 0);
  const auto given = static_cast<std::int64_t>(stack.weights.size());
  if (stack.layers < 1 || stack.layers > given || given != stack.layers * stack.directions * each) {
    c.fail(std::to_string(each) + " weights for each layer and direction", std::to_string(given));
  }
  return stack;
}

Weights weights_of(const Stack& stack, std::int64_t index) {
  const std::size_t each = 2 + (stack.biases ? 2 : 0) + (stack.projected ? 1 : 0);
  const Tensor* from = stack.weights.data() + static_cast<std::size_t>(index) * each;
  Weights weights{from[0], from[1], {}, {}, {}};
  if (stack.biases) {
    weights.input_bias = from[2];
    weights.recurrent_bias = from[3];
  }
  if (stack.projected) weights.projection = from[each - 1];
  return weights;
}

/// All layers over `steps`, whose rows become the last layer's; `hidden` and `memory` [layers * directions, …] the
/// states behind the last steps.
void run_stack(Call& c, const Stack& stack, Steps& steps, Tensor& hidden, Tensor& memory) {
  const bool has_memory = stack.cell == Cell::lstm;
  const std::int64_t count = stack.layers * stack.directions;
  if (hidden.rank() != 3 || hidden.size(0) != count ||
      (has_memory && (memory.rank() != 3 || memory.size(0) != count))) {
    c.fail("states of " + std::to_string(count) + " layers and directions", to_string(hidden.sizes()));
  }
  const Tensor last_hidden = c.make(hidden.type(), hidden.sizes());
  const Tensor last_memory = has_memory ? c.make(memory.type(), memory.sizes()) : Tensor();
  const auto put = [](const Tensor& target, const Tensor& source) {
    if (all_known(target, source)) {
      copy_values(target, source);
    } else {
      target.storage()->forget();
    }
  };
  for (std::int64_t layer = 0; layer < stack.layers; ++layer) {
    const std::int64_t width = hidden.size(2);
    const Tensor both = c.make(steps.rows.type(), {steps.rows.size(0), stack.directions * width});
    for (std::int64_t direction = 0; direction < stack.directions; ++direction) {
      const std::int64_t index = layer * stack.directions + direction;
      State state{selected(hidden, 0, index), has_memory ? selected(memory, 0, index) : Tensor()};
      const Tensor out = pass(c, stack.cell, steps, weights_of(stack, index), state, direction == 1);
      put(narrowed(both, 1, direction * width, width), out);
      put(selected(last_hidden, 0, index), state.hidden);
      if (has_memory) put(selected(last_memory, 0, index), state.memory);
    }
    steps.rows = both;
  }
  hidden = last_hidden;
  memory = last_memory;
}

void read_states(const Call& c, Cell cell, std::size_t at, Tensor& hidden, Tensor& memory) {
  if (cell != Cell::lstm) {
    hidden = c.tensor(at);
    return;
  }
  const std::vector<Tensor> states = c.tensors(at);
  if (states.size() != 2) c.fail("two states", std::to_string(states.size()));
  hidden = states[0];
  memory = states[1];
}

bool is_projected(Cell cell, const Tensor& hidden, const Tensor& memory) {
  return cell == Cell::lstm && hidden.rank() == 3 && memory.rank() == 3 && hidden.size(2) != memory.size(2);
}

void give(Call& c, Cell cell, const Tensor& out, const Tensor& hidden, const Tensor& memory) {
  std::vector<Value> values{Value(out), Value(hidden)};
  if (cell == Cell::lstm) values.emplace_back(memory);
  c.give(Value::tuple(std::move(values)));
}

void check_input(const Call& c, const Tensor& x, std::int64_t rank) {
  if (x.rank() != rank) c.fail("an input of " + std::to_string(rank) + " axes", to_string(x.sizes()));
  if (!is_floating(x.type())) c.refuse("a floating tensor", std::string(archive::to_string(x.type())));
}

/// (input, states, weights, has_biases, num_layers, dropout, train, bidirectional, batch_first)
template <Cell cell>
void layers(Call& c) {
  Tensor x = c.tensor(0);
  check_input(c, x, 3);
  const bool batch_first = c.flag(8);
  if (batch_first) x = transposed(x, 0, 1);
  if (x.size(0) == 0 || x.size(1) == 0) c.fail("at least one step and sequence", to_string(x.sizes()));
  Tensor hidden;
  Tensor memory;
  read_states(c, cell, 1, hidden, memory);
  const Stack stack = read_stack(c, cell, 2, is_projected(cell, hidden, memory));
  Steps steps{reshaped(c, contiguous(c, x), {x.size(0) * x.size(1), x.size(2)}), {}};
  c.check_memory(x.size(0), sizeof(std::int64_t));
  steps.sequences.assign(static_cast<std::size_t>(x.size(0)), x.size(1));
  run_stack(c, stack, steps, hidden, memory);
  const Tensor out = reshaped(c, steps.rows, {x.size(0), x.size(1), steps.rows.size(1)});
  give(c, cell, batch_first ? transposed(out, 0, 1) : out, hidden, memory);
}

/// (data, batch_sizes, states, weights, has_biases, num_layers, dropout, train, bidirectional)
template <Cell cell>
void packed_layers(Call& c) {
  const Tensor& x = c.tensor(0);
  check_input(c, x, 2);
  if (!c.tensor(1).known()) c.refuse("sequences of known lengths", "lengths that depend on weights");
  c.reads_values();
  Tensor hidden;
  Tensor memory;
  read_states(c, cell, 2, hidden, memory);
  const Stack stack = read_stack(c, cell, 3, is_projected(cell, hidden, memory));
  Steps steps{contiguous(c, x), c.values_of(c.tensor(1))};
  std::int64_t rows = 0;
  std::int64_t before = x.size(0);
  for (const std::int64_t sequences : steps.sequences) {
    if (sequences < 1 || sequences > before || sequences > x.size(0) - rows) {
      c.fail("sequences of each step, never more than in the step before and " + std::to_string(x.size(0)) + " in all",
             std::to_string(sequences));
    }
    before = sequences;
    rows += sequences;
  }
  if (rows != x.size(0) || rows == 0) {
    c.fail("as many rows as the steps have: " + std::to_string(rows), std::to_string(x.size(0)));
  }
  run_stack(c, stack, steps, hidden, memory);
  give(c, cell, steps.rows, hidden, memory);
}

/// (input, states, w_ih, w_hh, b_ih, b_hh): one step of one layer.
template <Cell cell>
void one_step(Call& c) {
  const Tensor& x = c.tensor(0);
  check_input(c, x, 2);
  State state;
  read_states(c, cell, 1, state.hidden, state.memory);
  const Weights weights{c.tensor(2), c.tensor(3), c.optional_tensor(4), c.optional_tensor(5), {}};
  pass(c, cell, {contiguous(c, x), {x.size(0)}}, weights, state, false);
  if (cell != Cell::lstm) return c.give(state.hidden);
  c.give(Value::tuple({Value(state.hidden), Value(state.memory)}));
}

/// The rows of a recurrent layer of one state: whole inputs, packed ones, one step.
template <Cell cell>
void add_layer(Table& t, std::string_view name, std::string_view step) {
  t.add(name,
        {{"layer.input(Tensor input, Tensor hx, Tensor[] params, bool has_biases, int num_layers, float dropout, bool "
          "train, bool bidirectional, bool batch_first) -> (Tensor, Tensor)",
          layers<cell>},
         {"layer.data(Tensor data, Tensor batch_sizes, Tensor hx, Tensor[] params, bool has_biases, int num_layers, "
          "float dropout, bool train, bool bidirectional) -> (Tensor, Tensor)",
          packed_layers<cell>}});
  t.add(step, {{"step(Tensor input, Tensor hx, Tensor w_ih, Tensor w_hh, Tensor? b_ih=None, Tensor? b_hh=None) -> "
                "Tensor",
                one_step<cell>}});
}

}  // namespace

void add_recurrent(Table& t) {
  t.add("aten::lstm",
        {{"lstm.input(Tensor input, Tensor[] hx, Tensor[] params, bool has_biases, int num_layers, float dropout, bool "
          "train, bool bidirectional, bool batch_first) -> (Tensor, Tensor, Tensor)",
          layers<Cell::lstm>},
         {"lstm.data(Tensor data, Tensor batch_sizes, Tensor[] hx, Tensor[] params, bool has_biases, int num_layers, "
          "float dropout, bool train, bool bidirectional) -> (Tensor, Tensor, Tensor)",
          packed_layers<Cell::lstm>}});
  t.add("aten::lstm_cell", {{"lstm_cell(Tensor input, Tensor[] hx, Tensor w_ih, Tensor w_hh, Tensor? b_ih=None, "
                             "Tensor? b_hh=None) -> (Tensor, Tensor)",
                             one_step<Cell::lstm>}});
  add_layer<Cell::gru>(t, "aten::gru", "aten::gru_cell");
  add_layer<Cell::tanh>(t, "aten::rnn_tanh", "aten::rnn_tanh_cell");
  add_layer<Cell::relu>(t, "aten::rnn_relu", "aten::rnn_relu_cell");
}

}  // namespace bertrt::graph
