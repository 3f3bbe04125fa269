#include "family/ids_use.h"

#include <algorithm>
#include <iterator>
#include <optional>
#include <set>
#include <string_view>

#include "family/terms.h"

namespace bertrt::family {
namespace {

const graph::Storage* ids_of(const Instance& instance) {
  const std::optional<std::size_t> ids = input_names(instance.program()).ids;
  return ids ? instance.inputs()[*ids].tensor()->storage()->origin() : nullptr;
}

// The second argument says of what type, or how large, the result is.
bool second_is_a_pattern(std::string_view name) {
  return name == "aten::to" || name == "aten::type_as" || name == "aten::expand_as" || name == "aten::view_as" ||
         name == "aten::reshape_as";
}

bool puts_together(std::string_view name) {
  static constexpr std::string_view kNames[] = {
      "aten::sum",       "aten::cumsum",  "aten::mean",          "aten::any",    "aten::all",
      "aten::amax",      "aten::amin",    "aten::max",           "aten::min",    "aten::prod",
      "aten::norm",      "aten::cumprod", "aten::count_nonzero", "aten::std",    "aten::var",
      "aten::logsumexp", "aten::median",  "aten::argmax",        "aten::argmin", "aten::sort"};
  return std::find(std::begin(kNames), std::end(kNames), name) != std::end(kNames);
}

class Walk {
 public:
  explicit Walk(const Instance& instance) : instance_(instance) {}

  void visit(const Ref& ref) {
    if (!ref.tensor.defined() || !ref.tensor.varies()) return;
    if (are_ids(instance_, ref)) {
      use.read = true;
    } else if (ref.producer != kNoNode && seen_.insert(ref.producer).second) {
      visit(instance_.node(ref.producer));
    }
  }

  IdsUse use;

 private:
  void visit(const Node& node) {
    use.counted = use.counted || puts_together(node.name);
    if ((node.name == "aten::eq" || node.name == "aten::ne") && are_ids(instance_, node.refs[0])) {
      if (const auto id = number(node.arguments[1])) {
        use.compared.push_back(static_cast<std::int64_t>(*id));
        return;
      }
    }
    for (std::size_t i = 0; i < node.refs.size(); ++i) {
      if (i == 1 && second_is_a_pattern(node.name)) continue;
      // A number that comes from values: of which, nobody follows.
      use.read = use.read || (node.arguments[i].tensor() == nullptr && node.arguments[i].varies);
      visit(node.refs[i]);
    }
    for (const Ref& item : node.items) visit(item);
  }

  const Instance& instance_;
  std::set<NodeId> seen_;
};

}  // namespace

bool IdsUse::shows(const Probe& probe) const {
  return !read && !counted &&
         std::all_of(compared.begin(), compared.end(), [&](std::int64_t id) { return id == probe.padding; });
}

bool are_ids(const Instance& instance, const Ref& ref) {
  const graph::Storage* ids = ids_of(instance);
  return ids != nullptr && instance.source(ref) == ids;
}

IdsUse ids_use(const Instance& instance, const Ref& ref) {
  Walk walk(instance);
  walk.visit(ref);
  return std::move(walk.use);
}

}  // namespace bertrt::family
