#include "graph/call.h"

#include <algorithm>

#include "bertrt/error.h"
#include "graph/operators/scalar.h"

namespace bertrt::graph {
namespace {

// A count that no 64 bits may hold, without the digits behind its point.
std::string whole(double count) {
  std::string text = std::to_string(count);
  return text.substr(0, text.find('.'));
}

struct Traits {
  bool known = true;
  bool varies = false;
  double elements = 0;
};

void look(const Value& value, Traits& traits) {
  traits.varies = traits.varies || value.varies;
  if (const Tensor* tensor = value.tensor(); tensor != nullptr && tensor->defined()) {
    traits.known = traits.known && tensor->known();
    traits.varies = traits.varies || tensor->varies();
    traits.elements += static_cast<double>(tensor->elements());
  } else if (const List* list = value.list()) {
    for (const Value& item : list->items) look(item, traits);
  }
}

}  // namespace

Call::Call(RunState& run, std::string_view name, std::span<const Value> arguments)
    : run_(run), name_(name), arguments_(arguments) {
  const double elements = depends_on_all();
  spend(elements);
  compute(elements);
}

double Call::depends_on_all() {
  Traits traits;
  for (const Value& argument : arguments_) look(argument, traits);
  known_ = traits.known && !(run_.shapes_only && traits.elements > static_cast<double>(kSmall));
  varies_ = traits.varies;
  return traits.elements;
}

void Call::depends_on(std::initializer_list<std::size_t> arguments) {
  Traits traits;
  for (const std::size_t i : arguments) look(arguments_[i], traits);
  for (const Value& argument : arguments_) traits.varies = traits.varies || argument.varies;
  known_ = traits.known && !(run_.shapes_only && traits.elements > static_cast<double>(kSmall));
  varies_ = traits.varies;
}

const Tensor& Call::tensor(std::size_t i) const {
  const Tensor* tensor = arguments_[i].tensor();
  if (tensor == nullptr || !tensor->defined()) fail("a tensor", describe(arguments_[i]));
  return *tensor;
}

std::optional<Tensor> Call::optional_tensor(std::size_t i) const {
  if (arguments_[i].none()) return std::nullopt;
  return tensor(i);
}

Tensor Call::operand(std::size_t i) const { return arguments_[i].tensor() ? tensor(i) : wrap(arguments_[i]); }

std::vector<Tensor> Call::tensors(std::size_t i) const {
  const List* list = arguments_[i].list();
  if (list == nullptr) fail("a list of tensors", describe(arguments_[i]));
  std::vector<Tensor> tensors;
  for (const Value& item : list->items) {
    if (item.tensor() == nullptr || !item.tensor()->defined()) fail("a list of tensors", describe(item));
    tensors.push_back(*item.tensor());
  }
  return tensors;
}

std::int64_t Call::integer(std::size_t i) const {
  const std::int64_t* integer = arguments_[i].integer();
  if (integer == nullptr) fail("an int", describe(arguments_[i]));
  return *integer;
}

Sizes Call::integers(std::size_t i) const {
  const List* list = arguments_[i].list();
  if (list == nullptr) fail("a list of ints", describe(arguments_[i]));
  Sizes integers;
  for (const Value& item : list->items) {
    if (item.integer() == nullptr) fail("a list of ints", describe(item));
    integers.push_back(*item.integer());
  }
  return integers;
}

double Call::real(std::size_t i) const { return to_real(arguments_[i]); }

bool Call::flag(std::size_t i) const {
  const bool* flag = arguments_[i].boolean();
  if (flag == nullptr) fail("a bool", describe(arguments_[i]));
  return *flag;
}

const std::string& Call::text(std::size_t i) const {
  const std::string* text = arguments_[i].text();
  if (text == nullptr) fail("a str", describe(arguments_[i]));
  return *text;
}

std::int64_t Call::wrap_axis(std::int64_t axis, std::int64_t rank) const {
  const std::int64_t axes = std::max<std::int64_t>(rank, 1);
  if (axis < -axes || axis >= axes) {
    fail("an axis from " + std::to_string(-axes) + " to " + std::to_string(axes - 1), std::to_string(axis));
  }
  return axis < 0 ? axis + axes : axis;
}

std::vector<std::int64_t> Call::wrap_axes(const Sizes& axes, std::int64_t rank) const {
  std::vector<std::int64_t> wrapped;
  for (const std::int64_t axis : axes) {
    wrapped.push_back(wrap_axis(axis, rank));
    if (std::count(wrapped.begin(), wrapped.end(), wrapped.back()) > 1) fail("each axis once", to_string(axes));
  }
  return wrapped;
}

ElementType Call::type_of(std::int64_t code) const {
  switch (code) {
    case 0: return ElementType::uint8;
    case 1: return ElementType::int8;
    case 2: return ElementType::int16;
    case 3: return ElementType::int32;
    case 4: return ElementType::int64;
    case 5: return ElementType::float32;  // half
    case 6: return ElementType::float32;
    case 7: return ElementType::float64;
    case 11: return ElementType::boolean;
    case 15: return ElementType::float32;  // bfloat16
    default: refuse("float32, float64, integers or bool", "the scalar type " + std::to_string(code));
  }
}

void Call::check_memory(std::int64_t elements, std::size_t element_size) const {
  if (!may_read(elements)) refuse("values that are known", "too many of them for shapes alone");
  constexpr std::int64_t kMost = std::int64_t{1} << 56;
  if (elements > kMost) fail("a number of elements that memory could hold", std::to_string(elements));
  const std::size_t bytes = static_cast<std::size_t>(elements) * element_size;
  run_.meter->take(bytes);
  run_.meter->give_back(bytes);
}

std::vector<std::int64_t> Call::values_of(const Tensor& tensor) const {
  check_memory(tensor.elements(), sizeof(std::int64_t));
  return to_integers(tensor);
}

void Call::reads_values() {
  if (varies_) run_.varying_sizes = true;
}

Tensor Call::make(ElementType type, Sizes sizes) {
  const std::int64_t elements = count_elements(sizes);
  spend(static_cast<double>(elements));
  if (run_.shapes_only && elements > kSmall) known_ = false;
  compute(static_cast<double>(elements));
  keep_known(static_cast<double>(elements) * static_cast<double>(archive::element_size(type)));
  Tensor tensor = Tensor::make(type, std::move(sizes), known_, run_.meter);
  tensor.storage()->varies = varies_;
  return tensor;
}

void Call::count(double multiplications) {
  run_.multiplications += multiplications;
  spend(multiplications);
  compute(multiplications);
}

void Call::spend(double work) {
  run_.work += work;
  if (run_.work_budget > 0 && run_.work > run_.work_budget) {
    fail("at most " + whole(run_.work_budget) + " operations", whole(run_.work));
  }
}

void Call::compute(double elements) {
  if (!run_.shapes_only || !known_) return;
  run_.computed += elements;
  if (run_.computed > kMostComputed) {
    fail("at most " + whole(kMostComputed) + " values that have to be known before a run", "more");
  }
}

void Call::keep_known(double bytes) {
  if (!run_.shapes_only || !known_ || run_.known_budget == 0) return;
  run_.known_bytes += bytes;
  if (run_.known_bytes > run_.known_budget) {
    fail("at most " + whole(run_.known_budget) + " bytes of values that have to be known before a run", "more");
  }
}

void Call::give(Value value) {
  result_ = std::move(value);
  given_ = true;
}

void Call::fail(std::string_view expected, std::string_view found) const {
  throw Error(ErrorCode::runtime, std::string(name_), std::string(expected), std::string(found));
}

void Call::refuse(std::string_view expected, std::string_view found) const {
  throw Error(ErrorCode::unsupported, std::string(name_), std::string(expected), std::string(found));
}

}  // namespace bertrt::graph
