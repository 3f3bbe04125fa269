#include "graph/evaluate.h"

#include <algorithm>
#include <limits>
#include <map>
#include <new>
#include <stdexcept>

#include "bertrt/error.h"
#include "graph/call.h"
#include "graph/operators/write.h"
#include "graph/signature.h"

namespace bertrt::graph {
namespace {

// A constant with more numbers than this is a weight of a frozen module: its values are left out of shapes.
constexpr std::int64_t kSmallConstant = 16;

class Evaluator {
 public:
  Evaluator(const Program& program, const EvaluateOptions& options) : program_(program), options_(options) {
    run_.version = program.version;
    run_.shapes_only = options.shapes_only;
    run_.work_budget = options.work_budget;
    run_.known_budget = static_cast<double>(options.known_budget);
    run_.meter = std::make_shared<MemoryMeter>(options.memory_budget);
    slots_.resize(program.slots);
    filled_.assign(program.slots, 0);
    find_last_uses();
  }

  Evaluation run(std::span<const Value> inputs) {
    if (inputs.size() != program_.inputs.size()) {
      throw Error(ErrorCode::invalid_argument, "inputs of the graph", std::to_string(program_.inputs.size()),
                  std::to_string(inputs.size()));
    }
    for (const Constant& constant : program_.constants) set(constant.slot, for_run(constant.value, constant.origin));
    for (std::size_t i = 0; i < inputs.size(); ++i) set(program_.inputs[i].slot, input(inputs[i]));
    for (const auto& [slot, value] : options_.given) set(slot, value);
    for (std::size_t at = 0; at < program_.instructions.size();) {
      const Instruction& instruction = program_.instructions[at];
      const bool wanted = options_.wanted.empty() || (at < options_.wanted.size() && options_.wanted[at] != 0);
      std::size_t next = at + 1;
      if (wanted) {
        next = step_with_place(instruction, at);
        if (!options_.keep_slots) release(instruction, at);
      }
      at = next;
    }
    Evaluation evaluation;
    if (program_.result < slots_.size() && filled_[program_.result] != 0) {
      evaluation.result = slots_[program_.result];
    } else if (options_.wanted.empty()) {
      throw Error(ErrorCode::invalid_format, "graph", "a result", "none");
    }
    for (const Slot slot : options_.keep) evaluation.kept.push_back(get(slot));
    if (options_.keep_slots) evaluation.slots = std::move(slots_);
    evaluation.peak_bytes = run_.meter->peak();
    evaluation.multiplications = run_.multiplications;
    evaluation.varying_sizes = run_.varying_sizes;
    evaluation.baked_strides = run_.baked_strides;
    return evaluation;
  }

 private:
  void find_last_uses() {
    last_use_.assign(program_.slots, 0);
    for (std::size_t at = 0; at < program_.instructions.size(); ++at) {
      for (const Argument& argument : program_.instructions[at].arguments) {
        if (argument.slot < last_use_.size()) last_use_[argument.slot] = at;
      }
    }
    constexpr std::size_t kNever = std::numeric_limits<std::size_t>::max();
    if (program_.result < last_use_.size()) last_use_[program_.result] = kNever;
    for (const Slot slot : options_.keep) {
      if (slot < last_use_.size()) last_use_[slot] = kNever;
    }
  }

  void set(Slot slot, Value value) {
    if (slot >= slots_.size()) throw Error(ErrorCode::invalid_format, "graph", "a slot that exists", "another");
    slots_[slot] = std::move(value);
    filled_[slot] = 1;
  }

  const Value& get(Slot slot) const {
    if (slot >= slots_.size() || filled_[slot] == 0) {
      throw Error(ErrorCode::runtime, "graph", "a value that was made before", "none");
    }
    return slots_[slot];
  }

  void release(const Instruction& instruction, std::size_t at) {
    const auto drop = [&](Slot slot) {
      if (slot < slots_.size() && last_use_[slot] <= at) slots_[slot] = Value();
    };
    for (const Argument& argument : instruction.arguments) drop(argument.slot);
    for (const Slot slot : instruction.outputs) drop(slot);  // of no use to anybody
  }

