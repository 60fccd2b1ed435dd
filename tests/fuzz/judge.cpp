#include "tests/fuzz/judge.hpp"

#include "sdk/core/text.hpp"
#include "tests/fuzz/target.hpp"

#include <algorithm>
#include <utility>

namespace leasehold::fuzz {

using core::OperationId;

namespace {

/// More than any script can make of its time without something that turns in a circle.
constexpr std::size_t most_steps = 400'000;

bool is_exclusive(const core::Lease& lease) {
    return lease.kind == LockKind::exclusive;
}

std::vector<std::string> paths_of(const core::AcquireSpec& spec) {
    std::vector<std::string> paths = spec.more_paths;
    paths.push_back(spec.path);
    return paths;
}

/// As core::escape leaves a text: nothing to be escaped but the backslashes of what was.
bool is_escaped(std::string_view text) {
    std::string rest(text);
    std::erase(rest, '\\');
    return core::escape(rest, 4 * rest.size()) == rest;
}

bool have_common(const core::AcquireSpec& left, const core::AcquireSpec& right) {
    const auto others = paths_of(right);
    const auto ours = paths_of(left);
    return std::any_of(ours.begin(), ours.end(), [&](const std::string& path) {
        return std::find(others.begin(), others.end(), path) != others.end();
    });
}

}  // namespace

Judge::Judge(support::World& world, support::EngineDriver& driver, core::Settings settings)
    : x_world(world), x_driver(driver), x_settings(std::move(settings)), x_begin(world.now()) {
    driver.on_write = [this](const auto& write) { x_hearsay.on_write(write); };
    driver.on_read = [this](const support::Link* link, std::string_view bytes) {
        x_hearsay.on_read(link, bytes);
    };
    world.after_step = [this] { check(); };
}

void Judge::on_asked(OperationId id, std::optional<Instant> due) {
    x_asked[id].due = due;
}

void Judge::on_acquire(OperationId id, const core::AcquireSpec& spec) {
    const Duration wait = core::saturate(spec.options.wait);
    on_asked(id, core::later(x_world.now(), wait == Duration{} ? x_settings.timing.ack_gap : wait));
    x_specs.emplace(id, spec);
}

void Judge::on_extend(OperationId id, OperationId lease, Duration budget) {
    on_asked(id, x_world.now());
    x_extends[id] = {lease, budget};
}

std::vector<OperationId> Judge::leases() const {
    std::vector<OperationId> ids;
    for (const auto& [id, held] : x_held) {
        ids.push_back(id);
    }
    return ids;
}

void Judge::on_answer(OperationId id) {
    ++x_asked[id].answers;
    require(x_asked[id].answers == 1, "an operation is answered once");
}

void Judge::on_grant(OperationId id, const core::Grant& grant) {
    const core::AcquireSpec& spec = x_specs.at(id);
    const Duration budget = core::saturate(spec.options.budget);
    Held held{.spec = spec,
              .lease = grant.lease,
              .session = x_session,
              .most = spec.is_rolling ? Instant::max() : core::later(grant.granted_at, budget)};
    require(grant.granted_at <= x_world.now(), "no grant is of the future");
    require(grant.lease->nodes.size() == 1 + spec.more_paths.size(), "a node on each path");
    if (!x_hearsay.is_blind()) {
        for (const std::string& node : grant.lease->nodes) {
            require(x_hearsay.implies(spec.recipe, node),
                    "no grant without a list in which everybody ahead is known to be gone");
            const std::int64_t token = grant.lease->token;
            require(token == 0 || x_hearsay.is_ours(node, token / core::grants_per_node),
                    "no token but that of a node which this session has made");
        }
    }
    require(x_held.emplace(id, std::move(held)).second, "a lock is granted once");
}

void Judge::read(const core::Effect& effect) {
    if (const auto* acquired = std::get_if<core::AcquireDone>(&effect)) {
        on_answer(acquired->id);
        if (const auto* grant = std::get_if<core::Grant>(&acquired->outcome)) {
            on_grant(acquired->id, *grant);
        }
    } else if (const auto* request = std::get_if<core::RequestDone>(&effect)) {
        on_answer(request->id);
    } else if (const auto* extended = std::get_if<core::ExtendDone>(&effect)) {
        on_answer(extended->id);
        if (extended->deadline) {
            const auto& [lease, budget] = x_extends.at(extended->id);
            require(*extended->deadline <= core::later(x_world.now(), budget),
                    "no extension is longer than what was asked for");
            x_held.at(lease).most = std::max(x_held.at(lease).most, *extended->deadline);
        }
    } else if (const auto* downgraded = std::get_if<core::DowngradeDone>(&effect)) {
        on_answer(downgraded->id);
    } else if (const auto* upgraded = std::get_if<core::UpgradeDone>(&effect)) {
        on_answer(upgraded->id);
    } else if (const auto* stop = std::get_if<core::StopDue>(&effect)) {
        require(++x_held.at(stop->lease).stops == 1, "a call is asked to stop once");
    } else if (const auto* ended = std::get_if<core::LeaseEnded>(&effect)) {
        require(++x_held.at(ended->lease).ends == 1, "a lease ends once");
    } else if (const auto* gone = std::get_if<core::NodeGone>(&effect)) {
        require(++x_held.at(gone->lease).gone == 1 && x_held.at(gone->lease).ends == 1,
                "a node goes once, and after its lease");
    } else if (const auto* fired = std::get_if<core::WatchFired>(&effect)) {
        require(++x_fired[fired->watch] == 1, "a watch fires once");
    } else if (const auto* log = std::get_if<core::Log>(&effect)) {
        for (const auto& [name, value] : log->fields) {
            require(is_escaped(value),
                    "nothing of a server's steers the terminal that a log is read on");
        }
    } else if (std::holds_alternative<core::Closed>(effect)) {
        require(++x_closed == 1, "a client is closed once");
    }
}

void Judge::check() {
    require(++x_steps < most_steps, "nothing turns in a circle");
    const ClientStats stats = x_driver.stats();
    if (std::exchange(x_session, stats.sessions) != stats.sessions) {
        x_hearsay.on_new_session();
    }
    while (x_told < x_driver.told().size()) {
        const core::Effect effect = x_driver.told()[x_told++].effect;
        read(effect);
    }
    const auto seconds = (x_world.now() - x_begin) / std::chrono::seconds{1} + 2;
    require(stats.connects <= static_cast<std::uint64_t>(seconds) *
                                  static_cast<std::uint64_t>(x_settings.max_connects_per_second),
            "no storm of connections");
    require(stats.locks_waiting <= x_specs.size() && stats.pending_requests <= 4096,
            "what is queued is bounded");
    check_leases();
    check_alone();
    if (!x_driver.is_paused()) {
        for (const auto& [id, asked] : x_asked) {
            require(asked.answers == 1 || !asked.due || x_world.now() <= *asked.due,
                    "an operation is answered in time");
        }
    }
}

void Judge::check_leases() {
    const Instant safe = x_hearsay.most_safe_deadline(x_settings.timing.clock_drift);
    for (const auto& [id, held] : x_held) {
        const Instant deadline = held.lease->word.deadline();
        if (held.ends != 0) {
            require(deadline == Instant::min(), "a lease that has ended is dead for ever");
        } else if (deadline > x_world.now()) {
            require(held.session == x_session, "no lease outlives its session");
            require(deadline <= held.most, "no lease outlives its budget");
            require(deadline <= safe, "no lease outlives the evidence for its session");
        }
    }
}

/// Whatever the server says: who is alone is alone in his own process.
void Judge::check_alone() {
    for (auto one = x_held.begin(); one != x_held.end(); ++one) {
        if (one->second.lease->word.deadline() <= x_world.now()) {
            continue;
        }
        for (auto other = std::next(one); other != x_held.end(); ++other) {
            require(other->second.lease->word.deadline() <= x_world.now() ||
                        !have_common(one->second.spec, other->second.spec) ||
                        !(is_exclusive(*one->second.lease) || is_exclusive(*other->second.lease)),
                    "nobody in this process holds beside who is alone");
        }
    }
}

void Judge::finish() {
    if (x_driver.is_paused()) {
        x_world.run_for(x_driver.resumed_at() - x_world.now() + Duration{1});
    }
    constexpr Duration within = std::chrono::seconds{3};
    x_driver.close(within);
    check();
    require(x_world.run_until([&] { return x_closed == 1; }, within), "a client closes in time");
    require(x_driver.is_at_rest(), "a closed client has nothing left to do");
    const ClientStats stats = x_driver.stats();
    require(stats.locks_held == 0 && stats.locks_waiting == 0, "no lock is left");
    require(stats.pending_requests == 0, "no request is left");
    require(stats.watches == 0, "no watch is left");
    require(stats.nodes_to_delete == 0, "no node is left");
    for (const auto& [id, asked] : x_asked) {
        require(asked.answers == 1, "each operation is answered");
    }
    for (const auto& [id, held] : x_held) {
        require(held.ends == 1 && held.stops == 1 && held.gone == 1, "each lease has an end");
    }
}

}  // namespace leasehold::fuzz
