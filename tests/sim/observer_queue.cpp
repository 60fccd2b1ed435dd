// The queues as they are committed: who blocks whom, who may be woken, and who should hold by now.
#include "tests/sim/observer.hpp"

#include <algorithm>
#include <charconv>
#include <iterator>
#include <string_view>

namespace leasehold::sim {

namespace {

constexpr std::size_t sequence_digits = 10;
constexpr std::size_t no_lock = static_cast<std::size_t>(-1);

/// By other hands than those of the engine: all contenders here have one of the three namings.
/// Permits are shared as well: several may be out.
bool is_shared(const std::string& node) {
    const std::string_view text =
        std::string_view(node).substr(0, node.size() - std::min(node.size(), sequence_digits));
    return text.ends_with("-__READ__") || text.ends_with("__rlock__") || text.ends_with("-lease-");
}

bool is_upgradable(const std::string& node) {
    return node.find("-up-__READ__") != std::string::npos ||
           node.find("-up__rlock__") != std::string::npos;
}

/// An id of 16 characters, then which attempt.
bool is_upgrade(const std::string& node) {
    constexpr std::size_t id_digits = 16;
    const std::size_t infix = node.rfind('/') + 1 + id_digits;
    return infix + 2 < node.size() && node.compare(infix, 2, "-w") == 0;
}

}  // namespace

std::int64_t Observer::sequence_of(const std::string& node) {
    std::int64_t sequence = -1;
    if (node.size() >= sequence_digits) {
        std::from_chars(node.data() + node.size() - sequence_digits, node.data() + node.size(),
                        sequence);
    }
    return sequence;
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

// ---- who waits for whom -------------------------------------------------------------------------

const Observer::Node* Observer::find_node(const Queue& queue, const std::string& name) {
    const auto node = queue.find(sequence_of(name));
    return node == queue.end() || node->second.name != name ? nullptr : &node->second;
}

/// The nearest one that has to be gone before the node's owner may hold: anybody ahead of a node
/// that is exclusive, an exclusive one ahead of a node that is shared. With permits, as many as
/// these have to be left.
const Observer::Node* Observer::blocker_of(const Lock& lock, const Node& node) {
    const Queue& queue = lock.nodes;
    auto ahead = queue.lower_bound(sequence_of(node.name));
    if (lock.permits != 0) {
        const auto count = static_cast<std::size_t>(std::distance(queue.begin(), ahead));
        return count < lock.permits ? nullptr : &std::prev(ahead)->second;
    }
    if (node.is_upgrade) {
        return blocker_of_upgrade(queue, node);
    }
    while (ahead != queue.begin()) {
        --ahead;
        if (!node.is_shared || !ahead->second.is_shared ||
            (node.is_upgradable && ahead->second.is_upgradable)) {
            return &ahead->second;
        }
    }
    return nullptr;
}

/// Those for whom this node is the nearest one that blocks them.
std::vector<ClientNumber> Observer::followers(const Lock& lock, Queue::const_iterator node) const {
    std::vector<ClientNumber> all;
    for (auto other = std::next(node); other != lock.nodes.end(); ++other) {
        const auto who = client_of(other->second.owner);
        // Who shares may not have read yet that this one shares as well.
        const bool may_not_know = node->second.is_downgraded && other->second.is_shared;
        if (who && (lock.permits != 0
                        ? may_wait_for(lock, node->first, true, other->second)
                        : may_not_know || blocker_of(lock, other->second) == &node->second)) {
            all.push_back(*who);
        }
        if (!other->second.is_shared) {
            break;  // whoever comes behind it has a nearer one
        }
    }
    return all;
}

// ---- what the ensemble commits ------------------------------------------------------------------

void Observer::on_node_created(Instant truth, const std::string& path, std::int64_t owner,
                               std::int64_t zxid) {
    const std::size_t lock = lock_of(path);
    if (lock == no_lock || owner == 0) {
        return;
    }
    Queue& queue = x_locks[lock].nodes;
    Node node{.name = path,
              .owner = owner,
              .zxid = zxid,
              .since = truth,
              .is_shared = is_shared(path),
              .was_behind_shared = !queue.empty() && queue.rbegin()->second.is_shared};
    node.is_upgradable = is_upgradable(path);
    node.is_upgrade = is_upgrade(path);
    x_locks[lock].has_upgradable |= node.is_upgradable;
    node.was_queued = blocker_of(x_locks[lock], node) != nullptr;
    const auto creator = client_of(owner);
    if (creator) {
        for (const auto& [sequence, other] : queue) {
            if (other.owner == owner) {
                keep_excuse(lock, other);
            }
        }
        node.excused_until = x_clients[*creator].excused_until[lock];
    }
    if (!node.was_queued) {
        node.free_since = truth;
    }
    const bool may_cost_more =
        node.was_queued || std::any_of(queue.begin(), queue.end(), [](const auto& ahead) {
            // which has to be read, or looked at again
            return ahead.second.is_downgraded || ahead.second.is_upgradable;
        });
    if (creator && may_cost_more) {
        x_clients[*creator].courses[lock] = {};  // contended: it may cost more
    }
    join_set(node);
    queue[sequence_of(path)] = std::move(node);
}

void Observer::on_node_deleted(Instant truth, const std::string& path, std::int64_t by,
                               bool is_marked) {
    const std::size_t lock = lock_of(path);
    if (lock == no_lock) {
        return;
    }
    Queue& queue = x_locks[lock].nodes;
    const auto node = queue.find(sequence_of(path));
    if (node == queue.end() || node->second.name != path) {
        return;
    }
    const std::int64_t owner = node->second.owner;
    x_gone[path] = {client_of(owner), followers(x_locks[lock], node), truth,
                    node->second.was_queued};
    if (const auto who = client_of(owner)) {
        x_clients[*who].last_change[lock] = truth;  // which may be news to it
    }
    keep_excuse(lock, node->second);
    if (!is_marked) {
        hold_back_behind(truth, x_locks[lock], node->second);
        excuse_behind(truth, lock, node->second);
    }
    tear_set(node->second);
    // Those behind it may learn only now that nobody is in their way.
    const bool was_hidden =
        (node->second.is_downgraded && node->second.is_overwritten) || node->second.is_upgrade;
    if (node->second.is_upgrade) {
        for (auto& [sequence, other] : queue) {
            if (other.free_since != Instant::max() && other.is_shared) {
                other.free_since = truth;
            }
        }
        for (const Live& live : x_live) {
            if (client_of(owner) == live.who && upgraded_by(live.who, path) == live.holding &&
                live.holding->lease->word.deadline() > local(live.who, truth) &&
                !x_options.has_foreign_deletes) {
                violated(truth, "S2: the exclusive node of " + name(live.who, live.holding->id) +
                                    " is gone while it is alone");
            }
        }
    }
    const auto behind = queue.erase(node);
    for (auto other = behind; other != queue.end(); ++other) {
        other->second.moved_up = truth;
        if (was_hidden && other->second.free_since != Instant::max()) {
            other->second.free_since = truth;  // it may have learned of it only now
        }
    }
    note_free(truth, x_locks[lock], behind);
    if (by != 0 && by != owner && !x_options.has_foreign_deletes) {
        violated(truth, "S10: " + path + " is deleted by another session than its own");
    }
    for (const Live& live : x_live) {
        if (live.node == path && live.holding->lease->word.deadline() > local(live.who, truth) &&
            !x_options.has_foreign_deletes) {
            violated(truth, "S2: the node of " + name(live.who, live.holding->id) +
                                " is gone while the lease is valid");
        }
    }
}

void Observer::note_free(Instant truth, Lock& lock, Queue::iterator from) {
    for (auto other = from; other != lock.nodes.end(); ++other) {
        if (other->second.free_since == Instant::max() &&
            blocker_of(lock, other->second) == nullptr) {
            other->second.free_since = truth;
        }
    }
}

// ---- who watches whom, and who is woken ---------------------------------------------------------

/// Whether the owner of `node` may want to hear of this one. Of several permits, the first who
/// waits watches all that are out, whoever got one may still watch them, and all others watch the
/// nearest.
bool Observer::may_wait_for(const Lock& lock, std::int64_t watched, bool is_watched_shared,
                            const Node& node) const {
    const std::int64_t sequence = sequence_of(node.name);
    if (watched >= sequence) {
        return false;
    }
    const auto own = lock.nodes.lower_bound(sequence);
    if (lock.permits != 0) {
        const auto ahead = static_cast<std::size_t>(std::distance(lock.nodes.begin(), own));
        return ahead <= lock.permits || std::prev(own)->first <= watched;
    }
    const Node* blocker = blocker_of(lock, node);
    return !(node.is_shared && is_watched_shared) &&
           (!blocker || sequence_of(blocker->name) <= watched);
}

/// A contender watches the nearest one that blocks it, and its own node. What it does not know yet
/// to be gone may be gone already, but nobody stands between.
void Observer::on_watch_written(Instant truth, ClientNumber who, const std::string& path) {
    note_reading(who, path);
    const std::size_t lock = lock_of(path);
    if (lock == no_lock || x_options.has_foreign_deletes || x_locks[lock].has_upgradable) {
        return;
    }
    const Queue& queue = x_locks[lock].nodes;
    const std::int64_t watched = sequence_of(path);
    bool has_node = false;
    for (const auto& [sequence, node] : queue) {
        if (node.owner != x_clients[who].session) {
            continue;
        }
        has_node = true;
        if (node.name == path || may_wait_for(x_locks[lock], watched, is_shared(path), node)) {
            return;
        }
    }
    if (has_node) {
        violated(truth, "L8: client " + std::to_string(who) + " watches " + path +
                            ", which is nobody that it waits for next");
    }
}

void Observer::on_notified(Instant truth, ClientNumber who, const std::string& path) {
    note_told(truth, who, path);
    const auto gone = x_gone.find(path);
    if (gone == x_gone.end() || x_locks[lock_of(path)].has_upgradable ||
        gone->second.owner == who || !x_options.can_remove_watches ||
        x_options.has_foreign_deletes) {
        return;
    }
    const auto& may_wake = gone->second.may_wake;
    if (std::find(may_wake.begin(), may_wake.end(), who) == may_wake.end()) {
        violated(truth, "L8: the end of " + path + " wakes client " + std::to_string(who) +
                            ", whose turn it does not bring nearer");
    }
}

// ---- progress -----------------------------------------------------------------------------------

bool Observer::is_held(ClientNumber who, const std::string& node) const {
    const auto& held = x_clients[who].held;
    return std::any_of(held.begin(), held.end(),
                       [&](const auto& each) { return each.second.stands_on(node); });
}

/// While nothing disturbs a client: each of its nodes stands for somebody, one for each path and
/// one for each caller who shares; whoever is blocked by nobody holds; and nobody waits without a
/// node.
void Observer::check_queue(Instant truth, const Lock& lock, std::size_t index,
                           const std::vector<Condition>& conditions, Duration patience) {
    std::vector<Standing> standings(x_clients.size());
    for (ClientNumber who = 0; who < x_clients.size(); ++who) {
        const Client& client = x_clients[who];
        standings[who].is_calm = conditions[who] == Condition::calm && !client.is_gone &&
                                 !client.close_by && truth - client.last_change[index] > patience;
    }
    for (const auto& [sequence, node] : lock.nodes) {
        const auto who = client_of(node.owner);
        if (who && standings[*who].is_calm && node.owner == x_clients[*who].session) {
            check_place(truth, *who, node, lock, standings, patience);
        }
    }
    for (ClientNumber who = 0; who < x_clients.size(); ++who) {
        if (standings[who].is_calm) {
            check_callers_have_places(truth, who, lock, standings[who], patience);
        }
    }
}

/// A permit that had to be waited for is shown to the next one by its owner, who has to be able to:
/// one that has gone leaves its node, and those behind it in the dark, until its session expires.
bool Observer::is_told(const Lock& lock, const Node& node, Instant by,
                       const std::vector<Standing>& standings) const {
    const auto can_show = [&](const Queue::value_type& ahead) {
        const auto owner = client_of(ahead.second.owner);
        return owner && standings[*owner].is_calm &&
               x_clients[*owner].session == ahead.second.owner;
    };
    const auto own = lock.nodes.lower_bound(sequence_of(node.name));
    return lock.permits == 0 ||
           (node.moved_up < by && std::all_of(lock.nodes.begin(), own, can_show));
}

void Observer::check_place(Instant truth, ClientNumber who, const Node& node, const Lock& lock,
                           std::vector<Standing>& standings, Duration patience) {
    if (node.is_upgrade) {
        return check_upgrade_place(truth, who, node, lock, patience);
    }
    Standing& standing = standings[who];
    const bool holds = is_held(who, node.name);
    const bool is_old = truth - node.since > patience;
    const bool is_its_own = node.is_shared || node.is_of_set;  // of one caller alone
    if (is_its_own && holds) {
        return;
    }
    int& all = node.is_shared   ? standing.sharing
               : node.is_of_set ? standing.sets
                                : standing.exclusive;
    int& old = node.is_shared   ? standing.old_sharing
               : node.is_of_set ? standing.old_sets
                                : standing.old_exclusive;
    ++all;
    // Its owner may hold back, or have given up while it did.
    const bool is_excused = !holds && may_hold_back(node, truth - patience);
    if (!is_old || is_excused || is_kept(truth, who, node, lock, patience)) {
        return;
    }
    ++old;
    const auto& asked = x_clients[who].asked;
    const auto waiting = std::count_if(asked.begin(), asked.end(), [&](const auto& each) {
        return each.second.is_for(lock.path) && each.second.is_shared == node.is_shared &&
               each.second.is_set() == node.is_of_set;
    });
    if (old > (is_its_own ? std::max<std::ptrdiff_t>(waiting, 1) : 1)) {
        violated(truth, "S13: client " + std::to_string(who) + " has a node too many on " +
                            lock.path + "; one is " + node.name);
    }
    if (!holds && waiting == 0) {
        violated(truth, "L6, S14: " + node.name + " is left, though nobody of client " +
                            std::to_string(who) + " waits or holds");
    } else if (const Node* upgrade = upgrade_around(lock.nodes, node); upgrade && !holds) {
        if (node.is_shared && !node.is_upgradable && upgrade->since < truth - patience &&
            node.free_since < truth - patience && !node.is_overwritten && !is_hidden(lock, node) &&
            node.waits_for != sequence_of(upgrade->name)) {
            violated(truth, "L2: " + node.name + " neither holds nor tells that it waits for " +
                                upgrade->name);
        }
    } else if (!holds && node.free_since < truth - patience && !is_hidden(lock, node) &&
               is_free_everywhere(node, truth - patience) &&
               is_told(lock, node, truth - patience, standings)) {
        violated(truth, "L2: nobody blocks " + node.name + ", but client " + std::to_string(who) +
                            " does not grant");
    }
}

void Observer::check_callers_have_places(Instant truth, ClientNumber who, const Lock& lock,
                                         const Standing& standing, Duration patience) {
    std::ptrdiff_t sharing = 0;
    std::ptrdiff_t sets = 0;
    bool has_exclusive = false;
    for (const auto& [id, ask] : x_clients[who].asked) {
        if (ask.is_for(lock.path) && truth - ask.since > patience) {
            ask.is_shared  ? void(++sharing)
            : ask.is_set() ? void(++sets)
                           : void(has_exclusive = true);
        }
    }
    const auto& held = x_clients[who].held;
    const bool has_place =
        standing.exclusive > 0 || std::any_of(held.begin(), held.end(), [&](const auto& each) {
            return (!each.second.is_shared || each.second.is_downgraded) && !each.second.is_set() &&
                   x_locks[each.second.lock].path == lock.path;
        });
    if (sharing > standing.sharing || sets > standing.sets || (has_exclusive && !has_place)) {
        violated(truth, "L2: a caller of client " + std::to_string(who) + " waits for " +
                            lock.path + " without a node");
    }
}

}  // namespace leasehold::sim
