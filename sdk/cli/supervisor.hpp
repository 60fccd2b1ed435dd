// Runs the command under a lock that was granted, and sees to it that it is gone before the lock
// is.
#pragma once

#include <leasehold/client.hpp>
#include <leasehold/state.hpp>

#include "sdk/cli/arguments.hpp"
#include "sdk/cli/child_process.hpp"
#include "sdk/cli/event_loop.hpp"
#include "sdk/cli/kill_plan.hpp"

#include <memory>
#include <optional>

namespace leasehold::cli {

/// How it went: the command's own end, and our reason if we ended it.
struct Outcome {
    ChildEnd end;
    std::optional<Cause> cause{};
    std::optional<Loss> loss{};  ///< with Cause::lease: unless the safe deadline came too near
};

class Supervisor {
public:
    /// All of these outlive the supervisor.
    /// `lost` is told how the lock ends; `budget_end` is Instant::max() for a lead, which has none.
    Supervisor(const Client& client, std::shared_ptr<Answer<Loss>> lost, Instant budget_end,
               const RunArguments& arguments, EventLoop& loop, Surroundings around);

    /// True while a command that is started now has time to do something.
    [[nodiscard]] bool has_time();
    /// Runs the command and returns when all of its process group is reaped.
    [[nodiscard]] result<Outcome> run(Executable& executable);

private:
    void observe();
    void observe_safe_deadline(Instant asked_at, const ClientStats& stats);
    void enforce(Instant now);
    void terminate(Instant now, Cause cause);
    void kill();
    void keep_watcher_informed(Instant kill_at);
    void follow(int signal);
    void tell_of_stop();
    [[nodiscard]] KillPlan plan() const;
    [[nodiscard]] Instant kill_at() const;
    [[nodiscard]] Instant next_look(Instant now) const;
    [[nodiscard]] Outcome outcome() const;

    const Client& x_client;
    const RunArguments& x_arguments;
    EventLoop& x_loop;
    Surroundings x_around;
    std::shared_ptr<Answer<Loss>> x_lost;
    std::uint64_t x_session;  // which session of the client carries the lock
    Instant x_budget_end;
    Instant x_safe_deadline;
    Duration x_lead;

    std::optional<ChildProcess> x_child;
    std::optional<Loss> x_loss;
    std::optional<Cause> x_cause;  // set once SIGTERM was sent
    Instant x_terminated_at = Instant::max();
    bool x_is_killed = false;
    bool x_was_stopped = false;
    bool x_has_lost_watcher = false;
};

}  // namespace leasehold::cli
