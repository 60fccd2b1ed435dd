#include "tests/sim/troubles.hpp"

#include "sdk/core/evidence.hpp"

#include <algorithm>
#include <utility>

namespace leasehold::sim {

namespace {

using namespace std::chrono_literals;

}  // namespace

void Troubles::start() {
    schedule_for_servers();
    for (const auto& process : x_processes) {
        schedule_for_client(*process);
    }
    schedule_outsider();
    if (x_world.chance(12)) {
        // Early, so that the node it leaves expires while others still wait for it.
        Process& victim = *x_processes[x_world.random.below(x_processes.size())];
        const bool is_machine_lost = x_world.chance(50);
        x_world.after(x_world.up_to(x_world.plan.active / 2), [this, &victim, is_machine_lost] {
            x_world.note([&] { return "client " + std::to_string(victim.number()) + " dies"; });
            victim.die(is_machine_lost);
        });
    }
}

// ---- the servers --------------------------------------------------------------------------------

void Troubles::schedule_for_servers() {
    x_world.after(x_world.up_to(x_world.plan.between_troubles), [this] {
        if (!x_world.is_active()) {
            return;
        }
        if (x_kind == Kind::none) {
            strike_servers();
        } else {
            schedule_for_servers();
        }
    });
}

void Troubles::strike_servers() {
    server::Ensemble& ensemble = x_world.ensemble;
    const bool is_alone = ensemble.size() == 1;
    const std::uint64_t dice = x_world.random.below(100);
    server::ServerId server = x_world.random.below(ensemble.size());
    if (const auto leader = ensemble.leader(); leader && x_world.chance(40)) {
        server = *leader;
    }
    const Duration sync = x_world.plan.sync_time();
    if (dice < (is_alone ? 50 : 30)) {
        return begin(Kind::killed, server,
                     x_world.up_to(std::max<Duration>(x_world.plan.session_timeout / 8, 1s)));
    }
    if (is_alone || dice < 55) {
        // Both sides of what a follower, a leader and a client can bear.
        return begin(Kind::paused, server,
                     x_world.up_to(x_world.chance(50) ? sync / 5 : sync * 5 / 4));
    }
    begin(Kind::partitioned, server, x_world.up_to(sync * 3 / 2));
}

void Troubles::begin(Kind kind, server::ServerId server, Duration length) {
    server::Ensemble& ensemble = x_world.ensemble;
    const bool leads = ensemble.leader() == server;
    x_kind = kind;
    x_server = server;
    x_world.servers_calm_since = Instant::max();
    const std::string which = "server " + std::to_string(server) + (leads ? ", the leader," : "");
    switch (kind) {
        case Kind::killed:
            x_world.strike(Fault::server_kill);
            x_world.note([&] { return which + " is killed for " + ms_text(length); });
            ensemble.kill(x_world.now, server);
            break;
        case Kind::paused:
            x_world.strike(Fault::server_pause);
            x_world.note([&] { return which + " is paused for " + ms_text(length); });
            ensemble.pause(x_world.now, server);
            break;
        case Kind::partitioned:
            x_world.strike(leads ? Fault::deposed_leader : Fault::partition);
            x_world.note([&] { return which + " is cut off for " + ms_text(length); });
            ensemble.set_partitioned(x_world.now, server, true);
            break;
        case Kind::none: break;
    }
    x_world.after(length, [this, serial = ++x_serial] {
        if (x_serial == serial) {
            end();
            schedule_for_servers();
        }
    });
}

void Troubles::end() {
    server::Ensemble& ensemble = x_world.ensemble;
    switch (std::exchange(x_kind, Kind::none)) {
        case Kind::killed:
            x_world.strike(Fault::server_restart);
            ensemble.restart(x_world.now, x_server);
            break;
        case Kind::paused: ensemble.resume(x_world.now, x_server); break;
        case Kind::partitioned: ensemble.set_partitioned(x_world.now, x_server, false); break;
        case Kind::none: return;
    }
    ++x_serial;
    x_world.note([&] { return "server " + std::to_string(x_server) + " is well again"; });
    // Until the followers have found their leader, which takes them a round of pings at most.
    x_world.servers_calm_since = x_world.now + 2 * x_world.plan.tick();
}

void Troubles::heal() {
    end();
    for (const auto& process : x_processes) {
        process->heal();
    }
    x_world.no_descriptors_until = Instant::min();
}

// ---- the clients --------------------------------------------------------------------------------

void Troubles::schedule_for_client(Process& process) {
    x_world.after(x_world.up_to(x_world.plan.between_faults), [this, &process] {
        if (x_world.is_active() && !process.is_gone()) {
            if (!process.is_paused() && !process.is_closed()) {
                strike_client(process);
            }
            schedule_for_client(process);
        }
    });
}

void Troubles::strike_client(Process& process) {
    const std::uint64_t dice = x_world.random.below(100);
    const std::string who = "client " + std::to_string(process.number());
    if (dice < 50) {
        strike_connection(process);
    } else if (dice < 72) {
        const Duration length = choose_pause(process);
        x_world.note([&] { return who + " is paused for " + ms_text(length); });
        process.pause(length);
    } else if (dice < 82) {
        x_world.note([&] { return "the timers of " + who + " come late"; });
        const Duration by = 1ms + x_world.up_to(x_world.plan.tick() / 2);
        process.delay_timers(by, x_world.up_to(2 * x_world.plan.tick()));
    } else if (dice < 96) {
        x_world.strike(Fault::early_timer);
        process.wake_early();
    } else {
        x_world.note([] { return "the servers run out of descriptors"; });
        x_world.no_descriptors_until = x_world.now + x_world.up_to(x_world.plan.tick() * 2);
        process.cut();
    }
}

Duration Troubles::choose_pause(const Process& process) {
    const std::uint64_t dice = x_world.random.below(100);
    if (dice < 15) {
        return x_world.up_to(3 * x_world.plan.session_timeout);
    }
    if (dice < 35) {
        // Both sides of what Delta bears: what has lain in the socket for longer proves nothing.
        // And of what a proof takes.
        const core::LeaseTiming& timing = process.plan().settings.timing;
        const Duration borne = timing.is_by_quorum() ? core::proof_age(timing) : timing.delta();
        return x_world.up_to(borne * 5 / 4 + Duration{300ms});
    }
    return x_world.up_to(dice < 70 ? x_world.plan.tick() * 3 : Duration{300ms});
}

void Troubles::strike_connection(Process& process) {
    const Duration gap = process.plan().settings.timing.ack_gap;
    const std::string who = "client " + std::to_string(process.number());
    switch (x_world.random.below(6)) {
        case 0: x_world.note([&] { return who + " is cut off"; }); return process.cut();
        case 1:
            x_world.note([&] { return "the connection of " + who + " goes silent"; });
            return process.stall();
        case 2:
            x_world.note([&] { return "the server forgets " + who; });
            return process.half_open();
        case 3:
            x_world.note([&] { return "the connection of " + who + " becomes slow"; });
            return process.lag(gap / 4 + x_world.up_to(3 * gap));
        case 4: {
            const Duration length = x_world.up_to(x_world.plan.session_timeout / 3);
            x_world.note([&] { return who + " is refused for " + ms_text(length); });
            process.refuse_connects(length);
            return process.cut();
        }
        default: {
            const Duration length = x_world.up_to(x_world.plan.session_timeout / 3);
            x_world.note([&] { return who + " is not answered for " + ms_text(length); });
            process.ignore_connects(length);
            return process.cut();
        }
    }
}

void Troubles::schedule_outsider() {
    x_world.after(x_world.up_to(x_world.plan.between_faults), [this] {
        if (!x_world.is_active()) {
            return;
        }
        if (const std::string node = x_world.observer.some_node(x_world.random.next());
            !node.empty()) {
            if (x_world.plan.has_foreign_deletes && x_world.chance(70)) {
                x_outsider.remove(node);
            } else if (node.find("-lease-") == std::string::npos) {
                // Whoever writes to a permit's node may take from it what it shows to the next one.
                x_outsider.ask_for(node);
            }
        }
        schedule_outsider();
    });
}

}  // namespace leasehold::sim
