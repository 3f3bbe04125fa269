#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <fstream>
#include <random>
#include <set>
#include <sstream>
#include <string_view>

#include "bertrt/error.h"
#include "differential/random_value.h"
#include "differential/torch_call.h"
#include "graph/evaluate.h"

// Each line of cases.txt is called by libtorch and by us.
namespace bertrt::graph {
namespace {

using Arguments = std::vector<std::pair<std::string, Value>>;

struct Case {
  std::string op;
  std::string arguments;
  bool refused = false;  ///< we may say that it is not supported
};

std::vector<Case> read_cases() {
  std::ifstream file(std::string(BERTRT_DIFFERENTIAL_CASES));
  std::vector<Case> cases;
  for (std::string line; std::getline(file, line);) {
    if (line.empty() || line[0] == '#') continue;
    std::istringstream words(line);
    Case one;
    words >> one.op;
    if (one.op == "refused") {
      one.refused = true;
      words >> one.op;
    }
    std::getline(words, one.arguments);
    cases.push_back(one);
  }
  return cases;
}

void flatten_into(const Value& value, std::vector<Value>& all) {
  if (const List* list = value.list()) {
    for (const Value& item : list->items) flatten_into(item, all);
  } else if (const Tuple* tuple = value.tuple()) {
    for (const Value& item : tuple->items) flatten_into(item, all);
  } else if (!value.none() && !value.device()) {
    all.push_back(value);
  }
}

/// A program of one call. Its arguments are given slots, so that they are ours to write.
Value call_ours(const Operator& op, const Arguments& arguments, const EvaluateOptions& asked) {
  Program program;
  Instruction call;
  call.op = &op;
  std::vector<std::pair<Slot, Value>> given;
  for (const auto& [name, value] : arguments) {
    call.arguments.push_back({name, program.slots});
    given.emplace_back(program.slots++, value);
  }
  call.outputs = {program.slots};
  program.result = program.slots++;
  program.entries = {"test"};
  program.instructions = {call};
  EvaluateOptions options = asked;
  options.given = given;
  return evaluate(program, {}, options).result;
}

bool close(double ours, double theirs, double bound, double largest = 0) {
  if (std::isnan(ours) || std::isnan(theirs)) return std::isnan(ours) && std::isnan(theirs);
  if (ours == theirs) return true;
  return std::fabs(ours - theirs) <= bound * std::max(1.0, std::fabs(theirs)) + 5e-7 * largest;
}

// Sums are rounded by the size of their terms, which is seen from what stands beside them.
double largest_finite(const std::vector<float>& values) {
  double largest = 0;
  for (const float value : values) {
    if (std::isfinite(value)) largest = std::max(largest, static_cast<double>(std::fabs(value)));
  }
  return largest;
}

std::string compare(const Value& ours, const Value& theirs, bool strides) {
  const Tensor* a = ours.tensor();
  const Tensor* b = theirs.tensor();
  if ((a == nullptr) != (b == nullptr)) return describe(ours) + " for " + describe(theirs);
  if (a == nullptr) {
    if (describe(ours) == describe(theirs)) return "";
    if (ours.real() && theirs.real() && close(*ours.real(), *theirs.real(), 1e-12)) return "";
    return describe(ours) + " for " + describe(theirs);
  }
  if (a->type() != b->type() || a->sizes() != b->sizes()) return describe(ours) + " for " + describe(theirs);
  if (strides && a->elements() != 0) {
    for (std::size_t i = 0; i < a->sizes().size(); ++i) {
      if (a->sizes()[i] > 1 && a->strides()[i] != b->strides()[i]) {
        return "strides " + to_string(a->strides()) + " for " + to_string(b->strides());
      }
    }
  }
  if (is_floating(a->type())) {
    const auto x = to_floats(*a);
    const auto y = to_floats(*b);
    const double largest = largest_finite(y);
    for (std::size_t i = 0; i < x.size(); ++i) {
      if (!close(x[i], y[i], 1e-5, largest))
        return std::to_string(x[i]) + " for " + std::to_string(y[i]) + " at " + std::to_string(i);
    }
    return "";
  }
  const auto x = to_integers(*a);
  const auto y = to_integers(*b);
  for (std::size_t i = 0; i < x.size(); ++i) {
    if (x[i] != y[i]) return std::to_string(x[i]) + " for " + std::to_string(y[i]) + " at " + std::to_string(i);
  }
  return "";
}

/// What is wrong with a case; empty if nothing is.
std::string check(const Case& one, std::mt19937& random) {
  const Operator* op = find_operator(one.op);
  if (op == nullptr) return "not in the table";
  const Arguments arguments = random_arguments(one.arguments, random);
  const TorchResult torch = call_torch(one.op, arguments);
  if (torch.error.starts_with("NO SUCH")) return torch.error;
  std::vector<Value> ours;
  try {
    flatten_into(call_ours(*op, arguments, {}), ours);
  } catch (const Error& error) {
    if (!torch.error.empty()) return "";
    if (one.refused && error.code() == ErrorCode::unsupported) return "";
    return std::string("we fail: ") + error.what();
  }
  if (!torch.error.empty()) return "libtorch fails: " + torch.error;
  if (one.refused) return "it is not refused";
  if (ours.size() != torch.outputs.size())
    return std::to_string(ours.size()) + " outputs for " + std::to_string(torch.outputs.size());
  for (std::size_t i = 0; i < ours.size(); ++i) {
    const std::string wrong = compare(ours[i], torch.outputs[i], true);
    if (!wrong.empty()) return "output " + std::to_string(i) + ": " + wrong;
  }
  // What was written in place, and that nothing else was.
  std::vector<Value> after;
  for (const auto& argument : arguments) {
    std::vector<Value> flat;
    flatten_into(argument.second, flat);
    for (const Value& value : flat) {
      if (value.tensor()) after.push_back(value);
    }
  }
  for (std::size_t i = 0; i < std::min(after.size(), torch.arguments.size()); ++i) {
    const std::string wrong = compare(after[i], torch.arguments[i], false);
    if (!wrong.empty()) return "argument " + std::to_string(i) + " after the call: " + wrong;
  }
  return "";
}

/// Shapes alone agree with the whole evaluation, whether or not the values are known.
std::string check_shapes(const Case& one, std::mt19937& random) {
  const Operator* op = find_operator(one.op);
  const Arguments arguments = random_arguments(one.arguments, random);
  Arguments unknown;
  for (const auto& [name, value] : arguments) {
    const Tensor* tensor = value.tensor();
    const bool weight = tensor != nullptr && is_floating(tensor->type()) && tensor->rank() > 0;
    unknown.emplace_back(
        name, weight ? Value(tensor->on(Storage::unknown(tensor->type(), tensor->storage()->elements()))) : value);
  }
  EvaluateOptions options;
  options.shapes_only = true;
  std::vector<Value> described;
  try {
    flatten_into(call_ours(*op, unknown, options), described);
  } catch (const Error&) {
    return "";  // what needs values says so, or the whole evaluation fails too: seen by the other test
  }
  std::vector<Value> whole;
  try {
    flatten_into(call_ours(*op, arguments, {}), whole);
  } catch (const Error&) {
    return "";
  }
  if (described.size() != whole.size()) return "another number of outputs";
  for (std::size_t i = 0; i < whole.size(); ++i) {
    const Tensor* a = described[i].tensor();
    const Tensor* b = whole[i].tensor();
    if (a == nullptr || b == nullptr) continue;
    if (a->sizes() != b->sizes() || a->type() != b->type() || a->strides() != b->strides()) {
      return describe(described[i]) + to_string(a->strides()) + " for " + describe(whole[i]) + to_string(b->strides());
    }
  }
  return "";
}

TEST(Differential, EveryCaseIsAsLibtorchs) {
  std::mt19937 random(20250101);
  for (const Case& one : read_cases()) {
    for (int round = 0; round < 2; ++round) {
      const std::string wrong = check(one, random);
      EXPECT_EQ(wrong, "") << one.op << one.arguments;
      if (!wrong.empty()) break;
    }
  }
}

TEST(Differential, ShapesAloneAreTheShapesOfTheValues) {
  std::mt19937 random(7);
  for (const Case& one : read_cases()) EXPECT_EQ(check_shapes(one, random), "") << one.op << one.arguments;
}

TEST(Differential, PromotionIsAsLibtorchs) {
  std::mt19937 random(3);
  const std::vector<std::string> operands = {"f[2,3]",   "d[2,3]", "l[2,3]~p", "i[2,3]~p", "h[2,3]~p", "c[2,3]~p",
                                             "u[2,3]~p", "b[2,3]", "f[]",      "d[]",      "l[]~p",    "i[]~p",
                                             "u[]~p",    "b[]",    "w2",       "w0.5",     "2",        "0.5"};
  for (const char* op :
       {"aten::add",         "aten::sub",   "aten::mul",   "aten::div",        "aten::floor_divide", "aten::remainder",
        "aten::pow",         "aten::eq",    "aten::lt",    "aten::maximum",    "aten::bitwise_and",  "aten::__or__",
        "aten::logical_and", "aten::rsub",  "aten::add_",  "aten::mul_",       "aten::div_",         "aten::fmod",
        "aten::where",       "aten::clamp", "aten::atan2", "aten::true_divide"}) {
    for (const std::string& left : operands) {
      for (const std::string& right : operands) {
        const bool tensor = left[1] == '[' || left[0] == 'w';
        if (!tensor || (std::string(op) == "aten::maximum" && right[0] != 'w' && right[1] != '[')) continue;
        const std::string front = std::string(op) == "aten::where" ? " b[2,3] " : " ";
        const Case one{op, front + left + " " + right, false};
        const std::string wrong = check(one, random);
        // A pair that libtorch has no kernel for stands in no trace that ran there.
        if (wrong.starts_with("NO SUCH") || wrong.starts_with("libtorch fails")) continue;
        EXPECT_EQ(wrong, "") << op << one.arguments;
      }
    }
  }
}

TEST(Differential, EveryOperatorOfTheTableHasACase) {
  std::set<std::string> tried;
  for (const Case& one : read_cases()) tried.insert(one.op);
  // What libtorch does not have by this name, or only its compiler does, is tested by unit tests.
  for (const Operator& op : operators()) {
    if (!op.name.starts_with("aten::") || tried.contains(op.name)) continue;
    // Of the Python side, or a name that a tracer never prints.
    static const std::set<std::string_view> kWithoutDispatch = {
        "aten::__iand__", "aten::__ior__", "aten::__ixor__", "aten::_cast_Half", "aten::_no_grad_view",
        "aten::as_tensor", "aten::broadcast_shapes", "aten::is_grad_enabled", "aten::tensor", "aten::truediv",
        "aten::native_layer_norm",
        // Lists of any kind, and what the interpreter does itself.
        "aten::__getitem__", "aten::list", "aten::__is__", "aten::__isnot__", "aten::warn", "aten::detach_",
        "aten::_unwrap_optional",
        // Of nested tensors alone.
        "aten::_nested_tensor_from_mask", "aten::to_padded_tensor"};
    if (kWithoutDispatch.contains(op.name)) continue;
    const bool refused = !op.overloads.empty() && op.overloads[0].schema.starts_with("refused");
    EXPECT_TRUE(refused) << op.name << " has no case";
  }
}

}  // namespace
}  // namespace bertrt::graph
