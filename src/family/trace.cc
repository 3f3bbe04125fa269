#include "family/trace.h"

#include <algorithm>
#include <iterator>
#include <set>
#include <string>
#include <utility>

#include "archive/parallel.h"
#include "base/input_names.h"
#include "bertrt/error.h"
#include "family/examples.h"
#include "family/input_roles.h"
#include "family/named_outputs.h"
#include "family/odd_weights.h"
#include "family/probe_limits.h"
#include "graph/evaluate.h"
#include "graph/slices.h"

namespace bertrt::family {
namespace {

namespace ts = graph::torchscript;

// The only example that is not shaped as ids are; null where there are several or none.
const ts::TracedInput* the_other(const std::vector<ts::TracedInput>& inputs) {
  const ts::TracedInput* found = nullptr;
  for (const ts::TracedInput& input : inputs) {
    if (input.shape.size() == 2) continue;
    if (found != nullptr) return nullptr;
    found = &input;
  }
  return found;
}

// A model that scores several choices a text reads three axes, and so do models whose inputs were stacked into one:
// nothing here makes such inputs from one text.
void refuse_choices(const std::vector<ts::TracedInput>& inputs) {
  const auto choices = [](const ts::TracedInput& input) { return input.shape.size() == 3; };
  if (inputs.empty() || !std::all_of(inputs.begin(), inputs.end(), choices)) return;
  throw Error(
      ErrorCode::unsupported, "the trace's inputs", "ids as [texts, tokens]",
      graph::to_string(inputs[0].shape) +
          ": several choices a text (multiple choice: its checkpoint folder runs, or a trace of the model with [texts, "
          "tokens], one choice a text), or ids, mask and types stacked into one input (trace it with one input each)");
}

// Examples are recorded without their values, so that their shapes are held to nothing else.
void check_sizes(const std::vector<ts::TracedInput>& inputs) {
  constexpr std::int64_t kMostElements = std::int64_t{1} << 18;
  for (const ts::TracedInput& input : inputs) {
    if (graph::count_elements(input.shape) <= kMostElements) continue;
    throw Error(ErrorCode::unsupported, "the trace's inputs", "examples of at most 262144 values",
                graph::to_string(input.shape));
  }
}

// Each input's example; empty where one has none.
std::vector<const ts::TracedInput*> by_key(const graph::Program& program,
                                           const std::vector<ts::TracedInput>& examples) {
  std::vector<const ts::TracedInput*> own;
  for (const graph::ProgramInput& input : program.inputs) {
    const auto found = std::find_if(examples.begin(), examples.end(),
                                    [&](const ts::TracedInput& example) { return example.name == input.name; });
    if (found == examples.end()) return {};
    own.push_back(&*found);
  }
  return own;
}

// What the examples say of lengths and types. Which example is whose is not always known: where it cannot be found out,
// only the mask can be of floats where an encoder's inputs are all there are.
/// @return whether it is known whose each example is, so that no name can change anything
bool take_example(const ts::Module& module, graph::Program& program, Trace& trace) {
  const auto example = ts::traced_example(module);
  if (!example) return true;
  check_sizes(example->inputs);
  refuse_choices(example->inputs);
  std::size_t floats = 0;
  bool halves = false;
  for (const ts::TracedInput& input : example->inputs) {
    if (input.shape.size() == 2 && trace.traced_length == 0) {
      trace.traced_batch = static_cast<std::size_t>(input.shape[0]);
      trace.traced_length = static_cast<std::size_t>(input.shape[1]);
    }
    if (input.type && (graph::is_floating(*input.type) || *input.type == graph::ElementType::float16 ||
                       *input.type == graph::ElementType::bfloat16)) {
      ++floats;
      halves = halves || !graph::is_floating(*input.type);
    }
  }
  std::vector<const ts::TracedInput*> own;
  if (example->keyed) {
    own = by_key(program, example->inputs);
  } else if (example->named) {
    for (const ts::TracedInput& input : example->inputs) own.push_back(&input);
  } else {
    own = assign_examples(program, example->inputs);
  }
  for (std::size_t i = 0; i < program.inputs.size(); ++i) {
    graph::ProgramInput& input = program.inputs[i];
    std::optional<graph::ElementType> type;
    if (i < own.size()) {
      type = own[i]->type;
      input.traced_shape = own[i]->shape;
    } else if (input.name == "attention_mask") {
      if (floats == 1) type = graph::ElementType::float32;
    } else if (const ts::TracedInput* other = the_other(example->inputs);
               other != nullptr && !base::is_text_input(input.name)) {
      // That of the one input that is none of an encoder's.
      input.traced_shape = other->shape;
      type = other->type;
    }
    if (!type) continue;
    if (*type == graph::ElementType::float16 || *type == graph::ElementType::bfloat16) {
      type = graph::ElementType::float32;
    }
    input.type = *type;
  }
  return !own.empty();
}

// What only the caller can give is given token by token.
void check_other_inputs(const graph::Program& program, std::size_t traced_length) {
  for (const graph::ProgramInput& input : program.inputs) {
    const graph::Sizes& shape = input.traced_shape;
    if (base::is_text_input(input.name) || traced_length == 0 || shape.empty()) continue;
    if (shape.size() >= 2 && shape[1] == static_cast<std::int64_t>(traced_length)) continue;
    throw Error(
        ErrorCode::unsupported, "the model's input \"" + input.name + "\"",
        "values of each token, as [texts, tokens, …]",
        "the shape " + graph::to_string(shape) + " beside texts of " + std::to_string(traced_length) + " tokens");
  }
}

// Another that is right, or the same where there is no other.
std::size_t another_length(const Lengths& lengths, std::size_t length) {
  if (lengths.longest() == 0 || length + 2 <= lengths.longest()) return length + 2;
  return length > lengths.shortest() ? length - 1 : length;
}

std::vector<OutputInfo> describe_outputs(const Trace& trace) {
  std::vector<OutputInfo> infos;
  const Lengths& lengths = *trace.lengths;
  const std::size_t one = lengths.usual();
  const std::vector<graph::Sizes> shapes = lengths.output_shapes(one);
  const std::size_t two = another_length(lengths, one);
  const std::vector<graph::Sizes> others = two == one ? shapes : lengths.output_shapes(two);
  for (std::size_t i = 0; i < trace.reading.outputs.size(); ++i) {
    const OutputPlan& plan = trace.reading.outputs[i];
    OutputInfo info{plan.name, plan.role, plan.evidence, {}, false};
    if (i < shapes.size()) {
      for (std::size_t axis = 0; axis < shapes[i].size(); ++axis) {
        const bool fixed = axis < others[i].size() && shapes[i][axis] == others[i][axis] &&
                           (two != one || shapes[i][axis] != static_cast<std::int64_t>(one));
        info.shape.push_back(fixed ? shapes[i][axis] : -1);
      }
    }
    const bool again =
        std::any_of(infos.begin(), infos.end(), [&](const OutputInfo& other) { return other.role == plan.role; });
    // A state that is given again later counts there.
    const bool later =
        std::any_of(trace.reading.outputs.begin() + static_cast<std::ptrdiff_t>(i) + 1, trace.reading.outputs.end(),
                    [&](const OutputPlan& other) { return other.role == plan.role && other.order == plan.order; });
    info.in_more = (later && plan.role == OutputRole::hidden_state) || plan.role == OutputRole::other ||
                   plan.embeddings || (again && plan.role != OutputRole::hidden_state);
    infos.push_back(std::move(info));
  }
  return infos;
}

}  // namespace

bool Trace::takes_mask() const { return program != nullptr && input_names(*program).mask.has_value(); }

std::vector<graph::Value> Trace::example_arguments() const {
  ProbeLimits limits;
  limits.ids = static_cast<std::int64_t>(vocab_size);
  return arguments_of(*program, make_probe(1, lengths->usual(), MaskShape::full, limits, 0));
}

namespace {

void name_as_asked(const std::vector<std::string>& names, std::vector<graph::ProgramInput>& inputs) {
  if (names.empty()) return;
  const std::set<std::string> apart(names.begin(), names.end());
  if (names.size() != inputs.size() || apart.size() != names.size()) {
    std::string found = std::to_string(names.size());
    for (const std::string& name : names) found += (&name == &names.front() ? ": " : ", ") + name;
    throw Error(ErrorCode::invalid_argument, "TorchScriptOptions::input_names",
                "a name of its own for each of the trace's " + std::to_string(inputs.size()) + " inputs", found);
  }
  for (std::size_t i = 0; i < names.size(); ++i) inputs[i].name = names[i];
}

// The one input that nothing is known of, where it may be a mask: shaped as a text's tokens are, beside known ids.
std::optional<std::size_t> unknown_input(const graph::Program& program) {
  const InputNames names = input_names(program);
  if (!names.ids || names.mask) return std::nullopt;
  std::optional<std::size_t> found;
  for (std::size_t i = 0; i < program.inputs.size(); ++i) {
    const graph::ProgramInput& input = program.inputs[i];
    if (base::is_text_input(input.name)) continue;
    if (found || (!input.traced_shape.empty() && input.traced_shape.size() != 2)) return std::nullopt;
    found = i;
  }
  return found;
}

bool hides_tokens(const Reading& reading) {
  return reading.recognition && reading.recognition->spec.mask != MaskKind::none;
}

std::vector<std::string> findings_of(const ts::Module& module) {
  std::vector<std::string> findings = ts::findings(module);
  const std::vector<ts::NamedTensor> tensors = ts::tensors(module);
  std::vector<std::string> odd(tensors.size());
  archive::run_each(tensors.size(), [&](std::size_t i) { odd[i] = odd_weights(tensors[i].name, tensors[i].view); });
  std::copy_if(odd.begin(), odd.end(), std::back_inserter(findings),
               [](const std::string& finding) { return !finding.empty(); });
  return findings;
}

// @param findings  of the module
// @param guess     whether an input that nothing is known of is taken for the mask if it turns out to be one
Trace read_code(const ts::Module& module, const TraceOptions& options, const std::vector<std::string>& findings,
                bool guess) {
  Trace trace;
  trace.findings = findings;
  bool guessed = false;
  try {
    auto program = std::make_shared<graph::Program>(ts::read_program(module));
    name_as_asked(options.input_names, program->inputs);
    const bool known = take_example(module, *program, trace);
    const std::size_t length = trace.traced_length != 0 ? trace.traced_length : 8;
    std::vector<std::string> named = name_inputs(*program, length);
    const std::optional<std::size_t> mask = guess ? unknown_input(*program) : std::nullopt;
    if (mask) {
      named.push_back("the input " + program->inputs[*mask].name +
                      " is taken for attention_mask: every layer's attention leaves out the tokens where it is 0");
      program->inputs[*mask].name = "attention_mask";
    }
    guessed = mask.has_value();
    // An example's types are told apart by names.
    if (!named.empty() && !known) take_example(module, *program, trace);
    if (const auto ids = input_names(*program).ids) {
      const graph::Sizes& shape = program->inputs[*ids].traced_shape;
      if (shape.size() == 2) {
        trace.traced_batch = static_cast<std::size_t>(shape[0]);
        trace.traced_length = static_cast<std::size_t>(shape[1]);
      }
    }
    trace.findings.insert(trace.findings.end(), named.begin(), named.end());
    trace.findings.insert(trace.findings.end(), program->findings.begin(), program->findings.end());
    for (const graph::ProgramInput& input : program->inputs) {
      if (!base::is_text_input(input.name))
        trace.findings.push_back("an input that only the caller can give: " + input.name);
    }
    trace.program = program;
    if (!input_names(*program).ids) {
      trace.findings.emplace_back(
          "no input is input_ids: not a model of text, or its inputs have to be named "
          "(TorchScriptOptions::input_names)");
    }
    check_other_inputs(*program, trace.traced_length);
    const ProbeLimits limits = probe_limits(*program, length);
    trace.vocab_size = static_cast<std::size_t>(limits.ids);
    trace.type_vocab_size = static_cast<std::size_t>(limits.types);
    trace.types_tried = static_cast<std::size_t>(limits.types_tried);
    trace.padding_id = std::max<std::int64_t>(limits.padding, 0);
    trace.position_padding = limits.position_padding;
    trace.compared_ids = limits.compared;
    trace.lengths = std::make_shared<const Lengths>(program, trace.traced_length, limits);
    RecognizeOptions recognize;
    recognize.thorough = options.thorough;
    recognize.only_length = trace.lengths->only();
    recognize.max_length = trace.lengths->longest();
    recognize.min_length = trace.lengths->shortest();
    recognize.usual_length = trace.lengths->usual();
    auto reading = read_model(*program, recognize);
    if (guessed && !hides_tokens(reading)) return read_code(module, options, findings, false);
    if (const auto slots = graph::output_slots(*program); !slots || slots->size() != reading.outputs.size()) {
      throw Error(ErrorCode::unsupported, "the trace's result", "tensors, tuples, lists and dicts of them",
                  "one that only a run shows");
    }
    trace.reading = std::move(reading);
    name_outputs(options.output_roles, *trace.lengths, trace.lengths->usual(), trace.reading.outputs);
    trace.outputs = describe_outputs(trace);
  } catch (const Error& error) {
    if (error.code() != ErrorCode::unsupported && error.code() != ErrorCode::runtime) throw;
    trace.program = nullptr;
    trace.reading = {};
    trace.outputs.clear();
    if (guessed) return read_code(module, options, findings, false);
    trace.not_graphable = error.what();
  }
  return trace;
}

}  // namespace

Trace read_trace(const ts::Module& module, const TraceOptions& options) {
  return read_code(module, options, findings_of(module), true);
}

}  // namespace bertrt::family
