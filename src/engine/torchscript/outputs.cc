#include "engine/torchscript/outputs.h"

#include <algorithm>
#include <numeric>
#include <sstream>
#include <tuple>
#include <utility>

#include "bertrt/error.h"
#include "engine/torchscript/output_roles.h"

namespace bertrt::engine::torchscript {
namespace {

constexpr std::size_t kDeepest = 16;

std::string shape_text(const at::Tensor& tensor) {
  std::ostringstream out;
  out << tensor.sizes();
  return out.str();
}

class Flattener {
 public:
  explicit Flattener(const std::vector<std::string>& names) : names_(names) {}

  std::vector<FoundTensor> all(const c10::IValue& value) {
    if (value.isTensor()) {
      add(value, names_.empty() ? "0" : names_.front(), 1);
    } else {
      add(value, "", 0);
    }
    return std::move(found_);
  }

 private:
  void add(const c10::IValue& value, const std::string& name, std::size_t depth) {
    if (depth > kDeepest) {
      throw Error(ErrorCode::unsupported, "outputs", "tensors at most " + std::to_string(kDeepest) + " levels deep",
                  "more levels");
    }
    std::size_t place = 0;
    const auto member = [&](const c10::IValue& item) {
      const bool outermost = name.empty() && depth == 0;
      const std::string own = outermost && place < names_.size() ? names_[place] : std::to_string(place);
      ++place;
      add(item, name.empty() ? own : name + "." + own, depth + 1);
    };
    if (value.isTensor()) {
      found_.push_back({name, value.toTensor()});
    } else if (value.isGenericDict()) {
      for (const auto& entry : value.toGenericDict()) {
        const std::string key = entry.key().isString() ? entry.key().toStringRef() : std::to_string(place);
        ++place;
        add(entry.value(), name.empty() ? key : name + "." + key, depth + 1);
      }
    } else if (value.isTuple()) {
      for (const c10::IValue& item : value.toTupleRef().elements()) member(item);
    } else if (value.isTensorList()) {
      for (const at::Tensor& item : value.toTensorVector()) member(item);
    } else if (value.isList()) {
      for (const c10::IValue& item : value.toListRef()) member(item);
    }
  }

