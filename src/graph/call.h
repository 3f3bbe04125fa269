#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "graph/operator.h"
#include "graph/tensor.h"
#include "graph/value.h"

namespace bertrt::graph {

/// What the calls of one run have in common.
struct RunState {
  int version = 10;  ///< of the archive: some arithmetic follows it
  bool shapes_only = false;
  double work_budget = 0;
  std::shared_ptr<MemoryMeter> meter = std::make_shared<MemoryMeter>();
  double multiplications = 0;
  double work = 0;
  double computed = 0;  ///< in shapes_only mode: elements of what is known all the same
  double known_bytes = 0;
  double known_budget = 0;  ///< of known_bytes; 0: no bound
  bool varying_sizes = false;
  bool baked_strides = false;
};

/// One call of an operator: its arguments, bound and of the kinds that the schema says, and what it makes.
/// A function that implements an overload reads arguments, makes results by make(), fills those that are known, and
/// hands them over by give().
class Call {
 public:
  /// In shapes_only mode nothing larger is computed, and no more than this of them all: positions and masks are.
  static constexpr std::int64_t kSmall = std::int64_t{1} << 22U;
  static constexpr double kMostComputed = 5e9;

  Call(RunState& run, std::string_view name, std::span<const Value> arguments);

  int version() const noexcept { return run_.version; }
  RunState& run() noexcept { return run_; }
  std::string_view name() const noexcept { return name_; }
  std::size_t size() const noexcept { return arguments_.size(); }
  const Value& argument(std::size_t i) const { return arguments_[i]; }
  bool has(std::size_t i) const { return !arguments_[i].none(); }

  const Tensor& tensor(std::size_t i) const;
  std::optional<Tensor> optional_tensor(std::size_t i) const;
  /// A tensor, or a number as a 0-d one that promotes as Python's numbers do.
  Tensor operand(std::size_t i) const;
  std::vector<Tensor> tensors(std::size_t i) const;
  std::int64_t integer(std::size_t i) const;
  std::int64_t integer_or(std::size_t i, std::int64_t otherwise) const { return has(i) ? integer(i) : otherwise; }
  Sizes integers(std::size_t i) const;
  double real(std::size_t i) const;
  bool flag(std::size_t i) const;
  const std::string& text(std::size_t i) const;
  /// An axis counted from the end if negative. @throws Error runtime
  std::int64_t axis(std::size_t i, std::int64_t rank) const { return wrap_axis(integer(i), rank); }
  std::int64_t wrap_axis(std::int64_t axis, std::int64_t rank) const;
  std::vector<std::int64_t> wrap_axes(const Sizes& axes, std::int64_t rank) const;
  /// A scalar type's number; halves are read as float32. @throws Error unsupported
  ElementType type_of(std::int64_t code) const;
  ElementType type(std::size_t i, ElementType otherwise) const { return has(i) ? type_of(integer(i)) : otherwise; }

  /// The result depends on these tensors alone (none: on shapes alone).
  void depends_on(std::initializer_list<std::size_t> arguments);
  /// As at the beginning. @returns the elements of all arguments
  double depends_on_all();
  /// to_integers(), when they fit into the memory budget: an expanded tensor can have any number of elements.
  std::vector<std::int64_t> values_of(const Tensor& tensor) const;
  /// Whether values_of() gives so many: where shapes alone are evaluated, an expanded tensor can have too many.
  bool may_read(std::int64_t elements) const noexcept { return !run_.shapes_only || elements <= kSmall; }
  /// Memory beside tensors is about to be taken. @throws Error runtime over the budget
  void check_memory(std::int64_t elements, std::size_t element_size) const;
  /// A size or number comes from values.
  void reads_values();
  bool varies() const noexcept { return varies_; }

  /// A new zeroed tensor, or one without bytes when the arguments have none. @throws Error runtime (memory, work)
  Tensor make(ElementType type, Sizes sizes);
  /// Products of a call, before they are computed. @throws Error runtime over the bound
  void count(double multiplications);

  void give(Value value);
  Value take() { return std::move(result_); }
  bool given() const noexcept { return given_; }

  /// @throws Error runtime
  [[noreturn]] void fail(std::string_view expected, std::string_view found) const;
  /// @throws Error unsupported
  [[noreturn]] void refuse(std::string_view expected, std::string_view found) const;

 private:
  void spend(double work);
  void compute(double elements);
  void keep_known(double bytes);

  RunState& run_;
  std::string_view name_;
  std::span<const Value> arguments_;
  bool known_ = true;
  bool varies_ = false;
  Value result_;
  bool given_ = false;
};

/// All of them have bytes.
template <typename... Tensors>
bool all_known(const Tensors&... tensors) {
  return (tensors.known() && ...);
}

}  // namespace bertrt::graph