  /// The value's tensors with storages of this run's own, so that writes in place stay in it.
  template <typename Replace>
  static Value with_storages(const Value& value, const Replace& replace) {
    if (const Tensor* tensor = value.tensor()) {
      return tensor->defined() ? Value(tensor->on(replace(*tensor))) : value;
    }
    std::vector<Value> items;
    if (const List* list = value.list()) {
      for (const Value& item : list->items) items.push_back(with_storages(item, replace));
      return Value::list(std::move(items));
    }
    if (const Tuple* tuple = value.tuple()) {
      for (const Value& item : tuple->items) items.push_back(with_storages(item, replace));
      return Value::tuple(std::move(items));
    }
    if (const Dict* dict = value.dict()) {
      std::vector<std::pair<std::string, Value>> named;
      for (const auto& item : dict->items) named.emplace_back(item.first, with_storages(item.second, replace));
      return Value::dict(std::move(named));
    }
    return value;
  }

  Value for_run(const Value& value, Constant::Origin origin) {
    return with_storages(value, [&](const Tensor& tensor) -> std::shared_ptr<Storage> {
      const bool attribute = origin == Constant::Origin::attribute;
      const bool large = tensor.storage()->elements() > kSmallConstant;
      const bool weight =
          is_floating(tensor.type()) ? attribute || large : is_stored_weight(tensor) && attribute && large;
      if (options_.shapes_only && weight) {
        std::shared_ptr<Storage>& storage = locals_[tensor.storage().get()];
        if (!storage) storage = Storage::described(*tensor.storage());
        return storage;
      }
      return attribute ? tensor.storage() : local(tensor.storage());
    });
  }

  Value input(const Value& value) {
    Value result = with_storages(value, [&](const Tensor& tensor) {
      std::shared_ptr<Storage> storage = local(tensor.storage());
      storage->varies = true;
      return storage;
    });
    result.varies = result.tensor() == nullptr && !result.none();
    return result;
  }

  std::shared_ptr<Storage> local(const std::shared_ptr<Storage>& parent) {
    std::shared_ptr<Storage>& storage = locals_[parent.get()];
    if (!storage) storage = Storage::for_run(parent);
    return storage;
  }

  std::size_t step_with_place(const Instruction& instruction, std::size_t at) {
    try {
      return step(instruction, at);
    } catch (const Error& error) {
      throw Error(error.code(), program_.where(instruction.place) + ": " + error.where(), error.expected(),
                  error.found());
    } catch (const std::bad_alloc&) {
      throw Error(ErrorCode::out_of_resources, program_.where(instruction.place), "memory", "none left");
    } catch (const std::length_error&) {
      throw Error(ErrorCode::runtime, program_.where(instruction.place), "sizes that memory could hold", "larger ones");
    }
  }

  std::size_t step(const Instruction& instruction, std::size_t at) {
    using Kind = Instruction::Kind;
    const auto item = [&](std::size_t i) -> const Value& {
      if (i >= instruction.arguments.size()) throw Error(ErrorCode::invalid_format, "graph", "an argument", "none");
      return get(instruction.arguments[i].slot);
    };
    const auto all = [&] {
      std::vector<Value> values;
      for (const Argument& argument : instruction.arguments) values.push_back(get(argument.slot));
      return values;
    };
    switch (instruction.kind) {
      case Kind::call: set(output(instruction), call(instruction, at)); break;
      case Kind::make_list: set(output(instruction), Value::list(all())); break;
      case Kind::make_tuple: set(output(instruction), Value::tuple(all())); break;
      case Kind::make_dict: {
        std::vector<std::pair<std::string, Value>> named;
        for (const Argument& argument : instruction.arguments) named.emplace_back(argument.name, get(argument.slot));
        set(output(instruction), Value::dict(std::move(named)));
        break;
      }
      case Kind::unpack: unpack(instruction, item(0)); break;
      case Kind::move: {
        Value moved = item(0);
        set(output(instruction), std::move(moved));
        break;
      }
      case Kind::skip_unless: return decide(item(0)) ? at + 1 : later(instruction, at);
      case Kind::skip: return later(instruction, at);
    }
    return at + 1;
  }

