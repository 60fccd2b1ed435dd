// The shell's side: turns, effects, and what goes wrong with a process. What its connection carries
// is read in process_wire.cpp.
#include "tests/sim/process.hpp"

#include "sdk/core/evidence.hpp"

#include <charconv>
#include <utility>

namespace leasehold::sim {

namespace {

using namespace std::chrono_literals;

/// A grant leaves this much for the guarded call to be asked to stop, and does not wait for more.
constexpr Duration most_reserve = 600ms;

server::ServerId server_of(const core::Endpoint& endpoint) {
    server::ServerId server = 0;
    std::from_chars(endpoint.host.data() + 1, endpoint.host.data() + endpoint.host.size(), server);
    return server;
}

}  // namespace

Process::Process(World& world, Network& network, const ProcessPlan& plan)
    : x_world(world),
      x_network(network),
      x_plan(plan),
      x_clock(world.now, plan.epoch_reading, plan.drift_ppm),
      x_engine(plan.settings, plan.engine_seed),
      x_number(world.observer.add_client(x_clock)) {
    if (plan.drift_ppm != 0) {
        world.strike(Fault::clock_drift);
    }
}

void Process::start() {
    turn([](core::Engine& engine, Instant now) { engine.start(now); });
}

void Process::arm() {
    const Instant wanted = x_engine.next_wakeup();
    x_due_at = x_clock.truth_of(wanted);
    x_wake_at = x_due_at;
    if (x_lateness != Duration{} && x_due_at < x_late_until) {
        x_wake_at = x_due_at + x_lateness;
    }
}

void Process::wake() {
    if (std::exchange(x_is_paused, false)) {
        x_world.observer.on_asleep(x_number, x_paused_since, local());
        x_world.note([&] { return "client " + std::to_string(x_number) + " goes on"; });
    }
    turn([](core::Engine&, Instant) {});
    if (x_engine.next_wakeup() <= local()) {
        x_world.violated("the engine of client " + std::to_string(x_number) +
                         " asks to be woken again at once");
    }
    for (const auto& input : std::exchange(x_inbox, {})) {
        input();
    }
}

/// Whatever comes first finds what a late timer has left undone.
void Process::notice_lateness() {
    if (x_world.now > x_due_at) {
        x_world.strike(Fault::late_timer);
        x_world.observer.on_asleep(x_number, x_clock.read(x_due_at), local());
        x_due_at = Instant::max();
    }
}

void Process::when_awake(std::function<void()> input) {
    if (x_is_gone) {
        return;
    }
    if (x_is_paused) {
        x_inbox.push_back(std::move(input));
    } else {
        input();
    }
}

void Process::flush() {
    for (;;) {
        if (!x_engine.outbound().empty()) {
            write(std::exchange(x_engine.outbound(), {}));
        }
        std::vector<core::Effect> effects;
        x_engine.take_effects(effects);
        if (effects.empty()) {
            break;
        }
        for (core::Effect& effect : effects) {
            x_world.journal.hash.mix(effect.index() + 0xef000000u);
            carry_out(effect);
        }
    }
    if (std::exchange(x_has_news, false)) {
        check_evidence();
    }
    arm();
}

void Process::carry_out(core::Effect& effect) {
    Observer& observer = x_world.observer;
    const Instant truth = x_world.now;
    if (std::holds_alternative<core::Resolve>(effect)) {
        const bool fails = x_world.is_active() && x_world.chance(2);
        if (fails) {
            x_world.strike(Fault::failed_resolve);
        }
        x_world.after(1ms, [this, fails] {
            when_awake([this, fails] {
                turn([&](core::Engine& engine, Instant now) {
                    engine.on_resolved(
                        now, fails ? std::vector<core::Endpoint>{} : x_plan.settings.servers.hosts);
                });
            });
        });
    } else if (const auto* attempt = std::get_if<core::Connect>(&effect)) {
        connect(attempt->endpoint);
    } else if (std::holds_alternative<core::Disconnect>(effect)) {
        lose_link();
    } else if (const auto* done = std::get_if<core::AcquireDone>(&effect)) {
        x_world.note([&] {
            const auto* grant = std::get_if<core::Grant>(&done->outcome);
            const std::string lock = std::to_string(x_number) + "#" + std::to_string(done->id);
            return grant != nullptr
                       ? lock + " granted for " + ms_text(grant->deadline - grant->granted_at) +
                             ", token " + std::to_string(grant->lease->token) + ", " +
                             grant->lease->node()
                       : lock + " refused: " + std::get<core::Refusal>(done->outcome).what;
        });
        observer.on_done(
            truth, x_number, *done,
            is_disturbed() ? truth : std::max(x_disturbed_at, x_world.servers_calm_since));
    } else if (const auto* stop = std::get_if<core::StopDue>(&effect)) {
        observer.on_stop(truth, x_number, stop->lease);
    } else if (const auto* ended = std::get_if<core::LeaseEnded>(&effect)) {
        x_world.note([&] {
            return std::to_string(x_number) + "#" + std::to_string(ended->lease) +
                   " ended: " + std::string(to_string(ended->loss));
        });
        observer.on_ended(truth, x_number, ended->lease, ended->loss);
    } else if (const auto* gone = std::get_if<core::NodeGone>(&effect)) {
        observer.on_node_gone(truth, x_number, gone->lease);
    } else if (const auto* asked = std::get_if<core::YieldAsked>(&effect)) {
        observer.on_yield_asked(truth, x_number, asked->lease);
    } else if (const auto* answer = std::get_if<core::RequestDone>(&effect)) {
        observer.on_raw_done(truth, x_number, answer->id);
    } else if (const auto* fired = std::get_if<core::WatchFired>(&effect)) {
        observer.on_watch(truth, x_number, fired->watch);
    } else if (const auto* extended = std::get_if<core::ExtendDone>(&effect)) {
        if (extended->deadline) {
            x_world.tally.count(Deed::extended);
        }
    } else if (const auto* shared = std::get_if<core::DowngradeDone>(&effect)) {
        x_world.note([&] {
            return "downgrade " + std::to_string(x_number) + "#" + std::to_string(shared->id) +
                   (shared->outcome ? " is confirmed" : " fails");
        });
        observer.on_downgraded(truth, x_number, shared->id, shared->outcome);
    } else if (const auto* alone = std::get_if<core::UpgradeDone>(&effect)) {
        x_world.note([&] {
            return "upgrade " + std::to_string(x_number) + "#" + std::to_string(alone->id) +
                   (alone->refusal ? " refused: " + alone->refusal->what : " succeeds");
        });
        observer.on_upgraded(truth, x_number, *alone);
    } else if (const auto* closed = std::get_if<core::Closed>(&effect)) {
        if (!closed->outcome && x_quiet_loss_at == truth) {
            x_world.violated("S14: client " + std::to_string(x_number) +
                             " was connected, and leaves its session behind");
        }
        x_is_closed = true;
        observer.on_closed(truth, x_number);
    } else if (const auto* log = std::get_if<core::Log>(&effect)) {
        x_world.note([&] {
            std::string line = "client " + std::to_string(x_number) + " " + log->event;
            for (const auto& [field, value] : log->fields) {
                line += " " + field + "=" + value;
            }
            return line;
        });
        if (log->event == "session_expired") {
            observer.on_session_lost(truth, x_number);
            x_session = 0;
        } else if (log->event == "protocol_error") {
            x_world.violated("client " + std::to_string(x_number) +
                             " calls an honest server a liar: " + log->fields.front().second);
        }
    }
}

// ---- its connection -----------------------------------------------------------------------------

void Process::connect(const core::Endpoint& endpoint) {
    if (x_link) {
        x_world.violated("the engine connects while it is connected");
    }
    disturb();
    x_world.observer.on_connect(x_world.now, x_number);
    x_link = std::make_shared<Link>(
        Link{.owner = this, .number = ++x_links, .server = server_of(endpoint)});
    if (x_world.now < x_ignored_until) {
        return x_world.strike(Fault::ignored_connect);
    }
    const bool is_exhausted = x_world.now < x_world.no_descriptors_until;
    const bool is_refused = is_exhausted || x_world.now < x_refused_until;
    if (is_refused) {
        x_world.strike(is_exhausted ? Fault::fd_exhaustion : Fault::refused_connect);
    }
    x_world.after(2 * x_network.delay(*x_link), [this, is_refused, link = x_link] {
        if (!is_refused && link->is_open) {
            x_network.connect(link);
        }
        when_awake([this, link] { finish_connect(link); });
    });
}

void Process::finish_connect(const LinkPtr& link) {
    if (!link->is_open) {
        return;
    }
    if (link->id) {
        return turn([](core::Engine& engine, Instant now) { engine.on_connected(now); });
    }
    link->is_open = false;
    x_link.reset();
    turn([](core::Engine& engine, Instant now) { engine.on_disconnected(now, "refused"); });
}

void Process::lose_link() {
    if (!x_link) {
        return;
    }
    // Time enough to close a session, for one that is being closed.
    const Instant recently = x_world.now - x_world.patience;
    if (!is_disturbed() && x_disturbed_at < recently && x_world.servers_calm_since < recently) {
        x_quiet_loss_at = x_world.now;
    }
    disturb();
    x_world.observer.on_detached(x_world.now, x_number);
    x_link->is_open = false;
    x_network.hang_up(std::exchange(x_link, nullptr));
}

void Process::on_bytes(const LinkPtr& link, std::string_view bytes) {
    if (x_is_paused && !x_is_gone) {
        x_inbox.push_back([this, link, kept = std::string(bytes)] { on_bytes(link, kept); });
        return;
    }
    if (x_is_gone) {
        return;
    }
    if (x_engine.next_wakeup() <= local()) {
        wake_early();  // which may be the end of this connection
    }
    if (link->is_open) {
        turn([&](core::Engine& engine, Instant now) {
            read(*link, bytes);
            engine.on_bytes(now, bytes);
        });
        if (std::exchange(x_must_be_lost, false) && x_session != 0) {
            x_world.violated("S11: client " + std::to_string(x_number) +
                             " takes another session for its own");
        }
    }
}

void Process::on_closed(const LinkPtr& link) {
    when_awake([this, link] {
        if (x_engine.next_wakeup() <= local()) {
            wake_early();
        }
        if (std::exchange(link->is_open, false)) {
            disturb();
            x_link.reset();
            x_world.observer.on_detached(x_world.now, x_number);
            turn([](core::Engine& engine, Instant now) {
                engine.on_disconnected(now, "closed by the peer");
            });
        }
    });
}

bool Process::is_disturbed() const {
    if (x_is_gone || x_is_closed) {
        return false;
    }
    return x_disturbed_at >= x_world.now || !is_attached() || x_link->is_dead || x_link->is_fated ||
           x_link->lag != Duration{};
}

Condition Process::condition(Instant since) const {
    const core::LeaseTiming& timing = x_plan.settings.timing;
    if (timing.is_by_quorum()) {
        since -=
            core::proof_age(timing) + timing.tick;  // a proof takes that long after a disturbance
    }
    if (x_is_paused || x_is_gone || x_world.now > x_due_at) {
        return Condition::asleep;
    }
    if (is_disturbed() || x_is_closed || x_disturbed_at >= since) {
        return Condition::disturbed;
    }
    const ClientStats now = stats();
    return now.state == ClientState::connected && now.lease_in_hand > most_reserve
               ? Condition::calm
               : Condition::disturbed;
}

// ---- what goes wrong ----------------------------------------------------------------------------

void Process::cut() {
    if (x_link && x_link->id) {
        x_world.strike(Fault::reset);
        x_network.reset(x_link);
    }
}

void Process::stall() {
    if (x_link && x_link->id && !x_link->is_dead) {
        x_world.strike(Fault::loss);
        x_link->is_dead = true;
        disturb();
    }
}

void Process::half_open() {
    if (x_link && x_link->id && !x_link->is_dead) {
        x_world.strike(Fault::half_open);
        x_network.abandon(x_link);
        disturb();
    }
}

void Process::lag(Duration by) {
    if (x_link && x_link->id && !x_link->is_dead) {
        x_world.strike(Fault::delay);
        x_link->lag = by;
        disturb();
    }
}

void Process::pause(Duration length) {
    x_world.strike(Fault::client_pause);
    x_is_paused = true;
    x_paused_since = local();
    x_wake_at = x_world.now + length;
    x_disturbed_at = x_wake_at;
}

void Process::delay_timers(Duration by, Duration how_long) {
    x_lateness = by;
    x_late_until = x_world.now + how_long;
    x_disturbed_at = std::max(x_disturbed_at, x_late_until + by);
    arm();
}

void Process::die(bool is_machine_lost) {
    x_world.strike(Fault::death);
    x_world.observer.on_gone(x_number);
    x_is_gone = true;
    x_wake_at = Instant::max();
    x_inbox.clear();
    if (const LinkPtr link = std::exchange(x_link, nullptr)) {
        link->is_open = false;
        if (is_machine_lost) {
            link->is_dead = true;
        } else {
            x_network.hang_up(link);
        }
    }
}

void Process::heal() {
    x_refused_until = x_ignored_until = Instant::min();
    if (x_lateness != Duration{}) {
        x_lateness = {};
        if (!x_is_paused && !x_is_gone) {
            arm();
        }
    }
    if (x_link) {
        x_link->lag = {};
        // What is on its way arrives as late as it would have.
        x_disturbed_at = std::max({x_disturbed_at, x_link->last_up, x_link->last_down});
    }
}

}  // namespace leasehold::sim
