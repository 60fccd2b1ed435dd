// Leases and whom they belong to; the queues are in observer_queue.cpp, answers and deadlines in
// observer_timing.cpp.
#include "tests/sim/observer.hpp"

#include <algorithm>
#include <utility>

namespace leasehold::sim {

namespace {

constexpr std::int64_t grants_per_node = 64;

}  // namespace

Observer::Observer(Journal& journal, Tally& tally, Options options)
    : x_journal(journal), x_tally(tally), x_options(std::move(options)) {
    x_options.permits.resize(x_options.locks.size());
    for (std::size_t i = 0; i < x_options.locks.size(); ++i) {
        x_locks.push_back({.path = x_options.locks[i],
                           .permits = static_cast<std::size_t>(x_options.permits[i]),
                           .nodes = {}});
    }
    x_valid.resize(x_locks.size());
}

ClientNumber Observer::add_client(const DriftClock& clock) {
    Client& client = x_clients.emplace_back();
    client.clock = &clock;
    client.courses.resize(x_locks.size());
    client.last_granted.resize(x_locks.size());
    client.last_change.resize(x_locks.size());
    client.own_losses.resize(x_locks.size());
    client.excused_until.resize(x_locks.size(), Instant::min());
    return x_clients.size() - 1;
}

std::string Observer::name(ClientNumber who, OperationId id) const {
    return std::to_string(who) + "#" + std::to_string(id);
}

std::optional<ClientNumber> Observer::client_of(std::int64_t session) const {
    const auto found = x_sessions.find(session);
    return found == x_sessions.end() ? std::nullopt : std::optional(found->second);
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
               .holds_for_calls = ask.holds_for_calls,
               .is_shared = ask.is_shared,
               .rolls = ask.rolls,
               .is_upgradable = ask.is_upgradable,
               .lock_delay = ask.lock_delay,
               .keep_idle = ask.keep_idle,
               .spots = find_spots(who, ask, *grant.lease)};
    if (ask.found_queue && !ask.looks_first) {
        holding.in_line_since = ask.since;
    }
    if (grant.granted_at != holding.granted_at || grant.deadline <= holding.granted_at) {
        violated(truth, "S5: " + name(who, id) + " is granted at a wrong time, or dead");
    }
    check_grant(truth, who, holding);
    check_held_back(truth, who, holding, ask);
    note_granted_kept(holding);
    count_grant(grant, who, holding);
    for (const Spot& spot : holding.spots) {
        x_live.push_back({who, &holding, spot.lock, spot.node});
    }
    return holding;
}

void Observer::count_grant(const core::Grant& grant, ClientNumber who, const Holding& holding) {
    x_tally.count(grant.is_shortened ? Deed::granted_shortened : Deed::granted);
    if (grant.lease->token % grants_per_node != 0) {
        x_tally.count(Deed::granted_locally);
    }
    if (holding.rolls) {
        x_tally.count(Deed::elected);
    }
    if (holding.is_set()) {
        return count_set(holding);
    }
    const Node* node = find_node(x_locks[holding.lock].nodes, holding.lease->node());
    if (node == nullptr) {
        return;
    }
    if (!holding.is_shared) {
        if (node->was_behind_shared) {
            x_tally.count(Deed::exclusive_after_shared);
        }
        return;
    }
    if (x_locks[holding.lock].permits != 0) {
        return x_tally.count(node->was_queued ? Deed::permit_after_wait : Deed::permit);
    }
    x_tally.count(Deed::shared);
    if (node->was_queued) {
        x_tally.count(Deed::shared_after_exclusive);
    }
    const bool is_together = std::any_of(x_live.begin(), x_live.end(), [&](const Live& live) {
        return live.who != who && live.lock == holding.lock && !live.holding->is_over;
    });
    if (is_together) {
        x_tally.count(Deed::shared_together);
    }
    count_beside_downgraded(holding);
}

void Observer::check_grant(Instant truth, ClientNumber who, const Holding& holding) {
    Client& client = x_clients[who];
    const std::string lease = name(who, holding.id);
    if (!client.is_attached) {
        violated(truth, "S5, S17: " + lease + " is granted without a connection that may write");
    }
    if (!holding.is_shared && !holding.is_set()) {
        if (holding.id <= client.last_granted[holding.lock]) {
            violated(truth, "L3: " + lease + " overtakes an earlier caller of its process");
        }
        client.last_granted[holding.lock] = holding.id;
        if (holding.lease->token % grants_per_node != 0) {
            check_local_grant(truth, lease, holding, x_locks[holding.lock]);
        }
    }
    for (const Spot& spot : holding.spots) {
        if (!x_options.has_foreign_deletes) {
            check_node(truth, who, holding, spot);
        }
        check_token(truth, lease, holding, x_locks[spot.lock]);
    }
}