  const std::vector<std::string>& names_;
  std::vector<FoundTensor> found_;
};

bool is_number(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

}  // namespace

bool has_shape(const at::Tensor& tensor, std::initializer_list<std::size_t> sizes) {
  if (!tensor.defined() || static_cast<std::size_t>(tensor.dim()) != sizes.size()) return false;
  std::int64_t dimension = 0;
  for (const std::size_t size : sizes) {
    if (size != 0 && tensor.size(dimension) != static_cast<std::int64_t>(size)) return false;
    ++dimension;
  }
  return true;
}

std::vector<FoundTensor> flatten(const c10::IValue& value, const std::vector<std::string>& names) {
  return Flattener(names).all(value);
}

OutputPlan::Entry OutputPlan::make_entry(const at::Tensor& tensor, std::size_t position, std::size_t length) {
  Entry entry;
  entry.position = position;
  for (std::int64_t axis = 1; axis < tensor.dim(); ++axis) {
    entry.sizes.push_back(tensor.size(axis));
    entry.token_axes.push_back(tensor.size(axis) == static_cast<std::int64_t>(length));
  }
  return entry;
}

OutputPlan::OutputPlan(const Run& run, const std::optional<Run>& other, const std::vector<std::string>& names,
                       const ModelTraits& traits, std::size_t rows, const std::string& where)
    : names_(names), where_(where) {
  const std::vector<FoundTensor> found = flatten(run.value, names_);
  std::vector<FoundTensor> longer;
  if (other) longer = flatten(other->value, names_);
  count_ = found.size();
  std::vector<SeenOutput> seen;
  for (std::size_t i = 0; i < found.size(); ++i) {
    const std::string& name = found[i].name;
    if (found[i].tensor.dim() == 0 || found[i].tensor.size(0) != static_cast<std::int64_t>(rows)) {
      findings_.push_back("output " + name + " of shape " + shape_text(found[i].tensor) +
                          " has no part for each text, and is left out");
      continue;
    }
    Entry entry = make_entry(found[i].tensor, i, run.length);
    if (longer.size() == count_ && !entry.sizes.empty() && longer[i].tensor.dim() == found[i].tensor.dim() &&
        longer[i].tensor.sizes().back() == entry.sizes.back()) {
      entry.token_axes.back() = false;
    }
    // The hidden size is no count of tokens, whatever length was traced.
    if (entry.sizes.size() == 2 && static_cast<std::size_t>(entry.sizes.back()) == traits.hidden_size) {
      entry.token_axes.back() = false;
    }
    SeenOutput output{name, !is_number(name.substr(0, name.find('.'))), 0, 0, entry.token_axes, entry.sizes};
    if (const std::size_t dot = name.rfind('.'); dot != std::string::npos) {
      const std::string list = name.substr(0, dot + 1);
      const auto in_list = [&](const FoundTensor& member) {
        return member.name.starts_with(list) && member.name.find('.', list.size()) == std::string::npos;
      };
      output.list = static_cast<std::size_t>(std::count_if(found.begin(), found.end(), in_list));
      output.place = static_cast<std::size_t>(
          std::count_if(found.begin(), found.begin() + static_cast<std::ptrdiff_t>(i), in_list));
    }
    seen.push_back(std::move(output));
    entries_.push_back(std::move(entry));
  }
  if (entries_.empty()) {
    throw Error(ErrorCode::model_mismatch, where_,
                "an output that has a part for each text, for inputs of [" + std::to_string(rows) + ", " +
                    std::to_string(run.length) + "]",
                found.empty() ? "no tensor" : "shape " + shape_text(found.front().tensor));
  }
  infos_ = roles_of(seen, traits);
  for (const OutputInfo& info : infos_) {
    if (info.evidence == Evidence::by_shape) {
      findings_.push_back("output " + info.name + " has no name: it is taken for a hidden state by its shape alone");
    }
  }
  sort();
  unpack(run.value, rows, run.length);  // checks the shapes behind names, too
}

// As EncoderOutput has its members, what comes in `more` last.
void OutputPlan::sort() {
  std::vector<std::size_t> order(infos_.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
    const auto key = [&](std::size_t i) {
      return infos_[i].in_more ? std::tuple(true, OutputRole::other) : std::tuple(false, infos_[i].role);
    };
    return key(a) < key(b);
  });
  std::vector<OutputInfo> infos;
  std::vector<Entry> entries;
  for (const std::size_t i : order) {
    OutputInfo info = std::move(infos_[i]);
    info.shape.clear();
    for (std::size_t axis = 0; axis < entries_[i].sizes.size(); ++axis) {
      info.shape.push_back(entries_[i].token_axes[axis] ? -1 : entries_[i].sizes[axis]);
    }
    infos.push_back(std::move(info));
    entries.push_back(std::move(entries_[i]));
  }
  infos_ = std::move(infos);
  entries_ = std::move(entries);
}

Unpacked OutputPlan::unpack(const c10::IValue& value, std::size_t rows, std::size_t length) const {
  const std::vector<FoundTensor> found = flatten(value, names_);
  if (found.size() != count_) {
    throw Error(ErrorCode::runtime, where_, std::to_string(count_) + " outputs, as in the first run",
                std::to_string(found.size()));
  }
  Unpacked out;
  out.reserve(entries_.size());
  for (std::size_t i = 0; i < entries_.size(); ++i) {
    const Entry& entry = entries_[i];
    const at::Tensor& tensor = found[entry.position].tensor;
    bool right = static_cast<std::size_t>(tensor.dim()) == entry.sizes.size() + 1 &&
                 tensor.size(0) == static_cast<std::int64_t>(rows);
    for (std::size_t axis = 0; right && axis < entry.sizes.size(); ++axis) {
      const std::int64_t size = entry.token_axes[axis] ? static_cast<std::int64_t>(length) : entry.sizes[axis];
      right = tensor.size(static_cast<std::int64_t>(axis) + 1) == size;
    }
    if (!right) {
      throw Error(ErrorCode::runtime, where_ + ", output " + infos_[i].name,
                  "an output for " + std::to_string(rows) + " texts" +
                      (by_token(i) ? " of " + std::to_string(length) + " tokens each" : ""),
                  "shape " + shape_text(tensor));
    }
    out.push_back(tensor.to(at::kCPU, at::kFloat).contiguous());
  }
  return out;
}

std::optional<std::size_t> OutputPlan::last_hidden() const noexcept {
  std::optional<std::size_t> last;
  for (std::size_t i = 0; i < infos_.size(); ++i) {
    if (infos_[i].role == OutputRole::hidden_state && !infos_[i].in_more) last = i;
  }
  return last;
}

at::Tensor OutputPlan::part(const Unpacked& unpacked, std::size_t index, std::size_t row, std::size_t tokens) const {
  at::Tensor one = unpacked[index].select(0, static_cast<std::int64_t>(row));
  const std::vector<bool>& axes = entries_[index].token_axes;
  for (std::size_t axis = 0; axis < axes.size(); ++axis) {
    if (axes[axis]) one = one.narrow(static_cast<std::int64_t>(axis), 0, static_cast<std::int64_t>(tokens));
  }
  return one.contiguous();
}

bool OutputPlan::by_token(std::size_t index) const noexcept {
  const std::vector<bool>& axes = entries_[index].token_axes;
  return std::find(axes.begin(), axes.end(), true) != axes.end();
}

}  // namespace bertrt::engine::torchscript
