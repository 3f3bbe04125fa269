#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <span>
#include <string>
#include <vector>

#include "engine/packed/norm.h"
#include "engine/packed/row_table.h"
#include "family/encoder_spec.h"
#include "kernels/linear.h"
#include "kernels/thread_pool.h"

namespace bertrt::engine::packed {

/// Packs a model's weights, each once however often the spec names it (shared layers, a decoder that is tied to the
/// word embeddings, a pooler that a head reads too).
///
/// What is asked for is checked at once; linear layers are packed together at the end, on all threads of the pool.
/// Not thread-safe; the spec and the bytes behind it must outlive run().
class Packer {
 public:
  explicit Packer(kernels::ThreadPool& pool) : pool_(pool) {}

  using Linear = std::shared_ptr<const kernels::Linear>;

  /// Sets `to`, by the end of run(), to the layers that read the same input, their outputs side by side.
  /// @throws Error model_mismatch unless each weight is [out, in] and each bias [out]
  void linear(std::span<const family::Dense* const> parts, std::size_t in, DType dtype, Linear& to);
  void linear(const family::Dense& dense, std::size_t in, DType dtype, Linear& to);

  /// A table [rows, width]; the same one for the same weight, in the format that was wanted first.
  /// @param width  that it must have; 0: any. @throws Error model_mismatch
  std::shared_ptr<const RowTable> table(const family::Weight& weight, std::size_t width, RowFormat wanted);
  /// Whether table() was called for this weight.
  bool has_table(const family::Weight& weight) const { return tables_.contains(key_of(weight)); }
  /// Whether two are one weight: they read the same numbers of the same memory in the same order.
  static bool is_same(const family::Weight& a, const family::Weight& b) { return key_of(a) == key_of(b); }

  void run();

  /// What was packed and holds values that are no finite numbers, in words, by name; after run().
  std::vector<std::string> findings() const;

  kernels::ThreadPool& pool() const noexcept { return pool_; }

 private:
  using Key = std::vector<std::uint64_t>;
  struct Job {
    std::vector<const family::Dense*> parts;
    DType dtype;
    std::vector<Linear*> wanted_by;
  };

  static Key key_of(const family::Weight& weight);
  void found_odd(const std::string& name);

  kernels::ThreadPool& pool_;
  std::map<Key, Job> jobs_;
  std::map<Key, std::shared_ptr<const RowTable>> tables_;
  std::mutex mutex_;
  std::set<std::string> odd_;
};

/// @throws Error model_mismatch unless the weight has this shape; unsupported unless it holds floating-point numbers
void check_shape(const family::Weight& weight, const std::vector<std::int64_t>& shape);
/// A vector of `size` values in fp32. @throws Error model_mismatch, unsupported
std::vector<float> vector_of(const family::Weight& weight, std::size_t size);
/// @throws Error model_mismatch for other widths or an eps that is no number above or equal to 0; unsupported
Norm norm_of(const family::LayerNorm& norm, std::size_t width);
/// Outputs of a layer, checked to be a matrix. @throws Error model_mismatch
std::size_t outputs_of(const family::Dense& dense);
kernels::Activation activation_of(family::Activation activation) noexcept;

}  // namespace bertrt::engine::packed
