// What a lock queue's contenders are together, one on each of its paths: they stand, get through
// and go as one.
#include "sdk/core/lock_queue.hpp"

#include <algorithm>
#include <utility>

namespace leasehold::core {

std::string LockQueue::Member::head_name(bool is_held) const {
    if (!contender) {
        return {};
    }
    if (!contender->ahead().empty()) {
        return std::string(contender->ahead().front().name);
    }
    return is_held ? std::string(contender->name()) : std::string{};
}

std::string LockQueue::head_path(const Member& member) const {
    const std::string name = member.head_name(x_holder.has_value());
    return name.empty() ? name : member.full(name);
}

NodePaths LockQueue::own_nodes() const {
    NodePaths nodes;
    nodes.reserve(x_members.size());
    for (const Member& member : x_members) {
        nodes.push_back(member.full(member.contender->name()));
    }
    return nodes;
}

bool LockQueue::knows_queue() const {
    return has_contenders() &&
           std::all_of(x_members.begin(), x_members.end(),
                       [](const Member& member) { return member.contender->knows_queue(); });
}

bool LockQueue::is_first() const {
    return has_contenders() &&
           std::all_of(x_members.begin(), x_members.end(), [](const Member& member) {
               return member.contender->state() == ContenderState::first;
           });
}

const LockQueue::Member* LockQueue::find_failed() const {
    const auto failed = std::find_if(x_members.begin(), x_members.end(), [](const Member& member) {
        return member.contender && member.contender->state() == ContenderState::ended;
    });
    return failed == x_members.end() ? nullptr : &*failed;
}

const LockQueue::Member& LockQueue::slowest() const {
    const auto blockers = [](const Member& member) {
        return member.contender ? member.contender->blockers() : 0;
    };
    return *std::max_element(
        x_members.begin(), x_members.end(),
        [&](const Member& one, const Member& other) { return blockers(one) < blockers(other); });
}

LockQueue::Member* LockQueue::find_member(const std::string& path) {
    const auto member = std::find_if(x_members.begin(), x_members.end(),
                                     [&](const Member& each) { return each.path == path; });
    return member == x_members.end() ? nullptr : &*member;
}

/// They were made together: where one stands and another does not, somebody has deleted it.
bool LockQueue::is_torn() const {
    const bool is_missing = std::any_of(x_members.begin(), x_members.end(),
                                        [](const Member& each) { return each.is_asked; });
    return is_missing && std::any_of(x_members.begin(), x_members.end(), [](const Member& each) {
               return each.contender && !each.contender->name().empty();
           });
}

bool LockQueue::is_of_one_transaction() const {
    return std::all_of(x_members.begin(), x_members.end(), [&](const Member& each) {
        return each.contender->czxid() == contender().czxid();
    });
}

/// One that is first by itself may be so for long while others wait.
void LockQueue::watch_own_nodes() {
    if (x_members.size() > 1 && knows_queue() && !is_first()) {
        for (Member& member : x_members) {
            member.contender->on_kept_waiting();
        }
    }
}

const LockQueue::Member& LockQueue::member_of(const Refusal& refusal) const {
    const auto member = std::find_if(x_members.begin(), x_members.end(),
                                     [&](const Member& each) { return each.path == refusal.path; });
    return member == x_members.end() ? slowest() : *member;
}

/// The nodes that may exist, and how they go: together, so that none does before all may.
CondemnedSet LockQueue::nodes_to_go(Instant now, OperationId lease, std::optional<Loss> loss) {
    CondemnedSet nodes;
    Instant not_before = Instant::min();
    for (Member& member : x_members) {
        Contender& contender = *member.contender;
        const bool may_exist = !member.is_asked && contender.may_exist();
        if (may_exist) {
            const bool is_awaited = contender.state() == ContenderState::creating;
            nodes.push_back({.parent = member.shared_path,
                             .name = contender.take_name(),
                             .lease = lease,
                             .awaited = is_awaited ? member.create : 0});
            choose_farewell(now, member, loss, nodes.back());
            not_before = std::max(not_before, nodes.back().not_before);
        }
    }
    for (Condemned& node : nodes) {
        node.not_before = not_before;
    }
    return nodes;
}

/// Gives up the contenders: their nodes go to the reaper, their watches off the server.
void LockQueue::abandon(Instant now, OperationId lease, std::optional<Loss> loss) {
    if (!has_contenders()) {
        return;
    }
    x_now = now;
    for (Member& member : x_members) {
        drop_watches(member);
    }
    CondemnedSet nodes = nodes_to_go(now, lease, loss);
    if (!nodes.empty()) {
        x_context.reaper.condemn(now, std::move(nodes));
    } else if (lease != 0) {
        x_context.effects.emplace_back(NodeGone{lease, success()});
    }
    drop_contenders();
    ++x_serial;
}

void LockQueue::drop_watches(Member& member) {
    for (const std::string& name : member.contender->watched()) {
        unwatch(member, name);
    }
}

void LockQueue::drop_contenders() {
    stop_keeping();
    for (Member& member : x_members) {
        member.contender.reset();
        member.is_asked = false;
    }
}

}  // namespace leasehold::core
