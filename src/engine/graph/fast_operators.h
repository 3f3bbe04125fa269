#pragma once

#include <map>
#include <memory>
#include <mutex>

#include "graph/evaluate.h"
#include "graph/program.h"
#include "kernels/linear.h"
#include "kernels/thread_pool.h"

namespace bertrt::engine::graph {

/// Fast kernels in place of the plain evaluation of what costs: dense layers on stored weights (packed at their first
/// use), products of activations, layer norm, softmax, GELU, tanh and attention. Everything else is left to the plain
/// evaluation. Any number of calls at once.
class FastOperators {
 public:
  explicit FastOperators(const bertrt::graph::Program& program);

  /// Fills `result` and returns true, or returns false for what it has no kernel for.
  bool run(const bertrt::graph::Event& event, bertrt::graph::Value& result, kernels::ThreadPool& pool) const;

 private:
  struct Key {
    const bertrt::graph::Storage* storage;
    const bertrt::graph::Storage* bias;
    std::int64_t offset, rows, columns, row_stride, column_stride, bias_offset;
    DType dtype = DType::fp32;
    auto operator<=>(const Key&) const = default;
  };
  static Key key_of(const bertrt::graph::Tensor& weight, const bertrt::graph::Tensor* bias);
  /// The packed layer of a key, made by `pack` where it is asked for first.
  std::shared_ptr<const kernels::Linear> packed(
      const Key& key, kernels::FunctionRef<std::unique_ptr<const kernels::Linear>()> pack) const;
  /// x weightᵀ + bias. @param weight  [out, in], stored
  bertrt::graph::Tensor times_stored(const bertrt::graph::Tensor& x, const bertrt::graph::Tensor& weight,
                                     const bertrt::graph::Tensor* bias, kernels::ThreadPool& pool) const;
  bool product(const bertrt::graph::Tensor* a, const bertrt::graph::Tensor* b, const bertrt::graph::Tensor* bias,
               bertrt::graph::Value& result, kernels::ThreadPool& pool) const;
  bool linear(const bertrt::graph::Event& event, bertrt::graph::Value& result, kernels::ThreadPool& pool) const;
  bool linear_of_integers(const bertrt::graph::Event& event, bertrt::graph::Value& result,
                          kernels::ThreadPool& pool) const;
  /// Whether a bias is none, or a stored one of so many numbers, which `bias` then points to.
  bool takes_bias(const bertrt::graph::Value& argument, std::int64_t count, const bertrt::graph::Tensor*& bias) const;
  bool is_stored(const bertrt::graph::Tensor& tensor) const { return stored_.contains(tensor.storage().get()); }

  std::map<const bertrt::graph::Storage*, bool> stored_;  // storages of constants
  mutable std::mutex mutex_;
  mutable std::map<Key, std::shared_ptr<const kernels::Linear>> linears_;
};

}  // namespace bertrt::engine::graph
