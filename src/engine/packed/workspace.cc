#include "engine/packed/workspace.h"

#include <thread>
#include <utility>

namespace bertrt::engine::packed {
namespace {

// A workspace that one unusual call blew up is not kept, nor are more than a busy server's threads need.
constexpr std::size_t kMaxKeptBytes = std::size_t{96} << 20;
constexpr std::size_t kMaxKept = 16;

}  // namespace

std::size_t Workspace::memory_bytes() const noexcept {
  return activations.size() + attention.size() + rotary.size() + convolution.size() + experts.size() +
         head_rows.size() + head_inner.size() + table.size() + kept.size() + linear.rows.size() + linear.parts.size() +
         linear.sums.size() + wanted.capacity() * sizeof(std::size_t);
}

WorkspacePool::Lease::Lease(WorkspacePool& pool, std::unique_ptr<Workspace> workspace)
    : pool_(pool), workspace_(std::move(workspace)) {}

WorkspacePool::Lease::~Lease() { pool_.give_back(std::move(workspace_)); }

// For a moment at most: in a child process the lock may be one that a thread of the parent held, and never comes free.
std::unique_lock<std::mutex> WorkspacePool::lock() noexcept {
  std::unique_lock guard(mutex_, std::try_to_lock);
  for (int tries = 0; !guard.owns_lock() && tries < 1000; ++tries) {
    std::this_thread::yield();
    static_cast<void>(guard.try_lock());
  }
  return guard;
}

WorkspacePool::Lease WorkspacePool::take() {
  if (const std::unique_lock guard = lock()) {
    if (free_.capacity() == 0) free_.reserve(kMaxKept);
    if (!free_.empty()) {
      std::unique_ptr<Workspace> workspace = std::move(free_.back());
      free_.pop_back();
      return {*this, std::move(workspace)};
    }
  }
  return {*this, std::make_unique<Workspace>()};
}

void WorkspacePool::give_back(std::unique_ptr<Workspace> workspace) noexcept {
  if (workspace->memory_bytes() > kMaxKeptBytes) return;
  const std::unique_lock guard = lock();
  // Never grows where it would have to allocate: cannot throw.
  if (guard && free_.size() < free_.capacity()) free_.push_back(std::move(workspace));
}

}  // namespace bertrt::engine::packed
