#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <memory>
#include <mutex>
#include <thread>
#include <type_traits>
#include <utility>
#include <vector>

#include "kernels/crowd.h"

namespace bertrt::kernels {

/// A non-owning reference to a callable, valid as long as the callable is; two words, no allocation.
template <typename Signature>
class FunctionRef;

template <typename Result, typename... Args>
class FunctionRef<Result(Args...)> {
 public:
  template <typename F>
  requires(!std::is_same_v<std::remove_cvref_t<F>, FunctionRef>) FunctionRef(F&& callable)
  noexcept  // NOLINT(google-explicit-constructor): made to be passed a lambda
      : object_(const_cast<void*>(static_cast<const void*>(std::addressof(callable)))),
        call_([](void* object, Args... args) -> Result {
          return (*static_cast<std::remove_reference_t<F>*>(object))(std::forward<Args>(args)...);
        }) {}

  Result operator()(Args... args) const { return call_(object_, std::forward<Args>(args)...); }

 private:
  void* object_;
  Result (*call_)(void*, Args...);
};

/// Worker threads that share out the parts of one piece of work at a time, made for regions of some ten
/// microseconds: workers spin for a moment after each region before they park, and the caller does its share.
///
/// One region runs on the workers at a time. A caller that finds them in use (another application thread, or a part
/// that calls run() itself) does all its parts alone. Callers that register (Caller) are not given more threads
/// together than the pool has: with two of them inside, one is left out of the workers' reach, and so on, until each
/// runs alone and no worker spins. So many application threads neither deadlock nor oversubscribe the machine.
///
/// A region allocates nothing, except when the number of threads has changed. Where the system starts no further
/// thread, the pool makes do with those that it has got.
class ThreadPool {
 public:
  /// Starts a thread that calls a function; tests put in one that fails. @throws std::system_error
  using Start = std::thread (*)(void (*function)(ThreadPool*, std::size_t), ThreadPool* pool, std::size_t worker);

  /// The process-wide pool; follows bertrt::num_threads() from one region to the next. A child process (fork) gets one
  /// of its own.
  static ThreadPool& shared();

  /// No workers: the caller does all parts, in order. May be used by many threads at once.
  static ThreadPool& serial();

  /// A pool of its own. @param threads  with the caller; 0: as bertrt::num_threads() says at each region
  explicit ThreadPool(std::size_t threads, Start start = start_thread);
  ThreadPool(const ThreadPool&) = delete;
  ThreadPool& operator=(const ThreadPool&) = delete;
  ~ThreadPool();

  /// Calls `part(i)` once for each i < parts, in no particular order, on this thread and the workers; returns when
  /// all have returned. The first exception is thrown here, after the others have ended. Any thread may call it.
  void run(std::size_t parts, FunctionRef<void(std::size_t part)> part);

  /// How many threads, with the caller, the next region can use, going by how many callers are inside: what a caller
  /// divides its work by.
  std::size_t threads() const noexcept;

  /// A thread that does a long piece of work with many regions (a forward pass), for as long as it lives. One inside of
  /// another on the same thread counts once.
  class Caller {
   public:
    explicit Caller(ThreadPool& pool) noexcept;
    Caller(const Caller&) = delete;
    Caller& operator=(const Caller&) = delete;
    ~Caller();

   private:
    ThreadPool* pool_;  // null: this thread was inside already
  };
  /// Takes notice that other callers have gone: for long work, now and then.
  void look_around() noexcept { crowd_.look(); }

 private:
  using Part = FunctionRef<void(std::size_t)>;

  static std::thread start_thread(void (*function)(ThreadPool*, std::size_t), ThreadPool* pool, std::size_t worker);

  std::size_t most_threads() const noexcept;
  void resize(std::size_t workers);
  void allow(std::size_t workers) noexcept;
  void work(std::size_t worker);
  bool take_part() noexcept;
  void wait_for_parts() noexcept;

  const std::size_t fixed_threads_;
  const Start start_;
  Crowd crowd_;
  std::atomic_flag busy_ = ATOMIC_FLAG_INIT;
  // Changed by the owner of busy_ alone.
  std::vector<std::thread> workers_;
  std::size_t wanted_workers_ = 0;  // as many as were asked for, if not as many as could be started

  // The region that runs. Written before remaining_ is, and stable while a part of it is not done.
  const Part* part_ = nullptr;
  std::size_t parts_ = 0;
  std::exception_ptr error_;
  std::mutex error_mutex_;

  alignas(64) std::atomic<std::uint32_t> remaining_{0};  // parts that nobody has taken, or kStop
  alignas(64) std::atomic<std::uint32_t> unfinished_{0};
  alignas(64) std::atomic<std::uint32_t> parked_{0};   // workers that wait for remaining_
  alignas(64) std::atomic<std::uint32_t> allowed_{0};  // the first so many workers take parts; the others wait for it
};

}  // namespace bertrt::kernels