/// Whose node it is, of which kind, and who stands before it.
void Observer::check_node(Instant truth, ClientNumber who, const Holding& holding,
                          const Spot& spot) {
    const Lock& lock = x_locks[spot.lock];
    const std::string lease = name(who, holding.id);
    const Node* node = find_node(lock.nodes, spot.node);
    if (node == nullptr || node->owner != x_clients[who].session ||
        ((!holding.is_shared || lock.permits != 0) &&
         node->zxid != holding.lease->token / grants_per_node)) {
        return violated(truth, "S2: " + lease + " is granted without a node of its own");
    }
    if (node->is_shared != holding.is_shared) {
        violated(truth, "S2: " + lease + " is granted on a node of the other kind");
    }
    if (const Node* blocker = blocker_of(lock, *node)) {
        violated(truth, "S5: " + lease + " is granted while " + blocker->name + " is ahead of it");
    }
}

void Observer::check_token(Instant truth, const std::string& lease, const Holding& holding,
                           Lock& lock) {
    // Permits' tokens are in no order: that each is its node's is checked with the node.
    if (lock.permits != 0 || holding.is_shared) {
        return;
    }
    if (holding.lease->token <= lock.last_token && !x_options.has_foreign_deletes) {
        violated(truth, "S6: the token of " + lease + " does not rise");
    }
    lock.last_token = std::max(lock.last_token, holding.lease->token.load());
}

/// Each caller who shares has a node of its own, and those of one process stand in the order of
/// their calls, unless one of them looked first or something came between.
void Observer::check_callers(Instant truth, ClientNumber who, const Holding& holding,
                             Instant calm_since) {
    for (const auto& [id, other] : x_clients[who].held) {
        if (id != holding.id && other.is_shared == holding.is_shared &&
            (holding.is_shared || (holding.is_set() && other.is_set()))) {
            check_order(truth, who, holding, other, calm_since);
        }
    }
}

/// While others wait, and their process has had the time to hear of them.
void Observer::check_local_bound(Instant truth, ClientNumber who, const Holding& holding,
                                 Instant calm_since) {
    const Queue& nodes = x_locks[holding.lock].nodes;
    const Node* node = find_node(nodes, holding.lease->node());
    if (holding.is_shared || holding.is_set() || node == nullptr || node->was_kept ||
        holding.lease->token % grants_per_node < x_options.max_local_grants) {
        return;
    }
    const Instant heard = truth - x_options.patience;
    const bool is_waited_for = std::any_of(nodes.begin(), nodes.end(), [&](const auto& other) {
        return other.second.owner != node->owner &&
               std::max(other.second.since, calm_since) < heard;
    });
    if (is_waited_for) {
        violated(truth,
                 "L3: " + name(who, holding.id) + " is one local grant too many on its node");
    }
}

void Observer::check_local_grant(Instant truth, const std::string& lease, const Holding& holding,
                                 const Lock& lock) {
    if (lock.last_end_node == holding.lease->node() &&
        (lock.last_end != Loss::released || lock.was_downgraded)) {
        violated(truth, "L3: " + lease +
                            " is handed a node whose holder did not let go by itself, "
                            "or shared it");
    }
    if (lock.asked_node == holding.lease->node()) {
        violated(truth, "L17: " + lease + " is handed a node that others have asked for");
    }
}

/// A contender that had to queue watches its own node: where somebody deletes
/// nodes, a grant may be in flight beside the news, but not come long after it.
void Observer::check_presence(Instant truth, ClientNumber who, const Holding& holding,
                              Instant calm_since) {
    constexpr Duration news_travel = std::chrono::milliseconds{1500};
    for (const Spot& spot : holding.spots) {
        const auto gone = x_gone.find(spot.node);
        if (gone != x_gone.end() && gone->second.was_queued && gone->second.at > calm_since &&
            truth - gone->second.at > news_travel) {
            violated(truth,
                     "S2: " + name(who, holding.id) + " is granted on a node that is long gone");
        }
    }
}

