// Leases, their nodes and their order; answers and deadlines are in observer_timing.cpp.
#include "tests/sim/observer.hpp"

#include <algorithm>
#include <charconv>
#include <utility>

namespace leasehold::sim {

namespace {

constexpr std::size_t no_lock = static_cast<std::size_t>(-1);

std::int64_t sequence_of(const std::string& node) {
    std::int64_t sequence = -1;
    if (node.size() >= 10) {
        std::from_chars(node.data() + node.size() - 10, node.data() + node.size(), sequence);
    }
    return sequence;
}

}  // namespace

Observer::Observer(Journal& journal, Tally& tally, Options options)
    : x_journal(journal), x_tally(tally), x_options(std::move(options)) {
    for (const std::string& path : x_options.locks) {
        x_locks.push_back({.path = path, .nodes = {}});
    }
    x_valid.resize(x_locks.size());
}

ClientNumber Observer::add_client(const DriftClock& clock) {
    Client& client = x_clients.emplace_back();
    client.clock = &clock;
    client.last_granted.resize(x_locks.size());
    client.last_change.resize(x_locks.size());
    return x_clients.size() - 1;
}

std::string Observer::name(ClientNumber who, OperationId id) const {
    return std::to_string(who) + "#" + std::to_string(id);
}

std::optional<ClientNumber> Observer::client_of(std::int64_t session) const {
    const auto found = x_sessions.find(session);
    return found == x_sessions.end() ? std::nullopt : std::optional(found->second);
}

std::size_t Observer::lock_of(const std::string& node) const {
    for (std::size_t i = 0; i < x_locks.size(); ++i) {
        const std::string& path = x_locks[i].path;
        if (node.size() > path.size() && node[path.size()] == '/' && node.starts_with(path)) {
            return i;
        }
    }
    return no_lock;
}

// ---- what the ensemble commits ------------------------------------------------------------------

void Observer::on_node_created(Instant truth, const std::string& path, std::int64_t owner,
                               std::int64_t zxid) {
    const std::size_t lock = lock_of(path);
    if (lock == no_lock || owner == 0) {
        return;
    }
    auto& nodes = x_locks[lock].nodes;
    if (nodes.empty()) {
        x_locks[lock].head_since = truth;
    }
    nodes[sequence_of(path)] = {path, owner, zxid, truth, !nodes.empty()};
}

void Observer::on_node_deleted(Instant truth, const std::string& path, std::int64_t by) {
    const std::size_t lock = lock_of(path);
    if (lock == no_lock) {
        return;
    }
    auto& nodes = x_locks[lock].nodes;
    const auto node = nodes.find(sequence_of(path));
    if (node == nodes.end() || node->second.name != path) {
        return;
    }
    const std::int64_t owner = node->second.owner;
    if (node == nodes.begin()) {
        x_locks[lock].head_since = truth;
    }
    x_gone[path] = {client_of(owner), std::nullopt, truth, node->second.was_queued};
    nodes.erase(node);
    if (by != 0 && by != owner && !x_options.has_foreign_deletes) {
        violated(truth, "S10: " + path + " is deleted by another session than its own");
    }
    for (const Live& live : x_live) {
        if (live.holding->lease->node == path &&
            live.holding->lease->word.deadline() > local(live.who, truth) &&
            !x_options.has_foreign_deletes) {
            violated(truth, "S2: the node of " + name(live.who, live.holding->id) +
                                " is gone while the lease is valid");
        }
    }
}

// ---- a lease's life -----------------------------------------------------------------------------

Observer::Holding& Observer::on_grant(Instant truth, ClientNumber who, OperationId id,
                                      const core::Grant& grant, std::size_t lock) {
    Client& client = x_clients[who];
    const Asked& ask = client.asked.at(id);
    Holding& holding = client.held[id];
    holding = {.lock = lock,
               .id = id,
               .lease = grant.lease,
               .granted_at = local(who, truth),
               .max_hold = ask.max_hold,
               .holds_for_calls = ask.holds_for_calls};
    if (grant.granted_at != holding.granted_at || grant.deadline <= holding.granted_at) {
        violated(truth, "S5: " + name(who, id) + " is granted at a wrong time, or dead");
    }
    x_tally.count(grant.is_shortened ? Deed::granted_shortened : Deed::granted);
    if (grant.lease->token % 64 != 0) {
        x_tally.count(Deed::granted_locally);
    }
    check_grant(truth, who, holding);
    x_live.push_back({who, &holding});
    return holding;
}

void Observer::check_grant(Instant truth, ClientNumber who, const Holding& holding) {
    Client& client = x_clients[who];
    Lock& lock = x_locks[holding.lock];
    const std::string lease = name(who, holding.id);
    if (!client.is_attached) {
        violated(truth, "S5, S17: " + lease + " is granted without a connection that may write");
    }
    if (holding.id <= client.last_granted[holding.lock]) {
        violated(truth, "L3: " + lease + " overtakes an earlier caller of its process");
    }
    client.last_granted[holding.lock] = holding.id;
    if (holding.lease->token % 64 != 0) {
        check_local_grant(truth, lease, holding, lock);
    }
    if (x_options.has_foreign_deletes) {
        return;
    }
    const auto& nodes = lock.nodes;
    const auto node = std::find_if(nodes.begin(), nodes.end(), [&](const auto& each) {
        return each.second.name == holding.lease->node;
    });
    if (node == nodes.end() || node->second.owner != client.session ||
        node->second.zxid != holding.lease->token / 64) {
        violated(truth, "S2: " + lease + " is granted without a node of its own");
    } else if (node != nodes.begin()) {
        violated(truth, "S5: " + lease + " is granted while " + nodes.begin()->second.name +
                            " is ahead of it");
    }
    if (holding.lease->token <= lock.last_token) {
        violated(truth, "S6: the token of " + lease + " does not rise");
    }
    lock.last_token = std::max(lock.last_token, holding.lease->token);
}

void Observer::check_local_grant(Instant truth, const std::string& lease, const Holding& holding,
                                 const Lock& lock) {
    if (holding.lease->token % 64 >= x_options.max_local_grants) {
        violated(truth, "L3: " + lease + " is one local grant too many on its node");
    }
    if (lock.last_end_node == holding.lease->node && lock.last_end != Loss::released) {
        violated(truth, "L3: " + lease + " is handed a node whose holder did not let go by itself");
    }
}

/// A contender that had to queue watches its own node: where somebody deletes
/// nodes, a grant may be in flight beside the news, but not come long after it.
void Observer::check_presence(Instant truth, ClientNumber who, const Holding& holding,
                              Instant calm_since) {
    constexpr Duration news_travel = std::chrono::milliseconds{1500};
    const auto gone = x_gone.find(holding.lease->node);
    if (gone != x_gone.end() && gone->second.was_queued && gone->second.at > calm_since &&
        truth - gone->second.at > news_travel) {
        violated(truth, "S2: " + name(who, holding.id) + " is granted on a node that is long gone");
    }
}

/// Which leases are valid changes with grants, with ends and with time; few are live at once.
void Observer::check(Instant truth) {
    std::fill(x_valid.begin(), x_valid.end(), nullptr);
    for (std::size_t i = 0; i < x_live.size();) {
        const Live& live = x_live[i];
        Holding& holding = *live.holding;
        const bool is_valid = holding.lease->word.deadline() > local(live.who, truth);
        if (is_valid && holding.is_over) {
            violated(truth, "S12: " + name(live.who, holding.id) + " came back to life");
        }
        holding.is_over |= !is_valid;
        if (holding.is_over && holding.ends != 0) {
            x_live[i] = x_live.back();  // its word is latched: nothing can move it any more
            x_live.pop_back();
            std::fill(x_valid.begin(), x_valid.end(), nullptr);
            i = 0;
            continue;
        }
        if (is_valid) {
            const Live*& other = x_valid[holding.lock];
            if (other != nullptr && !x_options.has_foreign_deletes) {
                violated(truth, "S1: " + name(other->who, other->holding->id) + " and " +
                                    name(live.who, holding.id) + " are valid together");
            }
            other = &live;
        }
        ++i;
    }
}

Observer::Holding* Observer::find(Instant truth, ClientNumber who, OperationId lease,
                                  const char* what) {
    auto& held = x_clients[who].held;
    const auto found = held.find(lease);
    if (found == held.end()) {
        violated(truth, std::string(what) + " is told of " + name(who, lease) +
                            ", which is no lease or is over");
        return nullptr;
    }
    return &found->second;
}

void Observer::on_stop(Instant truth, ClientNumber who, OperationId lease) {
    if (Holding* holding = find(truth, who, lease, "a stop"); holding && ++holding->stops > 1) {
        violated(truth, "the stop of " + name(who, lease) + " is told twice");
    }
}

void Observer::on_ended(Instant truth, ClientNumber who, OperationId lease, Loss loss) {
    Holding* holding = find(truth, who, lease, "an end");
    if (holding == nullptr) {
        return;
    }
    if (holding->lease->word.deadline() != Instant::min() || holding->stops != 1) {
        violated(truth, "S9: the end of " + name(who, lease) +
                            " is told before its word is latched, or before the stop");
    }
    if (++holding->ends > 1) {
        violated(truth, "the end of " + name(who, lease) + " is told twice");
    }
    switch (loss) {
        case Loss::session_expired: return x_tally.count(Deed::ended_with_session);
        case Loss::node_deleted: return x_tally.count(Deed::ended_by_deletion);
        case Loss::closed: return;  // the end of the session is the node's
        case Loss::budget: x_tally.count(Deed::ended_by_budget); break;
        case Loss::deadline: x_tally.count(Deed::ended_by_deadline); break;
        case Loss::released: x_tally.count(Deed::released); break;
    }
    x_locks[holding->lock].last_end_node = holding->lease->node;
    x_locks[holding->lock].last_end = loss;
    const bool waits = loss == Loss::budget && holding->holds_for_calls && holding->is_calling;
    if (!holding->is_delete_written) {
        holding->delete_due = waits ? holding->granted_at + holding->max_hold : local(who, truth);
    }
}

void Observer::on_node_gone(Instant truth, ClientNumber who, OperationId lease) {
    const Holding* holding = find(truth, who, lease, "a node's end");
    if (holding == nullptr) {
        return;
    }
    if (holding->ends != 1 || holding->stops != 1) {
        violated(truth, "the node of " + name(who, lease) + " is told gone before its lease's end");
    }
    std::erase_if(x_live, [&](const Live& live) { return live.holding == holding; });
    x_clients[who].last_change[holding->lock] = truth;
    x_clients[who].held.erase(lease);
}

void Observer::on_session_lost(Instant truth, ClientNumber who) {
    Client& client = x_clients[who];
    for (const auto& [id, holding] : client.held) {
        if (holding.lease->word.deadline() != Instant::min()) {
            violated(truth, "S11: " + name(who, id) + " outlives its session");
        }
    }
    client.session = 0;
    client.is_attached = false;
}

void Observer::on_gone(ClientNumber who) {
    Client& client = x_clients[who];
    std::erase_if(x_live, [&](const Live& live) { return live.who == who; });
    x_unanswered -= client.asked.size();
    client.asked.clear();
    client.held.clear();
    client.raw_due.clear();
    client.is_gone = true;
    client.is_attached = false;
}

// ---- evidence -----------------------------------------------------------------------------------

void Observer::on_evidence(Instant truth, ClientNumber who, Instant safe_deadline,
                           std::optional<Instant> expiry, Instant bound) {
    if (safe_deadline > bound) {
        violated(truth, "S4: the safe deadline of client " + std::to_string(who) + " is " +
                            ms_text(safe_deadline - bound) +
                            " after what its acknowledged requests allow");
    }
    if (expiry && x_clients[who].clock->truth_of(safe_deadline) > *expiry) {
        violated(truth, "S3: the safe deadline of client " + std::to_string(who) + " is " +
                            ms_text(x_clients[who].clock->truth_of(safe_deadline) - *expiry) +
                            " after the earliest expiry");
    }
}

void Observer::on_notified(Instant truth, ClientNumber who, const std::string& path) {
    const auto gone = x_gone.find(path);
    if (gone == x_gone.end() || gone->second.owner == who || !x_options.can_remove_watches ||
        x_options.has_foreign_deletes) {
        return;
    }
    auto& woken = gone->second.woken;
    if (woken && *woken != who) {
        violated(truth, "L8: the end of " + path + " wakes clients " + std::to_string(*woken) +
                            " and " + std::to_string(who));
    }
    woken = who;
}

// ---- for users ----------------------------------------------------------------------------------

bool Observer::has_nodes() const {
    return std::any_of(x_locks.begin(), x_locks.end(),
                       [](const Lock& lock) { return !lock.nodes.empty(); });
}

std::string Observer::some_node(std::uint64_t pick) const {
    std::size_t all = 0;
    for (const Lock& lock : x_locks) {
        all += lock.nodes.size();
    }
    if (all == 0) {
        return {};
    }
    std::size_t left = static_cast<std::size_t>(pick % all);
    for (const Lock& lock : x_locks) {
        for (const auto& [sequence, node] : lock.nodes) {
            if (left-- == 0) {
                return node.name;
            }
        }
    }
    return {};
}

}  // namespace leasehold::sim
