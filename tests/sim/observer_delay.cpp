// What follows from a hold that was not released, if its holder asked for a delay: who must hold
// back, and who may.
#include "tests/sim/observer.hpp"

#include <algorithm>

namespace leasehold::sim {

namespace {

bool is_no_release(Loss loss) {
    return loss != Loss::released && loss != Loss::closed;
}

/// By the slowest clock there is: rho is 1 %.
Duration in_true_time(Duration delay) {
    return delay + delay / 50;
}

}  // namespace

// ---- who knows ----------------------------------------------------------------------------------

/// Of several who wait within one client it is not known which of them has read the record.
Observer::Node* Observer::only_waiting(ClientNumber who, Lock& lock, const std::string& behind) {
    Node* only = nullptr;
    for (auto each = lock.nodes.upper_bound(sequence_of(behind)); each != lock.nodes.end();
         ++each) {
        if (each->second.owner == x_clients[who].session && !each->second.was_held) {
            if (only != nullptr) {
                return nullptr;
            }
            only = &each->second;
        }
    }
    return only;
}

/// Two that read at once are not told apart.
void Observer::note_reading(ClientNumber who, const std::string& path) {
    const std::size_t lock = lock_of(path);
    if (lock >= x_locks.size()) {
        return;
    }
    const Node* node = only_waiting(who, x_locks[lock], path);
    const std::string name = node == nullptr ? std::string{} : node->name;
    const auto [entry, is_new] = x_clients[who].reading.emplace(path, name);
    if (!is_new && entry->second != name) {
        entry->second.clear();
    }
}

void Observer::on_watch_armed(Instant, ClientNumber who, const std::string& path, Duration delay) {
    const std::size_t lock = lock_of(path);
    if (lock >= x_locks.size()) {
        return;
    }
    const Node* watched = find_node(x_locks[lock].nodes, path);
    const bool is_own = watched != nullptr && watched->owner == x_clients[who].session;
    const Node* node = only_waiting(who, x_locks[lock], path);
    const auto reading = x_clients[who].reading.extract(path);
    const bool is_same = node != nullptr && !reading.empty() && reading.mapped() == node->name;
    if (is_same && !is_own && delay > Duration{}) {
        x_clients[who].armed.insert_or_assign(path, Armed{node->name, delay});
    } else {
        x_clients[who].armed.erase(path);
    }
}

/// The watches are used up, and whoever had one looks again: if the node has gone by then, that was
/// a release for all that they know.
void Observer::disarm(const std::string& path) {
    for (Client& client : x_clients) {
        client.armed.erase(path);
        if (const auto reading = client.reading.find(path); reading != client.reading.end()) {
            reading->second.clear();  // what it is being told may be old
        }
    }
}

/// A node went without a release: if a grant was made on it, whoever waited for it next, and knew
/// what it asks for, has to hold back.
void Observer::hold_back_behind(Instant truth, Lock& lock, const Node& gone) {
    for (ClientNumber who = 0; who < x_clients.size(); ++who) {
        const auto armed = x_clients[who].armed.extract(gone.name);
        if (!armed.empty() && gone.was_held && !x_options.has_foreign_deletes) {
            hold_back(truth, who, lock, gone, armed.mapped());
        }
    }
}

void Observer::hold_back(Instant truth, ClientNumber who, Lock& lock, const Node& gone,
                         const Armed& armed) {
    Node* waiting = only_waiting(who, lock, gone.name);
    if (waiting == nullptr || waiting->is_leaving || waiting->name != armed.node) {
        return;
    }
    const Node* blocker = blocker_of(lock, *waiting);
    if (blocker != nullptr && blocker->name == gone.name) {
        waiting->held_back_until =
            std::max(waiting->held_back_until, local(who, truth) + armed.delay);
        waiting->held_back_for = gone.name;
    }
}

void Observer::note_told(Instant truth, ClientNumber who, const std::string& path) {
    const std::size_t lock = lock_of(path);
    if (lock >= x_locks.size()) {
        return;
    }
    excuse_all(truth, who);  // it may have been asleep, and counts from now
    Node* node = only_waiting(who, x_locks[lock], path);
    if (node == nullptr || node->held_back_for != path) {
        return;
    }
    const auto& asked = x_clients[who].asked;
    const bool is_wanted = std::any_of(asked.begin(), asked.end(), [&](const auto& each) {
        return each.second.is_for(x_locks[lock].path) && each.second.is_shared == node->is_shared &&
               each.second.is_set() == node->is_of_set && each.second.since <= node->since;
    });
    if (is_wanted) {  // else it may have been given up before
        node->told_at = std::min(node->told_at, truth);
        node->stay_until = node->held_back_until;
    }
}

/// Callers of the same process who waited behind a hold that overran need not be told.
void Observer::note_own_loss(Instant truth, ClientNumber who, const Holding& holding) {
    if (!is_no_release(holding.loss) || holding.lock_delay <= Duration{} || holding.is_set()) {
        return;
    }
    if (!holding.is_shared && !holding.is_upgradable) {
        x_clients[who].own_losses[holding.lock] = {truth, local(who, truth) + holding.lock_delay,
                                                   x_locks[holding.lock].grants};
    }
    x_clients[who].excused_until[holding.lock] = truth + in_true_time(x_options.longest_delay);
}

// ---- who may ------------------------------------------------------------------------------------

/// For a node that goes without a mark, all behind it may hold back: a watch may have been on its
/// way, or the connection been lost.
void Observer::excuse_behind(Instant truth, std::size_t lock, const Node& gone) {
    if (x_locks[lock].permits != 0) {
        return;
    }
    const Instant until = truth + in_true_time(x_options.longest_delay);
    for (auto& [sequence, node] : x_locks[lock].nodes) {
        if (sequence > sequence_of(gone.name)) {
            node.excused_until = std::max(node.excused_until, until);
        }
    }
    if (const auto owner = client_of(gone.owner)) {
        x_clients[*owner].excused_until[lock] = until;
    }
}

/// What a process has learned, it keeps for the node that it makes next.
void Observer::keep_excuse(std::size_t lock, const Node& node) {
    if (const auto owner = client_of(node.owner)) {
        Instant& until = x_clients[*owner].excused_until[lock];
        until = std::max(until, node.excused_until);
    }
}

/// It may find that somebody has gone, and not know how.
void Observer::excuse_all(Instant truth, ClientNumber who) {
    const Instant until = truth + in_true_time(x_options.longest_delay);
    for (Lock& lock : x_locks) {
        for (auto& [sequence, node] : lock.nodes) {
            if (lock.permits == 0 && node.owner == x_clients[who].session) {
                node.excused_until = std::max(node.excused_until, until);
            }
        }
    }
}

/// A set does so if it has to on any of its paths.
bool Observer::may_hold_back(const Node& node, Instant since) const {
    return std::any_of(x_locks.begin(), x_locks.end(), [&](const Lock& lock) {
        const Node* other = find_made_at(lock, node.owner, node.zxid);
        return other != nullptr && other->excused_until > since;
    });
}

// ---- checks -------------------------------------------------------------------------------------

/// Callers of one process who want one lock for themselves wait behind one another; a set waits by
/// itself.
void Observer::check_held_back(Instant truth, ClientNumber who, const Holding& holding,
                               const Asked& ask) {
    const Instant now = local(who, truth);
    const OwnLoss& own = x_clients[who].own_losses[holding.lock];
    if (!holding.is_shared && !holding.is_set() && ask.since < own.at &&
        own.grants == x_locks[holding.lock].grants && now < own.held_back_until) {
        violated(truth, "S24: " + name(who, holding.id) + " is granted " +
                            ms_text(own.held_back_until - now) +
                            " before the delay after its own process's hold is over");
    }
    for (const Spot& spot : holding.spots) {
        ++x_locks[spot.lock].grants;
        check_held_back_at(truth, who, holding, spot);
    }
}

void Observer::check_held_back_at(Instant truth, ClientNumber who, const Holding& holding,
                                  const Spot& spot) {
    Queue& nodes = x_locks[spot.lock].nodes;
    const auto found = nodes.find(sequence_of(spot.node));
    if (found == nodes.end() || found->second.name != spot.node) {
        return;
    }
    Node& node = found->second;
    node.was_held = true;
    if (node.held_back_until == Instant::min()) {
        return;
    }
    x_tally.count(Deed::held_back);
    const Instant now = local(who, truth);
    if (now < node.held_back_until) {
        violated(truth, "S24: " + name(who, holding.id) + " is granted " +
                            ms_text(node.held_back_until - now) + " before the delay after " +
                            node.held_back_for + " is over");
    }
}

/// Whoever gives up while it holds back must not let those behind it go.
void Observer::check_farewell(Instant truth, ClientNumber who, const std::string& path) {
    const std::size_t lock = lock_of(path);
    if (lock >= x_locks.size()) {
        return;
    }
    const auto found = x_locks[lock].nodes.find(sequence_of(path));
    if (found == x_locks[lock].nodes.end() || found->second.name != path) {
        return;
    }
    Node& node = found->second;
    if (!node.is_leaving && !node.was_held && node.told_at < truth &&
        local(who, truth) < node.stay_until) {
        violated(truth, "S24: the delete of " + path + " leaves " +
                            ms_text(node.stay_until - local(who, truth)) +
                            " before its delay is over");
    }
    node.is_leaving = true;
}

/// A release, and nothing else, tells that it is one.
void Observer::check_mark(Instant truth, ClientNumber who, const Holding& holding) {
    if (!holding.was_marked) {
        return;
    }
    if (*holding.was_marked) {
        x_tally.count(Deed::released_with_mark);
    }
    const bool is_wrong = *holding.was_marked
                              ? is_no_release(holding.loss)
                              : holding.loss == Loss::released && holding.lock_delay > Duration{};
    if (is_wrong) {
        violated(truth, "S24: the node of " + name(who, holding.id) + " goes " +
                            (*holding.was_marked ? "as if it had been released"
                                                 : "as if it had not been released"));
    }
}

}  // namespace leasehold::sim
