#include "sdk/cli/supervisor.hpp"

#include "sdk/cli/report.hpp"

#include <algorithm>
#include <chrono>
#include <csignal>
#include <string>
#include <unistd.h>
#include <utility>

namespace leasehold::cli {
namespace {

using namespace std::chrono_literals;

/// How long after us the watcher kills: it is for when we do not.
constexpr Duration watcher_delay = 50ms;

/// The safe deadline moves with every ping, and pings go out every half tick.
Duration look_interval(const ClientOptions& options) {
    return std::max<Duration>(Duration{options.tick} / 2, 20ms);
}

}  // namespace

Supervisor::Supervisor(const Client& client, std::shared_ptr<Answer<Loss>> lost, Instant budget_end,
                       const RunArguments& arguments, EventLoop& loop, Surroundings around)
    : x_client(client),
      x_arguments(arguments),
      x_loop(loop),
      x_around(around),
      x_lost(std::move(lost)),
      x_budget_end(budget_end) {
    const Instant now = BootClock::now();
    const ClientStats stats = client.stats();
    x_session = stats.sessions;
    x_safe_deadline = now + stats.lease_in_hand;
    x_lead = lead_of(arguments.grace, lease_span(arguments.ensemble.client, stats.session_timeout));
}

bool Supervisor::has_time() {
    observe();
    return !x_loss && BootClock::now() < plan().term_at;
}

result<Outcome> Supervisor::run(Executable& executable) {
    // Before the command can do anything: we may be stopped in the next moment.
    keep_watcher_informed(plan().kill_at);
    BOOST_OUTCOME_TRY(ChildProcess child, ChildProcess::start(executable, x_around));
    x_child.emplace(std::move(child));
    while (!x_child->update()) {
        tell_of_stop();
        observe();
        const Instant now = BootClock::now();
        enforce(now);
        follow(x_loop.wait(next_look(now)));
    }
    return outcome();
}

// ---- what the SDK tells ----

void Supervisor::observe() {
    const auto lost = x_lost->take();
    if (lost && *lost) {
        const Loss loss = lost->value();
        if (loss == Loss::budget) {
            x_budget_end = std::min(x_budget_end, BootClock::now());
        } else {
            x_loss = loss;
        }
    }
    const Instant asked_at = BootClock::now();
    observe_safe_deadline(asked_at, x_client.stats());
}

/// The snapshot was taken after `asked_at`, so what is computed here is never later than the truth.
void Supervisor::observe_safe_deadline(Instant asked_at, const ClientStats& stats) {
    const bool is_ours = stats.sessions == x_session && (stats.state == ClientState::connected ||
                                                         stats.state == ClientState::jeopardy);
    if (is_ours) {
        x_safe_deadline = asked_at + stats.lease_in_hand;
        return;
    }
    // The session has ended, and the lock with it: the last safe deadline stands.
    if (!x_loss) {
        x_loss = Loss::session_expired;
    }
}

// ---- what we do about it ----

KillPlan Supervisor::plan() const {
    return plan_kill(x_budget_end, x_safe_deadline, x_arguments.grace, x_lead);
}

Instant Supervisor::kill_at() const {
    return x_cause ? kill_time(x_terminated_at, x_safe_deadline, x_arguments.grace)
                   : plan().kill_at;
}

void Supervisor::enforce(Instant now) {
    if (!x_cause) {
        const KillPlan plan_now = plan();
        if (x_loss) {
            terminate(now, Cause::lease);
        } else if (now >= plan_now.term_at) {
            terminate(now, plan_now.cause);
        }
    }
    if (now >= kill_at()) {
        kill();
    }
    keep_watcher_informed(kill_at());
}

void Supervisor::terminate(Instant now, Cause cause) {
    x_cause = cause;
    x_terminated_at = now;
    x_child->send(SIGTERM);
    x_child->send(SIGCONT);  // whoever of the group is stopped could not act on it
}

void Supervisor::kill() {
    if (!std::exchange(x_is_killed, true)) {
        x_child->send(SIGKILL);
    }
}

void Supervisor::keep_watcher_informed(Instant kill_at) {
    if (!x_around.watcher.kill_by(kill_at + watcher_delay) &&
        !std::exchange(x_has_lost_watcher, true)) {
        say("warning: the process that watches over the command was killed; if this one is killed, "
            "too, only the command itself ends, not what it started");
    }
}

void Supervisor::follow(int signal) {
    if (is_request_to_end(signal) || is_job_control(signal)) {
        x_child->send(signal);
    }
}

void Supervisor::tell_of_stop() {
    const bool is_stopped = x_child->is_stopped();
    if (is_stopped && !x_was_stopped) {
        say("the command is stopped, and its budget goes on; SIGCONT to process " +
            std::to_string(::getpid()) + " continues it");
    }
    x_was_stopped = is_stopped;
}

Instant Supervisor::next_look(Instant now) const {
    if (x_is_killed) {
        return Instant::max();  // only its end is left to wait for
    }
    const Instant next = x_cause ? kill_at() : plan().term_at;
    return std::min(next, now + look_interval(x_arguments.ensemble.client));
}

/// The command may also have been killed by the watcher while we were stopped.
Outcome Supervisor::outcome() const {
    Outcome outcome{.end = x_child->end(), .cause = x_cause, .loss = x_loss};
    const bool by_watcher = outcome.end.by_signal && outcome.end.status == SIGKILL &&
                            BootClock::now() >= plan().kill_at;
    if (!outcome.cause && by_watcher) {
        outcome.cause = plan().cause;
    }
    return outcome;
}

}  // namespace leasehold::cli
