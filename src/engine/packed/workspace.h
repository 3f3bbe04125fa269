#pragma once

#include <cstddef>
#include <memory>
#include <mutex>
#include <vector>

#include "engine/packed/plan.h"
#include "kernels/linear_scratch.h"

namespace bertrt::engine::packed {

/// The memory of one forward pass, reused from pass to pass; grows to what the largest slice needs.
struct Workspace {
  kernels::AlignedBuffer activations;  ///< the slice's rows between the layers
  kernels::AlignedBuffer attention;    ///< packed keys and values, a stretch for each thread
  kernels::AlignedBuffer rotary;       ///< cosines and sines of its tokens' positions
  kernels::AlignedBuffer convolution;  ///< what stands beside the first layer
  kernels::AlignedBuffer experts;      ///< rows that an expert reads, and what it makes of them
  kernels::AlignedBuffer head_rows;    ///< rows that a head reads
  kernels::AlignedBuffer head_inner;   ///< and what its dense layer makes of them
  kernels::AlignedBuffer table;        ///< widened rows of a tied decoder
  kernels::AlignedBuffer kept;         ///< last-layer rows that a head reads when nobody asked for hidden states
  kernels::Scratch linear;
  std::vector<std::size_t> wanted;     ///< rows of the batch that the last layer is computed for
  std::vector<std::size_t> offsets;    ///< of a slice's texts
  std::vector<std::size_t> last_rows;  ///< rows of a slice that the last layer is computed for
  Plan plan;

  std::size_t memory_bytes() const noexcept;
};

/// Workspaces that nobody uses at the moment. Thread-safe.
class WorkspacePool {
 public:
  /// A workspace for one call; goes back on destruction.
  class Lease {
   public:
    Lease(WorkspacePool& pool, std::unique_ptr<Workspace> workspace);
    Lease(const Lease&) = delete;
    Lease& operator=(const Lease&) = delete;
    ~Lease();
    Workspace& operator*() const noexcept { return *workspace_; }

   private:
    WorkspacePool& pool_;
    std::unique_ptr<Workspace> workspace_;
  };

  Lease take();

 private:
  void give_back(std::unique_ptr<Workspace> workspace) noexcept;
  std::unique_lock<std::mutex> lock() noexcept;  // owns nothing where it could not be had

  std::mutex mutex_;
  std::vector<std::unique_ptr<Workspace>> free_;
};

}  // namespace bertrt::engine::packed
