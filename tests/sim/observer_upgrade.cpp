// Upgradable holders and the second node by which they are alone: who is in its way, what their
// owners are told, and that nobody waits for ever.
#include "tests/sim/observer.hpp"

#include <algorithm>
#include <string>

namespace leasehold::sim {

namespace {

using namespace std::chrono_literals;

constexpr Duration answer_tolerance = 10ms;
constexpr std::int64_t grants_per_node = 64;

/// The path and the id, which both nodes of a pair have.
std::string stem_of(const std::string& node) {
    constexpr std::size_t id_digits = 16;
    return node.substr(0, node.rfind('/') + 1 + id_digits);
}

}  // namespace

const Observer::Node* Observer::base_of(const Queue& queue, const Node& upgrade) {
    for (const auto& [sequence, node] : queue) {
        if (node.is_upgradable && stem_of(node.name) == stem_of(upgrade.name)) {
            return &node;
        }
    }
    return nullptr;
}

const Observer::Node* Observer::upgrade_around(const Queue& queue, const Node& node) {
    for (auto other = queue.lower_bound(sequence_of(node.name)); other != queue.end(); ++other) {
        const Node* base = other->second.is_upgrade ? base_of(queue, other->second) : nullptr;
        if (base != nullptr && sequence_of(base->name) < sequence_of(node.name)) {
            return &other->second;
        }
    }
    return nullptr;
}

/// Whoever shares, came before it, and neither waits for a writer that waits for its first node nor
/// has told that it waits for this one.
const Observer::Node* Observer::blocker_of_upgrade(const Queue& queue, const Node& upgrade) {
    const Node* base = base_of(queue, upgrade);
    if (base == nullptr) {
        return nullptr;
    }
    const Node* blocker = nullptr;
    for (const auto& [sequence, node] : queue) {
        if (sequence >= sequence_of(upgrade.name)) {
            break;
        }
        if (&node == base) {
            continue;
        }
        if (sequence > sequence_of(base->name)) {
            if (!node.is_shared) {
                return blocker;  // whoever comes behind it waits for it
            }
            if (node.is_upgradable || node.waits_for == sequence_of(upgrade.name)) {
                continue;
            }
        }
        blocker = &node;
    }
    return blocker;
}

/// The hold that is alone by this node.
Observer::Holding* Observer::upgraded_by(ClientNumber who, const std::string& node) {
    for (auto& [id, holding] : x_clients[who].held) {
        if (!holding.is_shared && holding.upgrade_node == node) {
            return &holding;
        }
    }
    return nullptr;
}

void Observer::on_upgrade_asked(Instant truth, ClientNumber who, OperationId id, OperationId lease,
                                Duration wait) {
    Client& client = x_clients[who];
    const auto held = client.held.find(lease);
    const bool is_possible = held != client.held.end() && held->second.is_upgradable &&
                             held->second.is_shared && held->second.ends == 0 &&
                             !client.is_upgrading(lease, local(who, truth));
    client.upgrades[id] = {lease, local(who, truth) + wait, is_possible};
}

void Observer::on_upgraded(Instant truth, ClientNumber who, const core::UpgradeDone& done) {
    Client& client = x_clients[who];
    const auto asked = client.upgrades.find(done.id);
    if (asked == client.upgrades.end()) {
        return violated(truth, "the upgrade " + name(who, done.id) + " is answered twice");
    }
    const Upgrade upgrade = asked->second;
    client.upgrades.erase(asked);
    const auto held = client.held.find(upgrade.lease);
    if (held != client.held.end()) {
        client.last_change[held->second.lock] = truth;
    }
    if (is_late(client, upgrade.due, local(who, truth), answer_tolerance)) {
        violated(truth, "L5: the upgrade " + name(who, done.id) + " is answered late");
    }
    if (done.refusal) {
        return x_tally.count(Deed::upgrade_refused);
    }
    if (!upgrade.is_possible || held == client.held.end() || held->second.ends != 0) {
        return violated(
            truth, "S5: " + name(who, upgrade.lease) + " is upgraded, and was no upgradable lock");
    }
    Holding& holding = held->second;
    holding.is_shared = false;
    x_tally.count(Deed::upgraded);
    Lock& lock = x_locks[holding.lock];
    const Node* base = find_node(lock.nodes, holding.lease->node());
    // An earlier one, of an upgrade that was given up, may still be there.
    const auto own = std::find_if(lock.nodes.rbegin(), lock.nodes.rend(), [&](const auto& each) {
        return each.second.is_upgrade &&
               stem_of(each.second.name) == stem_of(holding.lease->node());
    });
    if (own != lock.nodes.rend()) {
        own->second.was_held = true;
        holding.upgrade_node = own->second.name;
    }
    if (x_options.has_foreign_deletes) {
        return;
    }
    if (base == nullptr || own == lock.nodes.rend()) {
        return violated(
            truth, "S2: " + name(who, upgrade.lease) + " is upgraded without both of its nodes");
    }
    if (lock.nodes.begin()->second.name != base->name) {
        violated(truth, "S5: " + name(who, upgrade.lease) + " is upgraded while " +
                            lock.nodes.begin()->second.name + " is ahead of it");
    }
    if (holding.lease->token / grants_per_node != base->zxid ||
        holding.lease->token <= lock.last_token) {
        violated(truth, "S6: the token of " + name(who, upgrade.lease) + " does not rise");
    }
    lock.last_token = std::max(lock.last_token, holding.lease->token.load());
}

/// The second node stands for somebody who is alone or waits to be; and if nobody is in its way, it
/// does not wait.
void Observer::check_upgrade_place(Instant truth, ClientNumber who, const Node& node,
                                   const Lock& lock, Duration patience) {
    if (truth - node.since <= patience || upgraded_by(who, node.name) != nullptr ||
        may_hold_back(node, truth - patience)) {
        return;
    }
    const Node* base = base_of(lock.nodes, node);
    const bool is_waiting =
        base != nullptr && std::any_of(x_clients[who].upgrades.begin(),
                                       x_clients[who].upgrades.end(), [&](const auto& each) {
                                           const auto held =
                                               x_clients[who].held.find(each.second.lease);
                                           return held != x_clients[who].held.end() &&
                                                  held->second.lease->node() == base->name;
                                       });
    if (!is_waiting) {
        violated(truth, "L6, S14: " + node.name + " is left, though nobody of client " +
                            std::to_string(who) + " waits or is alone");
    } else if (node.free_since < truth - patience) {
        violated(truth, "L2: nobody blocks " + node.name + ", but client " + std::to_string(who) +
                            " does not upgrade");
    }
}

void Observer::check_upgrades(Instant truth, ClientNumber who) {
    const Client& client = x_clients[who];
    for (const auto& [id, upgrade] : client.upgrades) {
        if (is_late(client, upgrade.due, local(who, truth), answer_tolerance)) {
            violated(truth, "L5: the upgrade " + name(who, id) + " is not answered");
        }
    }
}

}  // namespace leasehold::sim
