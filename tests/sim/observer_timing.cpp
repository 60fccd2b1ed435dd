// What is answered, written and given back in time.
#include "tests/sim/observer.hpp"

#include <algorithm>
#include <utility>

namespace leasehold::sim {

namespace {

using namespace std::chrono_literals;

constexpr Duration answer_tolerance = 10ms;  // L5, L6, L10
constexpr Duration delete_tolerance = 50ms;  // L4
constexpr std::size_t stretches_kept = 4;

/// What may leave before a delete that is due: what the connection needs itself, and what the
/// reaper asks to find out a node's name.
bool may_go_first(wire::Opcode op) {
    switch (op) {
        case wire::Opcode::ping:
        case wire::Opcode::auth:
        case wire::Opcode::set_watches:
        case wire::Opcode::close_session:
        case wire::Opcode::multi:
        case wire::Opcode::get_children: return true;
        default: return false;
    }
}

}  // namespace

/// A client that could not act when it should have is late only after it could.
bool Observer::is_late(const Client& client, Instant due, Instant now, Duration tolerance) const {
    if (due == Instant::max() || now <= due + tolerance) {
        return false;
    }
    return std::none_of(client.asleep.begin(), client.asleep.end(), [&](const Stretch& stretch) {
        return stretch.from <= due + tolerance && now <= stretch.until + tolerance;
    });
}

void Observer::on_asleep(ClientNumber who, Instant from, Instant until) {
    auto& asleep = x_clients[who].asleep;
    if (!asleep.empty() && asleep.back().until + answer_tolerance >= from) {
        asleep.back().from = std::min(asleep.back().from, from);
        asleep.back().until = std::max(asleep.back().until, until);
        return;
    }
    asleep.push_back({from, until});
    if (asleep.size() > stretches_kept) {
        asleep.pop_front();
    }
}

/// Somebody else of this client has to do with the path as well, or nobody any more.
void Observer::forget_course(ClientNumber who, const Asked& ask) {
    for (std::size_t i = 0; i < x_locks.size(); ++i) {
        if (ask.is_for(x_locks[i].path)) {
            x_clients[who].courses[i] = {};
        }
    }
}

void Observer::touch(Instant truth, ClientNumber who, const Asked& ask) {
    for (std::size_t i = 0; i < x_locks.size(); ++i) {
        if (ask.is_for(x_locks[i].path)) {
            x_clients[who].last_change[i] = truth;
        }
    }
}

// ---- acquisitions -------------------------------------------------------------------------------

void Observer::on_asked(Instant truth, ClientNumber who, OperationId id, Asked ask, Duration wait) {
    Client& client = x_clients[who];
    if (client.asked.size() + client.raw_due.size() > x_options.max_pending) {
        violated(truth, "S15: client " + std::to_string(who) + " keeps more than max_pending");
    }
    ask.due = local(who, truth) + wait;
    ask.since = truth;
    ask.found_queue = std::all_of(x_locks.begin(), x_locks.end(), [&](const Lock& lock) {
        return !ask.is_for(lock.path) || !lock.nodes.empty();
    });
    forget_course(who, ask);
    client.asked.emplace(id, std::move(ask));
    ++x_unanswered;
    x_tally.count(Deed::asked);
}

void Observer::on_done(Instant truth, ClientNumber who, const core::AcquireDone& done,
                       Instant calm_since) {
    Client& client = x_clients[who];
    const auto ask = client.asked.find(done.id);
    if (ask == client.asked.end()) {
        return violated(truth, name(who, done.id) + " is answered twice, or was never asked");
    }
    if (is_late(client, ask->second.due, local(who, truth), answer_tolerance)) {
        violated(truth, "L5: " + name(who, done.id) + " is answered " +
                            ms_text(local(who, truth) - ask->second.due) + " late");
    }
    touch(truth, who, ask->second);
    if (const auto* grant = std::get_if<core::Grant>(&done.outcome)) {
        for (std::size_t i = 0; i < x_locks.size(); ++i) {
            if (x_locks[i].path == ask->second.path) {
                const Holding& holding = on_grant(truth, who, done.id, *grant, i);
                check_presence(truth, who, holding, calm_since);
                check_callers(truth, who, holding, calm_since);
                check_local_bound(truth, who, holding, calm_since);
                check_cost(truth, who, holding);
            }
        }
    } else {
        x_tally.count(Deed::refused);
    }
    forget_course(who, ask->second);
    client.asked.erase(ask);
    --x_unanswered;
}

void Observer::on_cancelled(Instant truth, ClientNumber who, OperationId id) {
    if (x_clients[who].asked.contains(id) || x_clients[who].upgrades.contains(id)) {
        violated(truth, "L6: the cancelled " + name(who, id) + " is not answered at once");
    }
}

// ---- deletes ------------------------------------------------------------------------------------

void Observer::make_delete_due(Instant truth, ClientNumber who, OperationId lease) {
    const auto held = x_clients[who].held.find(lease);
    if (held != x_clients[who].held.end() && held->second.ends != 0 &&
        held->second.delete_due != Instant::max()) {
        held->second.delete_due = std::min(held->second.delete_due, local(who, truth));
    }
}

void Observer::on_call_returned(Instant truth, ClientNumber who, OperationId lease) {
    make_delete_due(truth, who, lease);
}

void Observer::on_released(Instant truth, ClientNumber who, OperationId lease) {
    make_delete_due(truth, who, lease);
}

void Observer::on_delete_written(Instant truth, ClientNumber who, const std::string& path,
                                 bool is_marked) {
    Client& client = x_clients[who];
    const Instant now = local(who, truth);
    if (const Holding* alone = upgraded_by(who, path);
        alone != nullptr && alone->ends == 0 && alone->lease->word.deadline() > now) {
        violated(truth, "S9: the delete of " + path + " leaves while its owner is alone");
    }
    check_farewell(truth, who, path);
    for (auto& [id, holding] : client.held) {
        if (!holding.stands_on(path)) {
            continue;
        }
        if (holding.lease->word.deadline() > now) {
            violated(truth, "S9: the delete of " + name(who, id) + " leaves while it is valid");
        }
        holding.is_delete_written = true;
        holding.was_marked = is_marked;
        if (holding.delete_due != Instant::max()) {
            const Instant due = std::max(holding.delete_due, client.attached_since);
            if (is_late(client, due, now, delete_tolerance)) {
                violated(truth, "L4: the delete of " + name(who, id) + " leaves " +
                                    ms_text(now - due) + " late");
            }
            holding.delete_due = Instant::max();
        }
    }
}

void Observer::on_other_written(Instant truth, ClientNumber who, wire::Opcode op) {
    if (may_go_first(op)) {
        return;
    }
    const Client& client = x_clients[who];
    for (const auto& [id, holding] : client.held) {
        if (holding.delete_due < client.attached_since) {
            violated(truth, "L4: on the re-attached connection " + std::string(wire::name_of(op)) +
                                " leaves before the delete of " + name(who, id));
        }
    }
}

void Observer::check_deletes(Instant truth, ClientNumber who) {
    const Client& client = x_clients[who];
    if (!client.is_attached || client.close_by) {
        return;
    }
    for (const auto& [id, holding] : client.held) {
        if (holding.delete_due != Instant::max() &&
            is_late(client, std::max(holding.delete_due, client.attached_since), local(who, truth),
                    delete_tolerance)) {
            violated(truth, "L4: the delete of " + name(who, id) + " is not written");
        }
    }
}

// ---- connections --------------------------------------------------------------------------------

void Observer::on_connect(Instant truth, ClientNumber who) {
    Client& client = x_clients[who];
    const Instant now = local(who, truth);
    client.connects.push_back(now);
    while (client.connects.front() < now - 1s) {
        client.connects.pop_front();
    }
    if (client.connects.size() > static_cast<std::size_t>(x_options.max_connects_per_second)) {
        violated(truth, "L9: client " + std::to_string(who) + " makes " +
                            std::to_string(client.connects.size()) + " attempts in a second");
    }
}

void Observer::on_attached(Instant truth, ClientNumber who, std::int64_t session) {
    Client& client = x_clients[who];
    client.session = session;
    client.is_attached = true;
    client.attached_since = local(who, truth);
    x_sessions[session] = who;
    excuse_all(truth, who);
}

void Observer::on_detached(Instant truth, ClientNumber who) {
    Client& client = x_clients[who];
    client.is_attached = false;
    std::fill(client.courses.begin(), client.courses.end(), Course{});
    for (auto& [id, holding] : client.held) {
        if (std::exchange(holding.is_delete_written, false)) {
            holding.delete_due = local(who, truth);  // unconfirmed: to be written again
        }
    }
}

// ---- raw requests, watches and the close --------------------------------------------------------

void Observer::on_raw_asked(Instant truth, ClientNumber who, OperationId id, Duration timeout) {
    x_clients[who].raw_due.emplace(id, local(who, truth) + timeout);
    x_tally.count(Deed::raw_request);
}

void Observer::on_raw_done(Instant truth, ClientNumber who, OperationId id) {
    Client& client = x_clients[who];
    const auto due = client.raw_due.find(id);
    if (due == client.raw_due.end()) {
        return violated(truth, "request " + name(who, id) + " is answered twice");
    }
    if (is_late(client, due->second, local(who, truth), answer_tolerance)) {
        violated(truth, "request " + name(who, id) + " is answered late");
    }
    client.raw_due.erase(due);
}

void Observer::on_watch(Instant truth, ClientNumber who, OperationId watch) {
    if (!x_clients[who].fired.insert(watch).second) {
        violated(truth, "watch " + name(who, watch) + " fires twice");
    }
    x_tally.count(Deed::watch_fired);
}

void Observer::on_closing(Instant truth, ClientNumber who, Duration within) {
    x_clients[who].close_by = local(who, truth) + within;
}

void Observer::on_closed(Instant truth, ClientNumber who) {
    Client& client = x_clients[who];
    if (!client.close_by || std::exchange(client.has_closed, true)) {
        return violated(truth, "the end of client " + std::to_string(who) +
                                   " is told twice, or was not asked for");
    }
    if (is_late(client, *client.close_by, local(who, truth), answer_tolerance)) {
        violated(truth, "L10: client " + std::to_string(who) + " closes late");
    }
    x_tally.count(Deed::closed);
}

// ---- progress and rest --------------------------------------------------------------------------

void Observer::check_progress(Instant truth, const std::vector<Condition>& conditions,
                              Duration patience) {
    for (ClientNumber who = 0; who < x_clients.size(); ++who) {
        if (conditions[who] != Condition::asleep) {
            check_deletes(truth, who);
        }
        if (conditions[who] != Condition::asleep) {
            check_upgrades(truth, who);
        }
        check_downgrades(truth, who, conditions[who] == Condition::calm, patience);
    }
    for (std::size_t i = 0; i < x_locks.size(); ++i) {
        check_queue(truth, x_locks[i], i, conditions, patience);
    }
}

bool Observer::is_at_rest() const {
    return std::all_of(x_clients.begin(), x_clients.end(), [](const Client& client) {
        return client.asked.empty() && client.held.empty() && client.raw_due.empty() &&
               client.downgrades.empty() && client.upgrades.empty();
    });
}

void Observer::check_rest(Instant truth) {
    for (ClientNumber who = 0; who < x_clients.size(); ++who) {
        const Client& client = x_clients[who];
        for (const auto& [id, ask] : client.asked) {
            violated(truth, "L5: " + name(who, id) + " is never answered");
        }
        for (const auto& [id, holding] : client.held) {
            violated(truth, "S14: the node of " + name(who, id) + " is never told gone");
        }
        for (const auto& [id, asked] : client.upgrades) {
            violated(truth, "L5: the upgrade " + name(who, id) + " is never answered");
        }
        for (const auto& [id, asked] : client.downgrades) {
            violated(truth, "L15: the downgrade " + name(who, id) + " is never answered");
        }
        for (const auto& [id, due] : client.raw_due) {
            violated(truth, "request " + name(who, id) + " is never answered");
        }
    }
    for (const Lock& lock : x_locks) {
        for (const auto& [sequence, node] : lock.nodes) {
            violated(truth, "S14: " + node.name + " is left behind");
        }
    }
}

}  // namespace leasehold::sim
