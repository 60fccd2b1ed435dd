// What a member does while it leads: it gathers followers, orders writes, commits what a quorum has
// logged, and keeps the sessions' clock.
#include "sdk/server/member.hpp"

#include <algorithm>
#include <bit>
#include <utility>

namespace leasehold::server {

namespace {

using wire::Opcode;
using wire::ServerError;

constexpr unsigned counter_bits = 32;

std::uint64_t bit(ServerId server) {
    return std::uint64_t{1} << server;
}

}  // namespace

void Member::send_to_follower(Instant now, ServerId to, const Follower& follower, Message message) {
    message.channel = follower.channel;
    x_world.send(now, x_id, to, std::move(message));
}

void Member::deliver_to_leader(Instant now, ServerId from, Message& message) {
    if (message.kind == MessageKind::follower_info) {
        return meet(now, from, message);
    }
    const auto found = x_lead.followers.find(from);
    if (found == x_lead.followers.end() || found->second.channel != message.channel) {
        return;
    }
    Follower& follower = found->second;
    follower.heard_at = now;
    switch (message.kind) {
        case MessageKind::hung_up: x_lead.followers.erase(found); return;
        case MessageKind::ack_new_leader: return hear_acceptance(now, from, follower, message.zxid);
        case MessageKind::ack:
            for (Proposal& proposal : x_lead.proposals) {
                if (proposal.transaction->zxid == message.zxid) {
                    proposal.acks |= bit(from);
                    break;
                }
            }
            return commit_ready(now);
        case MessageKind::pong:
            for (const auto& [session, timeout_ms] : message.touches) {
                static_cast<void>(
                    x_lead.clock.touch(now, session, std::chrono::milliseconds{timeout_ms}));
            }
            return;
        case MessageKind::submit:
            return serve_submission(now, from, follower.channel,
                                    {message.tag, message.session, message.op, message.body,
                                     message.identities, message.timeout_ms});
        case MessageKind::revalidate: {
            const bool is_valid =
                is_leading() && x_lead.clock.touch(now, message.session,
                                                   std::chrono::milliseconds{message.timeout_ms});
            if (is_valid) {
                x_lead.clock.set_owner(message.session, follower.channel);
            }
            return send_to_follower(
                now, from, follower,
                {.kind = MessageKind::revalidated, .tag = message.tag, .is_valid = is_valid});
        }
        case MessageKind::sync: return wait_for_sync(now, from, follower, message.tag);
        default: return;
    }
}

// ---- becoming the leader ----

void Member::lead(Instant now) {
    enter(Phase::gathering);
    x_heard_at = now;
    x_world.set_timer(now + patience(), x_id, Timer::silence, x_generation);
}

void Member::meet(Instant now, ServerId from, const Message& message) {
    const bool is_decided = x_phase != Phase::gathering;
    const bool has_newer_epoch =
        message.epoch > x_accepted_epoch ||
        (message.epoch == x_accepted_epoch && message.epoch_leader != x_id);
    const bool has_more = !is_decided && message.history > history();
    // It could not follow: only another election can reconcile them.
    if (has_more || (is_decided && has_newer_epoch)) {
        return look(now);
    }
    Follower& follower = x_lead.followers[from];
    follower = {.channel = message.channel,
                .heard_at = now,
                .accepted_epoch = message.epoch,
                .applied = message.applied};
    if (is_decided) {
        return tell_epoch(now, from, follower);
    }
    if (x_lead.followers.size() + 1 >= quorum()) {
        decide_epoch(now);
    }
}

void Member::decide_epoch(Instant now) {
    std::int64_t latest = x_accepted_epoch;
    for (const auto& [other, follower] : x_lead.followers) {
        latest = std::max(latest, follower.accepted_epoch);
    }
    x_lead.epoch = x_accepted_epoch = latest + 1;
    x_epoch_leader = x_id;
    x_phase = Phase::syncing;  // in the time that it was given for both
    for (auto& [other, follower] : x_lead.followers) {
        tell_epoch(now, other, follower);
    }
}

/// With everything that the follower has not applied: what else it has logged counts for nothing.
void Member::tell_epoch(Instant now, ServerId to, Follower& follower) {
    Message message{.kind = MessageKind::new_leader, .zxid = x_last_logged, .epoch = x_lead.epoch};
    for (const TransactionPtr& each : x_log) {
        if (each->zxid > follower.applied) {
            message.log.push_back(each);
        }
    }
    follower.is_told = true;
    send_to_follower(now, to, follower, std::move(message));
}

void Member::hear_acceptance(Instant now, ServerId from, Follower& follower, std::int64_t zxid) {
    follower.has_accepted = true;
    if (is_leading()) {
        for (Proposal& proposal : x_lead.proposals) {
            if (proposal.transaction->zxid <= zxid) {
                proposal.acks |= bit(from);
            }
        }
        const std::int64_t committed =
            x_applied_count == 0 ? x_server.store().zxid() : x_log[x_applied_count - 1]->zxid;
        send_to_follower(now, from, follower, {.kind = MessageKind::up_to_date, .zxid = committed});
        return commit_ready(now);
    }
    const auto accepted = std::count_if(x_lead.followers.begin(), x_lead.followers.end(),
                                        [](const auto& each) { return each.second.has_accepted; });
    if (x_phase == Phase::syncing && static_cast<std::size_t>(accepted) + 1 >= quorum()) {
        establish(now);
    }
}

/// A quorum has this history: all of it is committed, and a new epoch begins.
void Member::establish(Instant now) {
    enter(Phase::leading);
    x_current_epoch = x_lead.epoch;
    for (std::size_t i = x_applied_count; i < x_log.size(); ++i) {
        x_world.committed(now, *x_log[i]);
    }
    apply_until(now, x_last_logged);
    const std::int64_t committed = x_last_logged;
    x_lead.zxid = x_lead.epoch << counter_bits;
    x_server.store().begin_epoch(x_lead.zxid);
    x_world.applied();
    start_clock(now);
    for (const auto& [other, follower] : x_lead.followers) {
        if (follower.has_accepted) {
            send_to_follower(now, other, follower,
                             {.kind = MessageKind::up_to_date, .zxid = committed});
        }
    }
}

/// Every known session has its whole timeout again, the one it was created with.
void Member::start_clock(Instant now) {
    for (const auto& [session, timeout_ms] : x_server.store().sessions()) {
        x_lead.clock.track(now, session, std::chrono::milliseconds{timeout_ms});
    }
    plan_sweep(now);
    if (!is_alone()) {
        x_world.set_timer(now + x_options.tick / 2, x_id, Timer::half_tick, x_generation);
    }
}

// ---- heartbeats ----

void Member::half_tick(Instant now) {
    x_lead.is_full_tick = !x_lead.is_full_tick;
    if (x_lead.is_full_tick) {
        std::size_t heard = 1;
        for (auto each = x_lead.followers.begin(); each != x_lead.followers.end();) {
            const bool is_silent = each->second.heard_at + patience() < now;
            if (is_silent) {
                send_to_follower(now, each->first, each->second, {.kind = MessageKind::hung_up});
                each = x_lead.followers.erase(each);
                continue;
            }
            heard += each->second.has_accepted ? 1 : 0;
            ++each;
        }
        if (heard < quorum()) {
            return look(now);
        }
    }
    for (const auto& [other, follower] : x_lead.followers) {
        send_to_follower(now, other, follower, {.kind = MessageKind::ping});
    }
    x_world.set_timer(now + x_options.tick / 2, x_id, Timer::half_tick, x_generation);
}

// ---- writes ----

void Member::serve_submission(Instant now, ServerId from, Channel owner,
                              const Submission& submission) {
    if (!is_leading()) {
        return;
    }
    const Origin origin{from, submission.tag};
    const std::int64_t session = submission.session;
    if (submission.op == Opcode::create_session) {
        x_lead.clock.track(now, session, std::chrono::milliseconds{submission.timeout_ms});
        x_lead.clock.set_owner(session, owner);
        return propose(now, {.zxid = ++x_lead.zxid,
                             .session = session,
                             .time_ms = wall_clock(now),
                             .kind = TransactionKind::create_session,
                             .timeout_ms = submission.timeout_ms,
                             .origin = origin});
    }
    if (submission.op == Opcode::close_session) {
        return close_session(now, session, origin);
    }
    ServerError standing = ServerError::ok;
    switch (x_lead.clock.check(session, owner)) {
        case SessionClock::Standing::good: break;
        case SessionClock::Standing::unknown:
        case SessionClock::Standing::closing: standing = ServerError::session_expired; break;
        case SessionClock::Standing::moved: standing = ServerError::session_moved; break;
    }
    Transaction transaction = x_lead.preparer.prepare(
        {session, submission.op, submission.body, submission.identities, standing}, ++x_lead.zxid,
        wall_clock(now));
    transaction.origin = origin;
    propose(now, std::move(transaction));
}

void Member::close_session(Instant now, std::int64_t session, Origin origin) {
    Transaction transaction =
        x_lead.preparer.close_session(session, ++x_lead.zxid, wall_clock(now));
    transaction.origin = origin;
    x_lead.clock.set_closing(session);
    propose(now, std::move(transaction));
}

void Member::propose(Instant now, Transaction transaction) {
    auto shared = std::make_shared<const Transaction>(std::move(transaction));
    log(shared);
    if (is_alone()) {
        x_world.committed(now, *shared);
        return apply(now, *shared);
    }
    x_lead.preparer.note(*shared);
    for (const auto& [other, follower] : x_lead.followers) {
        if (follower.is_told) {
            send_to_follower(now, other, follower,
                             {.kind = MessageKind::proposal, .proposal = shared});
        }
    }
    x_lead.proposals.push_back({std::move(shared), bit(x_id)});
    commit_ready(now);
}

void Member::commit_ready(Instant now) {
    while (!x_lead.proposals.empty() &&
           static_cast<std::size_t>(std::popcount(x_lead.proposals.front().acks)) >= quorum()) {
        const Proposal proposal = std::move(x_lead.proposals.front());
        x_lead.proposals.pop_front();
        const std::int64_t zxid = proposal.transaction->zxid;
        x_world.committed(now, *proposal.transaction);
        for (const auto& [other, follower] : x_lead.followers) {
            if (follower.is_told) {
                send_to_follower(now, other, follower, {.kind = MessageKind::commit, .zxid = zxid});
            }
        }
        x_lead.preparer.pending().forget_until(zxid);
        apply_until(now, zxid);
        for (const WaitingSync& sync : proposal.syncs) {
            const auto follower = x_lead.followers.find(sync.follower);
            if (follower != x_lead.followers.end() && follower->second.channel == sync.channel) {
                send_to_follower(now, sync.follower, follower->second,
                                 {.kind = MessageKind::synced, .tag = sync.tag});
            }
        }
    }
}

/// Behind what is proposed already, and no more: no quorum is asked.
void Member::wait_for_sync(Instant now, ServerId from, const Follower& follower,
                           std::uint64_t tag) {
    if (x_lead.proposals.empty()) {
        return send_to_follower(now, from, follower, {.kind = MessageKind::synced, .tag = tag});
    }
    x_lead.proposals.back().syncs.push_back({from, follower.channel, tag});
}

// ---- the clock ----

Instant Member::next_due() const {
    return is_leading() ? std::min(x_lead.clock.next(), x_lead.sweep_at) : Instant::max();
}

void Member::on_due(Instant now) {
    if (!is_leading()) {
        return;
    }
    for (const std::int64_t session : x_lead.clock.take_due(now)) {
        close_session(now, session, {});
    }
    if (x_lead.sweep_at <= now) {
        sweep(now);
    }
}

bool Member::expire(Instant now, std::int64_t session) {
    if (!is_leading() || !x_lead.clock.expiry_of(session)) {
        return false;
    }
    close_session(now, session, {});
    return true;
}

std::optional<Instant> Member::expiry_of(std::int64_t session) const {
    return is_leading() ? x_lead.clock.expiry_of(session) : std::nullopt;
}

void Member::plan_sweep(Instant now) {
    if (x_lead.sweep_at == Instant::max() && !x_server.store().tree().perishables().empty()) {
        const Duration interval = x_options.container_check_interval;
        x_lead.sweep_at = Instant{(now.time_since_epoch() / interval + 1) * interval};
    }
}

void Member::sweep(Instant now) {
    x_lead.sweep_at = Instant::max();
    const Tree& tree = x_server.store().tree();
    std::vector<std::string> due;
    for (const std::string_view path : tree.perishables()) {
        const Znode& node = *tree.find(path);
        const bool was_used = node.creates > 0;
        const bool is_old = wall_clock(now) - node.stat.mtime > node.ttl_ms;
        if (node.children.empty() && (node.kind == NodeKind::container ? was_used : is_old)) {
            due.emplace_back(path);
        }
    }
    for (const std::string& path : due) {
        propose(now, x_lead.preparer.remove_perishable(path, ++x_lead.zxid, wall_clock(now)));
    }
    plan_sweep(now);
}

}  // namespace leasehold::server
