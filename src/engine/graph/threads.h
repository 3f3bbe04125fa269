#pragma once

#include <cstddef>
#include <memory>

#include "kernels/thread_pool.h"

namespace bertrt::engine::graph {

/// Whose threads an engine's work is done by: its own, where a session asks for a number, else the process's.
class Threads {
 public:
  /// @param count  0: the process's
  explicit Threads(std::size_t count) : own_(count == 0 ? nullptr : std::make_unique<kernels::ThreadPool>(count)) {}

  kernels::ThreadPool& pool() const noexcept { return own_ ? *own_ : kernels::ThreadPool::shared(); }
  /// Null: the process's.
  kernels::ThreadPool* own() const noexcept { return own_.get(); }

 private:
  std::unique_ptr<kernels::ThreadPool> own_;
};

}  // namespace bertrt::engine::graph
