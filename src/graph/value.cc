#include "graph/value.h"

#include <algorithm>

#include "bertrt/error.h"

namespace bertrt::graph {
namespace {

const Nesting* nesting(const Value& value) {
  if (const List* list = value.list()) return list;
  if (const Tuple* tuple = value.tuple()) return tuple;
  return value.dict();
}

void nest(Nesting& outer, const Value& value) {
  const Nesting* inner = nesting(value);
  outer.depth = std::max(outer.depth, inner == nullptr ? 1 : inner->depth + 1);
  outer.values += 1 + (inner == nullptr ? 0 : inner->values);
  if (outer.depth > Nesting::kMaxDepth || outer.values > Nesting::kMaxValues) {
    throw Error(ErrorCode::runtime, "list", "at most 64 levels and 1048576 values",
                std::to_string(outer.depth) + " levels, " + std::to_string(outer.values) + " values");
  }
}

template <typename Sequence>
Value make(std::vector<Value> items) {
  auto sequence = std::make_shared<Sequence>();
  bool tainted = false;
  for (const Value& item : items) {
    nest(*sequence, item);
    tainted = tainted || item.varies;
  }
  sequence->items = std::move(items);
  Value value(std::shared_ptr<const Sequence>(std::move(sequence)));
  value.varies = tainted;
  return value;
}

std::string shortened(const std::string& text) {
  std::string plain = text.substr(0, 80);
  for (char& c : plain) {
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) c = ' ';
  }
  return plain;
}

}  // namespace

Value Value::list(std::vector<Value> items) { return make<List>(std::move(items)); }

Value Value::list(const Sizes& integers) { return list(std::vector<Value>(integers.begin(), integers.end())); }

Value Value::tuple(std::vector<Value> items) { return make<Tuple>(std::move(items)); }

Value Value::dict(std::vector<std::pair<std::string, Value>> items) {
  auto dict = std::make_shared<Dict>();
  bool tainted = false;
  for (const auto& item : items) {
    nest(*dict, item.second);
    tainted = tainted || item.second.varies;
  }
  dict->items = std::move(items);
  Value value(std::shared_ptr<const Dict>(std::move(dict)));
  value.varies = tainted;
  return value;
}

std::string describe(const Value& value) {
  if (value.none()) return "None";
  if (const bool* flag = value.boolean()) return *flag ? "bool True" : "bool False";
  if (const std::int64_t* number = value.integer()) return "int " + std::to_string(*number);
  if (const double* number = value.real()) return "float " + std::to_string(*number);
  if (const std::string* text = value.text()) return "str \"" + shortened(*text) + "\"";
  if (const Device* device = value.device()) return "device " + shortened(device->name);
  if (const Tensor* tensor = value.tensor()) {
    if (!tensor->defined()) return "an undefined tensor";
    return std::string(archive::to_string(tensor->type())) + " tensor " + to_string(tensor->sizes());
  }
  if (const List* list = value.list()) return "List of " + std::to_string(list->items.size());
  if (const Tuple* tuple = value.tuple()) return "Tuple of " + std::to_string(tuple->items.size());
  return "Dict of " + std::to_string(value.dict()->items.size());
}

bool varies(const Value& value) {
  if (value.varies) return true;
  if (const Tensor* tensor = value.tensor()) return tensor->defined() && tensor->varies();
  const auto any = [](const std::vector<Value>& items) { return std::any_of(items.begin(), items.end(), varies); };
  if (const List* list = value.list()) return any(list->items);
  if (const Tuple* tuple = value.tuple()) return any(tuple->items);
  if (const Dict* dict = value.dict()) {
    return std::any_of(dict->items.begin(), dict->items.end(), [](const auto& item) { return varies(item.second); });
  }
  return false;
}

}  // namespace bertrt::graph