/// Which leases are valid changes with grants, with ends and with time; few are live at once.
void Observer::check(Instant truth) {
    std::fill(x_valid.begin(), x_valid.end(), Valid{});
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
            std::fill(x_valid.begin(), x_valid.end(), Valid{});
            i = 0;
            continue;
        }
        if (is_valid) {
            check_validity(truth, live);
        }
        ++i;
    }
}

/// A hold that is exclusive is valid alone; any number that are shared may be so together.
void Observer::check_validity(Instant truth, const Live& live) {
    Valid& valid = x_valid[live.lock];
    check_sharer(truth, live);
    const std::size_t permits = x_locks[live.lock].permits;
    if (permits != 0 && ++valid.count > permits && !x_options.has_foreign_deletes) {
        violated(truth, "S1: with " + name(live.who, live.holding->id) + " more than " +
                            std::to_string(permits) + " permits are valid together");
    }
    const Live* other = live.holding->is_shared ? valid.exclusive : valid.any;
    if (other != nullptr && !x_options.has_foreign_deletes) {
        violated(truth, "S1: " + name(other->who, other->holding->id) + " and " +
                            name(live.who, live.holding->id) + " are valid together");
    }
    valid.any = &live;
    if (!live.holding->is_shared) {
        valid.exclusive = &live;
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

void Observer::on_yield_asked(Instant truth, ClientNumber who, OperationId lease) {
    Holding* holding = find(truth, who, lease, "a request to let go");
    if (holding == nullptr) {
        return;
    }
    if (std::exchange(holding->is_asked, true)) {
        violated(truth, "L17: " + name(who, lease) + " is told twice that it is asked to let go");
    }
    x_locks[holding->lock].asked_node = holding->lease->node();
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
    if (holding->is_upgradable) {
        x_clients[who].last_change[holding->lock] = truth;  // its second node is on its way out
    }
    holding->loss = loss;
    note_own_loss(truth, who, *holding);
    switch (loss) {
        case Loss::session_expired: return x_tally.count(Deed::ended_with_session);
        case Loss::node_deleted: return x_tally.count(Deed::ended_by_deletion);
        case Loss::closed: return;  // the end of the session is the node's
        case Loss::budget:
            if (holding->rolls) {
                violated(truth, "L14: " + name(who, lease) + " leads, and its budget has ended it");
            }
            x_tally.count(Deed::ended_by_budget);
            break;
        case Loss::auth_failed:  // its node stays until its session ends, too
        case Loss::deadline: x_tally.count(Deed::ended_by_deadline); break;
        case Loss::released: x_tally.count(Deed::released); break;
    }
    if (!holding->is_shared || holding->is_downgraded) {
        for (const Spot& spot : holding->spots) {
            x_locks[spot.lock].last_end_node = spot.node;
            x_locks[spot.lock].last_end = loss;
            x_locks[spot.lock].was_downgraded = holding->is_downgraded;
        }
    }
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
    check_mark(truth, who, *holding);
    note_kept(truth, who, *holding);
    std::erase_if(x_live, [&](const Live& live) { return live.holding == holding; });
    for (const Spot& spot : holding->spots) {
        x_clients[who].last_change[spot.lock] = truth;
    }
    x_clients[who].held.erase(lease);
}

void Observer::on_session_lost(Instant truth, ClientNumber who) {
    Client& client = x_clients[who];
    for (const auto& [id, holding] : client.held) {
        if (holding.lease->word.deadline() != Instant::min()) {
            violated(truth, "S11: " + name(who, id) + " outlives its session");
        }
    }
    for (std::size_t lock = 0; lock < x_locks.size(); ++lock) {
        for (const auto& [sequence, node] : x_locks[lock].nodes) {
            keep_excuse(lock, node);
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
    client.downgrades.clear();
    client.upgrades.clear();
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
    for (const auto& [id, holding] : x_clients[who].held) {
        const Instant deadline = holding.lease->word.deadline();
        if (holding.rolls && deadline != Instant::min() && deadline != safe_deadline) {
            violated(truth, "L14: " + name(who, id) + " leads until " +
                                ms_text(safe_deadline - deadline) + " before the safe deadline");
        }
    }
    if (expiry && x_clients[who].clock->truth_of(safe_deadline) > *expiry) {
        violated(truth, "S3: the safe deadline of client " + std::to_string(who) + " is " +
                            ms_text(x_clients[who].clock->truth_of(safe_deadline) - *expiry) +
                            " after the earliest expiry");
    }
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
