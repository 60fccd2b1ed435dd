// Sets, which stand on several paths at once: which nodes belong together, and what follows from
// it.
#include "tests/sim/observer.hpp"

#include <algorithm>

namespace leasehold::sim {

namespace {

constexpr std::int64_t grants_per_node = 64;

}  // namespace

bool Observer::Asked::is_for(const std::string& lock) const {
    return path == lock ||
           std::find(more_paths.begin(), more_paths.end(), lock) != more_paths.end();
}

bool Observer::Holding::stands_on(const std::string& node) const {
    return std::any_of(spots.begin(), spots.end(),
                       [&](const Spot& spot) { return spot.node == node; });
}

bool Observer::Holding::is_of(std::size_t wanted) const {
    return std::any_of(spots.begin(), spots.end(),
                       [&](const Spot& spot) { return spot.lock == wanted; });
}

const Observer::Node* Observer::find_made_at(const Lock& lock, std::int64_t owner,
                                             std::int64_t zxid) const {
    const auto found = std::find_if(lock.nodes.begin(), lock.nodes.end(), [&](const auto& each) {
        return each.second.owner == owner && each.second.zxid == zxid;
    });
    return found == lock.nodes.end() ? nullptr : &found->second;
}

/// Those of one session with one transaction number.
void Observer::join_set(Node& node) {
    for (Lock& lock : x_locks) {
        if (const Node* other = find_made_at(lock, node.owner, node.zxid)) {
            lock.nodes.at(sequence_of(other->name)).is_of_set = true;
            node.is_of_set = true;
        }
    }
}

void Observer::tear_set(const Node& gone) {
    for (Lock& lock : x_locks) {
        if (const Node* other = find_made_at(lock, gone.owner, gone.zxid)) {
            Node& left = lock.nodes.at(sequence_of(other->name));
            left.is_torn = true;
            left.excused_until = std::max(left.excused_until, gone.excused_until);
        }
    }
}

/// The first one by the name that the lease has; the others by the number in its token.
std::vector<Observer::Spot> Observer::find_spots(ClientNumber who, const Asked& ask,
                                                 const core::Lease& lease) const {
    std::vector<Spot> spots;
    for (std::size_t i = 0; i < x_locks.size(); ++i) {
        if (x_locks[i].path == ask.path) {
            spots.insert(spots.begin(), {i, lease.node()});
        } else if (ask.is_for(x_locks[i].path)) {
            const Node* node =
                find_made_at(x_locks[i], x_clients[who].session, lease.token / grants_per_node);
            spots.push_back({i, node != nullptr ? node->name : std::string{}});
        }
    }
    return spots;
}

/// The numbers of a path begin anew when somebody has deleted its last node and the path is made
/// again: only nodes that stand together are compared.
void Observer::check_order(Instant truth, ClientNumber who, const Holding& holding,
                           const Holding& other, Instant calm_since) {
    const auto is_in_line = [&](const Holding& each) {
        return each.in_line_since && *each.in_line_since > calm_since;
    };
    for (const Spot& spot : holding.spots) {
        const auto beside = std::find_if(other.spots.begin(), other.spots.end(),
                                         [&](const Spot& each) { return each.lock == spot.lock; });
        if (beside == other.spots.end()) {
            continue;
        }
        if (beside->node == spot.node) {
            violated(truth, "L3: " + name(who, holding.id) + " shares its node with " +
                                name(who, other.id));
        } else if (is_in_line(holding) && is_in_line(other) &&
                   find_node(x_locks[spot.lock].nodes, beside->node) != nullptr &&
                   (other.id < holding.id) !=
                       (sequence_of(beside->node) < sequence_of(spot.node))) {
            violated(truth, "L3: the nodes of " + name(who, other.id) + " and " +
                                name(who, holding.id) + " stand in another order than their calls");
        }
    }
}

void Observer::count_set(const Holding& holding) {
    const bool had_to_wait =
        std::any_of(holding.spots.begin(), holding.spots.end(), [&](const Spot& spot) {
            const Node* node = find_node(x_locks[spot.lock].nodes, spot.node);
            return node != nullptr && node->was_queued;
        });
    x_tally.count(had_to_wait ? Deed::set_after_wait : Deed::set);
}

/// One that nobody blocks holds only if that is so of all that belong to it.
bool Observer::is_free_everywhere(const Node& node, Instant by) const {
    return !node.is_torn && std::all_of(x_locks.begin(), x_locks.end(), [&](const Lock& lock) {
        const Node* other = find_made_at(lock, node.owner, node.zxid);
        return other == nullptr || other->free_since < by;
    });
}

}  // namespace leasehold::sim
