#include "sdk/cli/run_command.hpp"

#include <leasehold/client.hpp>

#include "sdk/cli/duration.hpp"
#include "sdk/cli/event_loop.hpp"
#include "sdk/cli/exit_code.hpp"
#include "sdk/cli/report.hpp"
#include "sdk/cli/supervisor.hpp"
#include "sdk/cli/watcher.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <cstring>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace leasehold::cli {
namespace {

using namespace std::chrono_literals;

/// For telling the server that we go: well within the second that the tool has after the wait.
constexpr milliseconds close_limit = 600ms;
/// How much later than the wait the SDK may answer before we stop waiting for it.
constexpr milliseconds answer_slack = 250ms;

/// The only event of the SDK's log that the person at the terminal has to know of.
struct Warnings {
    void operator()(const LogRecord& record) const {
        if (record.event == "kazoo_contender") {
            say("warning: " + *path +
                " has contenders of kazoo, whose plain Lock does not see ours; "
                "give --naming kazoo here, or extra_lock_patterns=[\"lock-\"] there");
        }
    }
    const std::string* path;
};

std::string base_name(const std::string& command) {
    return command.substr(command.rfind('/') + 1);  // npos + 1 is 0
}

milliseconds bound_on_answer(const EnsembleArguments& ensemble) {
    const milliseconds gap = ensemble.client.ack_gap == 0ms
                                 ? std::min<milliseconds>(2s, ensemble.client.tick)
                                 : ensemble.client.ack_gap;
    constexpr milliseconds for_ever = std::chrono::hours{24 * 365 * 100};
    return (ensemble.wait == 0ms ? gap : std::min(ensemble.wait, for_ever)) + answer_slack;
}

constexpr std::array<AclEntry, 1> open_to_all{{{perms::all, "world", "anyone"}}};

/// Empty leaves it to the client.
std::span<const AclEntry> acl(const RunArguments& arguments) {
    return arguments.open_acl ? std::span<const AclEntry>(open_to_all)
                              : std::span<const AclEntry>();
}

LockOptions lock_options(const RunArguments& arguments) {
    return {.wait = arguments.ensemble.wait,
            .budget = arguments.budget,
            .on_budget = OnBudget::hold_until_return,
            .reserve = 0ms,
            // The command is gone by then; this only has to be later, and finite.
            .max_hold = arguments.budget + arguments.grace + 1s,
            .naming = arguments.naming,
            .permits = arguments.permits,
            .lock_delay = arguments.lock_delay,
            .watch_own_node = true,
            .acl = acl(arguments)};
}

Awaited<Leadership> stand(const Client& client, const RunArguments& arguments, EventLoop& loop) {
    const auto answer = std::make_shared<Answer<Leadership>>(loop.nudge());
    const Instant until = BootClock::now() + bound_on_answer(arguments.ensemble);
    const ElectOptions options{.wait = arguments.ensemble.wait,
                               .reserve = 0ms,
                               .payload = arguments.payload,
                               .naming = arguments.naming,
                               .lock_delay = arguments.lock_delay,
                               .acl = acl(arguments)};
    client.async_elect(arguments.ensemble.path, options,
                       [answer](result<Leadership> lead) { answer->put(std::move(lead)); });
    return await(loop, *answer, until);
}

void acquire_one(const Client& client, const RunArguments& arguments,
                 std::function<void(result<ScopedLock>)> take) {
    const std::string& path = arguments.ensemble.path;
    const LockOptions options = lock_options(arguments);
    switch (arguments.kind) {
        case LockKind::exclusive: return client.async_lock(path, options, std::move(take));
        case LockKind::shared: return client.async_lock_shared(path, options, std::move(take));
        case LockKind::upgradable:
            return client.async_lock_upgradable(path, options, std::move(take));
        case LockKind::permit: return client.async_acquire_permit(path, options, std::move(take));
    }
}

Awaited<ScopedLock> acquire(const Client& client, const RunArguments& arguments, EventLoop& loop) {
    const auto answer = std::make_shared<Answer<ScopedLock>>(loop.nudge());
    const Instant until = BootClock::now() + bound_on_answer(arguments.ensemble);
    const auto take = [answer](result<ScopedLock> lock) { answer->put(std::move(lock)); };
    if (!arguments.also.empty()) {
        std::vector<std::string> paths{arguments.ensemble.path};
        paths.insert(paths.end(), arguments.also.begin(), arguments.also.end());
        client.async_lock_all(paths, lock_options(arguments), take);
    } else {
        acquire_one(client, arguments, take);
    }
    return await(loop, *answer, until);
}

using Variables = std::array<Variable, 3>;

/// Who shares has no token; that of an outer run must not pass for one.
Variables variables(const ScopedLock& lock, const std::string& path) {
    const auto left = std::chrono::floor<milliseconds>(lock.remaining());
    std::optional<std::string> token;
    if (lock.token() != 0) {
        token = std::to_string(lock.token());
    }
    return {{{"LEASEHOLD_TOKEN", std::move(token)},
             {"LEASEHOLD_PATH", path},
             {"LEASEHOLD_DEADLINE_MS", std::to_string(left.count())}}};
}

/// Nor has a lead a deadline that could be told in advance.
Variables variables(const Leadership& lead, const std::string& path) {
    return {{{"LEASEHOLD_TOKEN", std::to_string(lead.token())},
             {"LEASEHOLD_PATH", path},
             {"LEASEHOLD_DEADLINE_MS", std::nullopt}}};
}

/// Not shortened, the deadline is the end of the budget and stays it.
Instant budget_end(const ScopedLock& lock, const RunArguments& arguments) {
    const Instant latest = BootClock::now() + Duration{arguments.budget};
    return lock.is_shortened() ? latest : std::min(lock.deadline(), latest);
}

Instant budget_end(const Leadership&, const RunArguments&) {
    return Instant::max();
}

std::string how_it_ended(const ChildEnd& end) {
    return end.by_signal ? "the command was ended by " + signal_name(end.status)
                         : "the command exited with " + std::to_string(end.status);
}

std::string why_lost(const Outcome& outcome) {
    if (!outcome.loss) {
        return "no contact with the ensemble, and the lease was running out";
    }
    switch (*outcome.loss) {
        case Loss::session_expired: return "the session expired";
        case Loss::node_deleted: return "somebody deleted its node";
        case Loss::deadline: return "no contact with the ensemble until the safe deadline";
        case Loss::auth_failed: return "the server refuses our SASL credentials";
        case Loss::released:
        case Loss::budget:
        case Loss::closed: break;
    }
    return std::string(to_string(*outcome.loss));
}

int report_not_executable(const std::string& word, int error_number) {
    const int code = exit_code::of_exec_failure(error_number);
    say(word + ": " + std::strerror(error_number));
    say(code == exit_code::not_found ? "check the command's name and PATH"
                                     : "check that it is a program, and its permissions");
    return code;
}

int report_outcome(const RunArguments& arguments, const Outcome& outcome,
                   const result<void>& verdict) {
    const std::string& path = arguments.ensemble.path;
    if (outcome.end.exec_errno != 0) {
        return report_not_executable(arguments.command.front(), outcome.end.exec_errno);
    }
    if (outcome.cause == Cause::budget ||
        (!outcome.cause && verdict.has_error() && verdict.error() == errc::budget_exceeded)) {
        say(path + ": the budget of " + format_duration(arguments.budget) + " is used up; " +
            how_it_ended(outcome.end));
        say("give a longer --budget, or a command that takes less time");
        return exit_code::budget;
    }
    if (outcome.cause == Cause::lease) {
        say(path + (arguments.is_election ? ": the lead was lost: " : ": the lock was lost: ") +
            why_lost(outcome) + "; " + how_it_ended(outcome.end));
        say("what the command had begun may be unfinished; see who is first now: leasehold ls " +
            path);
        return exit_code::lock_lost;
    }
    if (!verdict) {
        return report(verdict.error(), path);
    }
    return outcome.end.exit_code();
}

template <class Held>
int run_holding(const Client& client, const Held& held, const RunArguments& arguments,
                EventLoop& loop, const Surroundings& around) {
    const std::string& path = arguments.ensemble.path;
    const auto lost = std::make_shared<Answer<Loss>>(loop.nudge());
    held.lost([lost](result<Loss> loss) { lost->put(std::move(loss)); });
    std::optional<result<Outcome>> outcome;
    // The node stays until this returns.
    const result<void> verdict = held.call([&] {
        Supervisor supervisor(client, lost, budget_end(held, arguments), arguments, loop, around);
        if (supervisor.has_time()) {
            Executable executable(arguments.command, variables(held, path));
            outcome.emplace(supervisor.run(executable));
        }
    });
    if (!outcome) {
        say(path + ": granted, but too late: the lease was about to end; the command was not run");
        say("try again; a longer --session-timeout or a shorter --grace helps, too");
        return exit_code::not_acquired;
    }
    return *outcome ? report_outcome(arguments, outcome->value(), verdict)
                    : report(outcome->error(), path);
}

template <class Held>
int run_with(const Client& client, Awaited<Held> awaited, const RunArguments& arguments,
             EventLoop& loop, const Surroundings& around) {
    const std::string& path = arguments.ensemble.path;
    if (awaited.signal != 0) {
        say(path + ": " + signal_name(awaited.signal) + " while waiting for " +
            (arguments.is_election ? "the lead" : "the lock"));
        return exit_code::signal_base + awaited.signal;
    }
    if (!awaited.answer) {
        return report(Error(errc::wait_expired, "the client did not answer in time"), path);
    }
    if (!*awaited.answer) {
        const Error& error = awaited.answer->error();  // with --also it says which path
        const std::string& about = error.context().path;
        return report(error, about.empty() ? path : about);
    }
    return run_holding(client, awaited.answer->value(), arguments, loop, around);
}

/// Everything between the first thread and the last.
int run_with_client(const RunArguments& arguments, EventLoop& loop, const Surroundings& around) {
    const EnsembleArguments& ensemble = arguments.ensemble;
    const std::string owner = base_name(arguments.command.front());
    Warnings warnings{&ensemble.path};
    ClientOptions options = ensemble.client_options();
    options.owner = owner;
    options.on_log = LogHandler(warnings);
    const result<Client> client = Client::connect(ensemble.connect, options);
    if (!client) {
        return report(client.error(), ensemble.path);
    }
    const int code =
        arguments.is_election
            ? run_with(*client, stand(*client, arguments, loop), arguments, loop, around)
            : run_with(*client, acquire(*client, arguments, loop), arguments, loop, around);
    // What could not be told in time ends with the session.
    static_cast<void>(client->close(close_limit));
    return code;
}

result<int> run_watched(const RunArguments& arguments, const InheritedDescriptors& descriptors) {
    Terminal terminal;
    BOOST_OUTCOME_TRY(const Signals signals, Signals::block());
    BOOST_OUTCOME_TRY(Watcher watcher, Watcher::start());
    BOOST_OUTCOME_TRY(EventLoop loop, EventLoop::make(signals));
    return run_with_client(arguments, loop, {descriptors, signals, terminal, watcher});
}

}  // namespace

int run(const RunArguments& arguments, const InheritedDescriptors& descriptors) {
    if (const int problem = Executable::find_problem(arguments.command)) {
        return report_not_executable(arguments.command.front(), problem);
    }
    const result<int> code = run_watched(arguments, descriptors);
    return code ? code.value() : report(code.error(), arguments.ensemble.path);
}

}  // namespace leasehold::cli
