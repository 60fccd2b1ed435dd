// Holds that were exclusive and share from now on: what their holders are told, and what others may
// read of it.
#include "tests/sim/observer.hpp"

#include <algorithm>
#include <cstdlib>
#include <string_view>
#include <utility>

namespace leasehold::sim {

namespace {

/// By other hands than those of the engine: field 14 of contender.proto, "1".
constexpr std::string_view mark = "r\x01\x31";

/// Field 12, the number of the node that is waited for; 0 if it is not the last one.
std::int64_t waited_for(const std::string& data) {
    const std::size_t tag = data.rfind('b');
    if (tag == std::string::npos || tag + 2 > data.size() ||
        data.size() - tag - 2 != static_cast<unsigned char>(data[tag + 1])) {
        return 0;
    }
    return std::strtoll(data.c_str() + tag + 2, nullptr, 10);
}

}  // namespace

/// From now on it is shared, whatever comes of it; others may know when the mark is committed.
void Observer::on_downgrade_asked(Instant truth, ClientNumber who, OperationId id,
                                  OperationId lease) {
    Client& client = x_clients[who];
    const auto held = client.held.find(lease);
    if (held == client.held.end()) {
        return violated(truth,
                        "a downgrade is asked of " + name(who, lease) + ", which is no hold");
    }
    Holding& holding = held->second;
    const bool is_possible =
        (!holding.is_shared || holding.is_downgraded) && !holding.rolls && !holding.is_set();
    client.downgrades[id] = {lease, truth, is_possible, holding.is_upgradable};
    client.last_change[holding.lock] = truth;
    if (is_possible && holding.ends == 0) {
        holding.is_shared = true;
        holding.is_downgraded = !holding.is_upgradable;
        holding.in_line_since.reset();  // it did not queue among those who share
    }
}

void Observer::on_downgraded(Instant truth, ClientNumber who, OperationId id,
                             const result<void>& outcome) {
    Client& client = x_clients[who];
    const auto asked = client.downgrades.find(id);
    if (asked == client.downgrades.end()) {
        return violated(truth, "the downgrade " + name(who, id) + " is answered twice");
    }
    const Downgrade downgrade = asked->second;
    client.downgrades.erase(asked);
    const auto held = client.held.find(downgrade.lease);
    const bool is_live = held != client.held.end() && held->second.ends == 0;
    if (!outcome) {
        if (downgrade.is_possible && is_live) {
            violated(truth, "L15: " + name(who, downgrade.lease) +
                                " cannot be downgraded: " + outcome.error().message());
        }
        return;
    }
    if (!downgrade.is_possible) {
        return violated(truth, "L15: " + name(who, downgrade.lease) +
                                   " is downgraded, and was no exclusive lock");
    }
    x_tally.count(Deed::downgraded);
    if (!is_live) {
        return;
    }
    if (downgrade.is_of_upgrade) {
        const Node* alone = find_node(x_locks[held->second.lock].nodes, held->second.upgrade_node);
        if (alone != nullptr && held->second.is_shared) {
            violated(truth, "L15: " + name(who, downgrade.lease) + " is said to share again, but " +
                                alone->name + " stands");
        }
        return;
    }
    const Node* node = find_node(x_locks[held->second.lock].nodes, held->second.lease->node());
    if (node != nullptr && !node->is_downgraded) {
        violated(truth, "L15: " + name(who, downgrade.lease) +
                            " is said to be downgraded, but nobody can read it");
    }
}

/// Whoever shares and stands behind it may pass from now on.
void Observer::on_data_set(Instant truth, const std::string& path, const std::string& data,
                           std::int64_t by) {
    disarm(path);
    const std::size_t index = lock_of(path);
    if (index >= x_locks.size() || x_locks[index].permits != 0) {
        return;
    }
    Lock& lock = x_locks[index];
    const auto node = lock.nodes.find(sequence_of(path));
    if (node == lock.nodes.end() || node->second.name != path) {
        return;
    }
    const std::int64_t said_for =
        std::exchange(node->second.waits_for, node->second.owner == by ? waited_for(data) : 0);
    if (const auto upgrade = lock.nodes.find(said_for);
        said_for != 0 && upgrade != lock.nodes.end() &&
        blocker_of(lock, upgrade->second) != nullptr) {
        upgrade->second.free_since = Instant::max();  // unless it has read it before
    }
    if (node->second.waits_for != 0) {
        node->second.is_overwritten = false;
        note_free(truth, lock, lock.nodes.begin());
        return;
    }
    if (node->second.owner != by || !std::string_view(data).ends_with(mark)) {
        node->second.is_overwritten = true;
        return;
    }
    node->second.is_overwritten = false;
    for (const Live& live : x_live) {
        if (live.holding->lease->node() == path && !live.holding->is_shared) {
            violated(truth, "S1: " + path + " says that it shares, but " +
                                name(live.who, live.holding->id) + " does not");
        }
    }
    if (!node->second.is_downgraded) {
        node->second.is_downgraded = true;
        node->second.is_shared = true;
        note_free(truth, lock, std::next(node));
    }
}

void Observer::check_sharer(Instant truth, const Live& live) {
    const Holding& holding = *live.holding;
    const bool is_lock = x_locks[holding.lock].permits == 0;
    if (is_lock && holding.is_shared &&
        (holding.lease->token != 0 || holding.lease->kind == LockKind::exclusive)) {
        violated(truth,
                 "S6: " + name(live.who, holding.id) + " shares and has a token, or is exclusive");
    }
    if (holding.is_upgradable && !holding.is_shared && holding.lease->token <= 0) {
        violated(truth, "S6: " + name(live.who, holding.id) + " is alone and has no token");
    }
}

void Observer::count_beside_downgraded(const Holding& holding) {
    if (std::any_of(x_live.begin(), x_live.end(), [&](const Live& live) {
            return live.holding->lock == holding.lock && live.holding->is_downgraded &&
                   !live.holding->is_over;
        })) {
        x_tally.count(Deed::shared_after_downgrade);
    }
}

/// Somebody ahead of it has said that it shares, and who comes to read it finds something else.
bool Observer::is_hidden(const Lock& lock, const Node& node) {
    return std::any_of(lock.nodes.begin(), lock.nodes.lower_bound(sequence_of(node.name)),
                       [](const Queue::value_type& ahead) {
                           return ahead.second.is_downgraded && ahead.second.is_overwritten;
                       });
}

/// An undisturbed client learns of it within a moment.
void Observer::check_downgrades(Instant truth, ClientNumber who, bool is_calm, Duration patience) {
    const Client& client = x_clients[who];
    for (const auto& [id, asked] : client.downgrades) {
        if (is_calm && !client.close_by && truth - asked.since > patience) {
            violated(truth, "L15: the downgrade of " + name(who, asked.lease) + " is not answered");
        }
    }
}

}  // namespace leasehold::sim
