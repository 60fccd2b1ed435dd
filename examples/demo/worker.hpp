// One process of the order service: a client, and several workers that share its session.
#pragma once

#include <leasehold/leasehold.hpp>

#include "event.hpp"
#include "plan.hpp"

#include <cstdint>
#include <set>
#include <string>
#include <string_view>

namespace demo {

struct WorkerSetup {
    std::string connect;               ///< ZooKeeper
    unsigned short services_port = 0;  ///< gateway and database
};

/// Threads, blocking calls. Returns the exit code of the process.
int run_blocking_workers(const WorkerSetup& setup);
/// One thread, coroutines. Returns the exit code of the process.
int run_coroutine_workers(const WorkerSetup& setup);

// ---- what both have in common: worker_common.cpp ----

/// Connects, tells the parent, and waits until it says when to start.
leasehold::result<leasehold::Client> open_client(const WorkerSetup& setup, std::string_view process,
                                                 leasehold::Instant& start);
/// Tells the parent of something that must not happen. Returns the exit code of the process.
int fail(std::string_view process, std::string what);
/// The workers of a process, each once.
std::set<std::string_view> workers_of(std::string_view process);
/// Closes the session, and tells the parent how it went.
int close_client(const leasehold::Client& client, std::string_view process);

/// Tells the parent what becomes of one task.
class Story {
public:
    explicit Story(const Task& task) : x_task(task) {}

    [[nodiscard]] leasehold::LockOptions lock_options() const;
    [[nodiscard]] std::string charge_request() const;
    [[nodiscard]] std::string write_request(std::int64_t token) const;
    /// Answered when the gateway hangs.
    static constexpr std::string_view await_hang_request = "await hang";

    void asks();
    void refused(const leasehold::Error& error) const;
    /// Also tells, when it comes to that, of a lock that ended before it was released.
    void holds(const leasehold::ScopedLock& lock) const;
    void charges();
    void cancelled(const leasehold::ScopedLock& lock, const leasehold::Error& error) const;
    void stalls(const leasehold::ScopedLock& lock) const;
    void paid();
    void written(const std::string& answer, std::int64_t token) const;
    /// Right before the release.
    void releases(const leasehold::ScopedLock& lock) const;

private:
    [[nodiscard]] Event event(EventKind kind, std::string text) const;

    Task x_task;
    leasehold::Instant x_asked{};
    leasehold::Instant x_charged{};
    bool x_is_paid = false;
};

}  // namespace demo
