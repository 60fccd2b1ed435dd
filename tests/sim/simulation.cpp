#include "tests/sim/simulation.hpp"

#include <algorithm>
#include <exception>
#include <utility>

namespace leasehold::sim {

namespace {

using namespace std::chrono_literals;

constexpr Duration between_looks = 500ms;
/// A run has a few thousand; one that has this many goes round in circles.
constexpr std::uint64_t most_steps = 2'000'000;
/// Every so many seeds one in which somebody deletes others' nodes.
constexpr std::uint64_t foreign_every = 25;

}  // namespace

Outcome simulate(std::uint64_t seed, bool is_traced) {
    return Simulation(make_plan(seed, seed % foreign_every == 0), is_traced).run();
}

Simulation::Simulation(Plan plan, bool is_traced)
    : x_world(std::move(plan), is_traced),
      x_network(x_world),
      x_outsider(x_world),
      x_troubles(x_world, x_outsider, x_processes) {
    for (const ProcessPlan& process : x_world.plan.processes) {
        x_processes.push_back(std::make_unique<Process>(x_world, x_network, process));
        x_users.push_back(std::make_unique<User>(x_world, *x_processes.back(), x_users));
    }
    x_world.ensemble.set_on_commit(
        [this](Instant at, const server::Transaction& each) { on_commit(at, each); });
    x_world.ensemble.set_fate(
        [this](const server::Arrival& arrival) { return x_network.choose_fate(arrival); });
}

Outcome Simulation::run() {
    x_world.note([&] {
        const Plan& plan = x_world.plan;
        return "seed " + std::to_string(plan.seed) + ": " + std::to_string(plan.ensemble.servers) +
               " servers, tick " + ms_text(plan.tick()) + ", syncLimit " +
               std::to_string(plan.ensemble.sync_limit) + ", T " + ms_text(plan.session_timeout) +
               ", " + std::to_string(plan.processes.size()) + " clients, " +
               std::to_string(plan.locks.size()) + " locks";
    });
    try {
        for (const auto& user : x_users) {
            user->start();
        }
        x_troubles.start();
        run_until(x_world.active_until);
        x_troubles.heal();
        // Whoever waits finds out that nothing is wrong any more; then they are sent home.
        run_until(x_world.now + 2 * x_world.plan.tick());
        const Duration timeout = x_world.plan.session_timeout;
        // Long enough for a pause of three timeouts that has just begun.
        run_until(x_world.now + 5 * timeout, [this] { return is_settled(); });
        check_end();
    } catch (const std::exception& error) {
        x_world.violated(std::string("an exception: ") + error.what());
    }
    return {.violations = x_world.journal.violations(),
            .trace = x_world.journal.trace(),
            .hash = x_world.journal.hash.value(),
            .tally = x_world.tally,
            .simulated = x_world.now - genesis,
            .idle = x_idle,
            .steps = x_steps};
}

// ---- the clock ----------------------------------------------------------------------------------

Instant Simulation::next_step() {
    Instant next = std::min(x_world.events.next(), x_world.ensemble.next_wakeup());
    for (const auto& process : x_processes) {
        next = std::min(next, process->wake_at());
    }
    return next;
}

void Simulation::run_until(Instant end, const std::function<bool()>& is_done) {
    Instant look_at = x_world.now;
    while (x_world.journal.is_clean()) {
        if (x_world.now >= look_at) {
            if (is_done && is_done()) {
                return;
            }
            look();
            look_at = x_world.now + between_looks;
        }
        const Instant next = std::min({next_step(), look_at, end});
        if (is_idle()) {
            x_idle += next - x_world.now;
        }
        x_world.now = std::max(x_world.now, next);
        if (x_world.now >= end) {
            return;
        }
        step(x_world.now);
        if (++x_steps > most_steps) {
            return x_world.violated("the run goes round in circles");
        }
    }
}

/// One thing: the servers' clocks first, then what arrives, then the clients' timers.
void Simulation::step(Instant when) {
    x_world.journal.hash.mix(static_cast<std::uint64_t>(when.time_since_epoch().count()));
    if (x_world.ensemble.next_wakeup() <= when) {
        x_world.ensemble.on_time(when);
    } else if (x_world.events.next() <= when) {
        x_world.events.pop()();
    } else {
        const auto due = std::find_if(x_processes.begin(), x_processes.end(),
                                      [&](const auto& each) { return each->wake_at() <= when; });
        if (due != x_processes.end()) {
            (*due)->wake();
        }
    }
    x_network.collect(x_outsider);
    x_world.observer.check(when);
}

bool Simulation::is_idle() const {
    return !x_world.observer.is_busy() && !x_world.observer.has_nodes() &&
           x_world.servers_calm_since <= x_world.now &&
           std::none_of(x_processes.begin(), x_processes.end(),
                        [](const auto& each) { return each->is_disturbed(); });
}

// ---- what the ensemble does ---------------------------------------------------------------------

void Simulation::on_commit(Instant at, const server::Transaction& transaction) {
    x_world.journal.hash.mix(static_cast<std::uint64_t>(transaction.zxid));
    const bool is_end = transaction.kind == server::TransactionKind::close_session;
    if (is_end) {
        x_world.note([&] {
            return "the end of session " + std::to_string(transaction.session & 0xffff) +
                   " is committed";
        });
        // Nobody waits for the end of a session that the leader has expired.
        if (transaction.origin.tag == 0) {
            x_world.strike(x_world.plan.ensemble.expires_at_once ? Fault::expiry_at_once
                                                                 : Fault::expiry);
        }
    }
    std::string written;  // within this transaction
    for (const server::Change& change : transaction.changes) {
        if (change.kind == server::ChangeKind::data_set) {
            written = change.path;
            x_world.observer.on_data_set(at, change.path, change.data, transaction.session);
        } else if (change.kind == server::ChangeKind::created) {
            x_world.observer.on_node_created(
                at, change.path,
                change.node == server::NodeKind::ephemeral ? transaction.session : 0,
                transaction.zxid);
        } else if (change.kind == server::ChangeKind::deleted) {
            x_world.observer.on_node_deleted(at, change.path, is_end ? 0 : transaction.session,
                                             written == change.path);
        }
    }
}

/// Now and then: what an undisturbed client has to have done by now, and who leads.
void Simulation::look() {
    const auto leader = x_world.ensemble.leader();
    if (leader && leader != std::exchange(x_leader, leader)) {
        x_world.strike(Fault::leader_change);
        x_world.servers_calm_since = std::max(x_world.servers_calm_since, x_world.now);
        x_world.note([&] { return "server " + std::to_string(*leader) + " leads"; });
    }
    if (!x_world.observer.has_nodes()) {
        return;
    }
    const Instant since = x_world.now - x_world.patience;
    const bool are_servers_calm = leader && x_world.servers_calm_since < since;
    std::vector<Condition> conditions;
    for (const auto& process : x_processes) {
        const Condition condition = process->condition(since);
        conditions.push_back(
            condition == Condition::calm && !are_servers_calm ? Condition::disturbed : condition);
    }
    x_world.observer.check_progress(x_world.now, conditions, x_world.patience);
}

// ---- the end ------------------------------------------------------------------------------------

/// The troubles are over: whoever waits or holds comes to an end, and the clients are well.
bool Simulation::is_settled() const {
    for (std::size_t i = 0; i < x_processes.size(); ++i) {
        x_users[i]->wind_down();
    }
    return x_world.observer.is_at_rest() && !x_world.observer.has_nodes() &&
           std::all_of(x_processes.begin(), x_processes.end(), [](const auto& process) {
               if (process->is_gone() || process->is_closed()) {
                   return true;
               }
               const ClientStats stats = process->stats();
               return !process->is_paused() && stats.state == ClientState::connected &&
                      stats.nodes_to_delete == 0 && stats.watches == 0;
           });
}

bool Simulation::is_over() const {
    return x_world.ensemble.sessions().empty() &&
           std::all_of(x_processes.begin(), x_processes.end(),
                       [](const auto& each) { return each->is_gone() || each->is_closed(); });
}

void Simulation::check_end() {
    if (!x_world.journal.is_clean()) {
        return;
    }
    x_world.note([] { return "everybody should be at rest"; });
    x_world.observer.check_rest(x_world.now);
    for (const auto& process : x_processes) {
        if (process->is_gone() || process->is_closed()) {
            continue;
        }
        const ClientStats stats = process->stats();
        const std::string who = "client " + std::to_string(process->number());
        if (stats.nodes_to_delete + stats.locks_held + stats.locks_waiting + stats.watches != 0) {
            x_world.violated("S14: " + who + " keeps " + std::to_string(stats.nodes_to_delete) +
                             " nodes, " + std::to_string(stats.locks_held) + " leases, " +
                             std::to_string(stats.locks_waiting) + " waiters, " +
                             std::to_string(stats.watches) + " watches");
        }
        if (stats.state != ClientState::connected) {
            x_world.violated("L7: " + who + " does not recover");
        }
    }
    for (const auto& user : x_users) {
        user->close(1s);
    }
    run_until(x_world.now + 2 * x_world.plan.session_timeout, [this] { return is_over(); });
    // The servers behind the first one have to hear of it, too.
    run_until(x_world.now + 1s);
    if (!is_over()) {
        x_world.violated("S14: " + std::to_string(x_world.ensemble.sessions().size()) +
                         " sessions outlive the close");
    }
    for (server::ServerId i = 0; i < x_world.ensemble.size(); ++i) {
        if (x_world.ensemble.watches(i) != 0) {
            x_world.violated("S14: a watch is left on server " + std::to_string(i));
        }
    }
    for (const auto& process : x_processes) {
        if (!process->is_gone() && process->wake_at() != Instant::max()) {
            x_world.violated("S14: the closed client " + std::to_string(process->number()) +
                             " has something left to do");
        }
    }
}

}  // namespace leasehold::sim
