#include "graph/program.h"

#include "bertrt/error.h"

namespace bertrt::graph {
namespace {

constexpr std::size_t kMaxValues = 1U << 16U;  // a tuple can hold one value many times over
constexpr std::size_t kMaxDepth = 128;         // no program makes deeper ones

class Flattener {
 public:
  void add(const Value& value, const std::string& path, std::size_t depth) {
    if (++visited_ > kMaxValues || depth > kMaxDepth) {
      throw Error(ErrorCode::runtime, "a model's result", "at most " + std::to_string(kMaxValues) + " values", "more");
    }
    if (const Tensor* tensor = value.tensor()) {
      outputs.push_back({OutputPath{path.empty() ? "0" : path}, *tensor});
    } else if (const List* list = value.list()) {
      add_items(list->items, path, depth);
    } else if (const Tuple* tuple = value.tuple()) {
      add_items(tuple->items, path, depth);
    } else if (const Dict* dict = value.dict()) {
      for (const auto& [key, item] : dict->items) add(item, below(path, key), depth + 1);
    }
  }

  std::vector<std::pair<OutputPath, Tensor>> outputs;

 private:
  static std::string below(const std::string& path, const std::string& name) {
    return path.empty() ? name : path + '.' + name;
  }

  void add_items(const std::vector<Value>& items, const std::string& path, std::size_t depth) {
    for (std::size_t i = 0; i < items.size(); ++i) add(items[i], below(path, std::to_string(i)), depth + 1);
  }

  std::size_t visited_ = 0;
};

}  // namespace

std::string Program::where(const Place& place) const {
  const std::string entry = place.entry < entries.size() ? entries[place.entry] : "the program";
  return entry + ':' + std::to_string(place.line);
}

std::vector<std::pair<OutputPath, Tensor>> flatten(const Value& result) {
  Flattener flattener;
  flattener.add(result, "", 0);
  return std::move(flattener.outputs);
}

}  // namespace bertrt::graph
