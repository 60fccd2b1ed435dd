// Where user code runs that has no thread of its own: completions, log handlers, stop callbacks. It
// may block for ever there without holding up anything of ours.
#pragma once

#include "sdk/core/unique_function.hpp"

#include <chrono>
#include <cstddef>
#include <memory>
#include <string>

namespace leasehold::detail {

/// Runs jobs on threads that it starts when they are needed: with one thread a serial executor,
/// with more each job gets a thread while others are stuck in theirs, up to that number. All but
/// one end when there is nothing left to do.
///
/// A job that throws ends the program. Its threads keep what they need alive: a worker may be
/// destroyed while a job of its own is running.
/// Thread safety: all functions may be called from any thread.
class Worker {
public:
    using Job = core::UniqueFunction<void()>;

    Worker(std::string name, std::size_t most_threads);
    /// Jobs that have not begun still run.
    ~Worker();
    Worker(const Worker&) = delete;
    Worker& operator=(const Worker&) = delete;

    void post(Job job);
    /// Refused, and not run, while as many as `limit` jobs wait.
    [[nodiscard]] bool post_unless_full(Job job, std::size_t limit);

    /// Waits until everything posted has run and the threads have ended, but not beyond `deadline`,
    /// and not at all inside a job of this worker: what is still running then is left to itself.
    /// Jobs posted later still run.
    void finish(std::chrono::steady_clock::time_point deadline) noexcept;

private:
    struct State;

    std::shared_ptr<State> x_state;
};

/// Runs a job on a thread of its own: for what has no client to run on.
void run_detached(Worker::Job job);

}  // namespace leasehold::detail