  static Slot output(const Instruction& instruction) {
    if (instruction.outputs.size() != 1)
      throw Error(ErrorCode::invalid_format, "graph", "one output", "another number");
    return instruction.outputs[0];
  }

  static std::size_t later(const Instruction& instruction, std::size_t at) {
    if (instruction.target <= at) throw Error(ErrorCode::invalid_format, "graph", "a program that ends", "a loop");
    return instruction.target;
  }

  void unpack(const Instruction& instruction, const Value& packed) {
    const std::vector<Value>* items = packed.list()    ? &packed.list()->items
                                      : packed.tuple() ? &packed.tuple()->items
                                                       : nullptr;
    const Value keep = packed;  // the slots may be written while we read
    if (items == nullptr || items->size() != instruction.outputs.size()) {
      throw Error(ErrorCode::runtime, "unpack", std::to_string(instruction.outputs.size()) + " values",
                  describe(packed));
    }
    for (std::size_t i = 0; i < items->size(); ++i) set(instruction.outputs[i], (*items)[i]);
  }

  bool decide(const Value& condition) const {
    if (varies(condition) || (run_.varying_sizes && !condition.none())) {
      throw Error(ErrorCode::unsupported, "if", "a condition that is known from shapes",
                  "not graphable: a branch depends on values");
    }
    const bool* flag = condition.boolean();
    if (flag == nullptr) throw Error(ErrorCode::unsupported, "if", "a bool", describe(condition));
    return *flag;
  }

  Value call(const Instruction& instruction, std::size_t at) {
    if (instruction.op == nullptr) throw Error(ErrorCode::invalid_format, "graph", "an operator", "none");
    std::vector<Passed> passed;
    for (const Argument& argument : instruction.arguments) passed.push_back({argument.name, &get(argument.slot)});
    Binding binding = bind_arguments(*instruction.op, passed);
    run_.varying_sizes = run_.varying_sizes || binding.reads_values;
    Event event{at, instruction.op, binding.overload, binding.arguments, nullptr};
    Value result;
    const bool in_place = binding.overload->in_place || binding.out;
    if (in_place || !options_.substitute || !options_.substitute(event, result)) {
      Call made(run_, instruction.op->name, binding.arguments);
      binding.overload->run(made);
      if (!made.given()) throw Error(ErrorCode::runtime, instruction.op->name, "a result", "none");
      result = made.take();
      if (result.tensor() == nullptr) result.varies = result.varies || made.varies();
    }
    if (binding.overload->in_place) result = write_in_place(run_, event, std::move(result));
    if (binding.out) result = write_out(instruction, *binding.out, std::move(result));
    event.result = &result;
    if (options_.observer) options_.observer(event);
    return result;
  }

  /// out=…: takes the result's shape when it has no elements yet and nobody else sees it, else has to have it.
  Value write_out(const Instruction& instruction, const Tensor& out, Value result) {
    const Tensor* tensor = result.tensor();
    if (tensor == nullptr) throw Error(ErrorCode::unsupported, "out", "one tensor as the result", describe(result));
    if (out.sizes() == tensor->sizes()) {
      write_into(run_, out, *tensor, false);
      return Value(out);
    }
    for (const Argument& argument : instruction.arguments) {
      if (argument.name != "out") continue;
      // Held by its slot and by the binding alone.
      if (out.storage().use_count() > 2 || out.type() != tensor->type() || out.elements() != 0) break;
      set(argument.slot, result);
      return result;
    }
    throw Error(ErrorCode::unsupported, "out", "a tensor " + to_string(tensor->sizes()), to_string(out.sizes()));
  }

  const Program& program_;
  const EvaluateOptions& options_;
  RunState run_;
  std::vector<Value> slots_;
  std::vector<std::uint8_t> filled_;
  std::vector<std::size_t> last_use_;
  std::map<const Storage*, std::shared_ptr<Storage>> locals_;
};

}  // namespace

Evaluation evaluate(const Program& program, std::span<const Value> inputs, const EvaluateOptions& options) {
  return Evaluator(program, options).run(inputs);
}

}  // namespace bertrt::graph
