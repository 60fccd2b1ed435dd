// The roles of a member, and what it does as a follower; see leader.cpp for the rest.
#include "sdk/server/member.hpp"

#include <algorithm>
#include <utility>

namespace leasehold::server {

namespace {

constexpr unsigned counter_bits = 32;

}  // namespace

Member::Member(ServerId id, const EnsembleOptions& options, Server& server, World& world)
    : x_id(id),
      x_options(options),
      x_server(server),
      x_world(world),
      x_accepted_epoch(options.first_epoch),
      x_current_epoch(options.first_epoch),
      x_last_logged(options.first_epoch << counter_bits),
      x_lead(server.store().tree(), options) {
    server.set_upstream(*this);
    server.store().begin_epoch(x_last_logged);
}

void Member::begin(Instant now, ServerId leader, const std::vector<Channel>& channels) {
    x_epoch_leader = x_leader = leader;
    x_heard_at = now;
    if (x_id != leader) {
        enter(Phase::following);
        x_channel = channels[x_id];
        x_world.set_timer(now + patience(), x_id, Timer::silence, x_generation);
        return;
    }
    enter(Phase::leading);
    x_lead.epoch = x_current_epoch;
    x_lead.zxid = x_last_logged;
    for (ServerId other = 0; other < x_options.servers; ++other) {
        if (other != x_id) {
            x_lead.followers[other] = {
                .channel = channels[other], .heard_at = now, .is_told = true, .has_accepted = true};
        }
    }
    start_clock(now);
}

std::int64_t Member::wall_clock(Instant now) const {
    using std::chrono::duration_cast;
    using std::chrono::milliseconds;
    return x_options.wall_clock_base_ms +
           duration_cast<milliseconds>(now.time_since_epoch()).count();
}

bool Member::is_serving() const {
    return x_phase == Phase::following || x_phase == Phase::leading;
}

std::string_view Member::mode() const {
    if (x_options.is_read_only) {
        return "read-only";
    }
    return is_alone() ? "standalone" : is_leading() ? "leader" : "follower";
}

std::optional<ServerId> Member::leader() const {
    switch (x_phase) {
        case Phase::down:
        case Phase::looking: return std::nullopt;
        case Phase::joining:
        case Phase::following: return x_leader;
        case Phase::gathering:
        case Phase::syncing:
        case Phase::leading: return x_id;
    }
    return std::nullopt;
}

Channel Member::channel_to(ServerId other) const {
    const auto leading = leader();
    if (!leading) {
        return 0;
    }
    if (*leading != x_id) {
        return *leading == other ? x_channel : 0;
    }
    const auto follower = x_lead.followers.find(other);
    return follower == x_lead.followers.end() ? 0 : follower->second.channel;
}

// ---- roles ----

void Member::enter(Phase phase) {
    x_phase = phase;
    ++x_generation;
}

void Member::kill(Instant now) {
    const auto led = leader();
    if (led && *led == x_id) {
        for (const auto& [other, follower] : x_lead.followers) {
            send_to_follower(now, other, follower, {.kind = MessageKind::hung_up});
        }
    } else if (led) {
        send_to_leader(now, {.kind = MessageKind::hung_up});
    }
    enter(Phase::down);
    x_server.drop_clients();
    x_server.store().forget_watches();
    x_channel = 0;
    x_touches.clear();
    x_lead = Leadership(x_server.store().tree(), x_options);
}

void Member::look(Instant now) {
    kill(now);
    enter(Phase::looking);
    x_world.seek_leader(now);
}

void Member::restart(Instant now) {
    if (!is_alone()) {
        enter(Phase::looking);
        return x_world.seek_leader(now);
    }
    enter(Phase::leading);
    x_lead.epoch = x_current_epoch;
    x_lead.zxid = x_last_logged;
    start_clock(now);
}

void Member::follow(Instant now, ServerId leader) {
    enter(Phase::joining);
    x_leader = leader;
    x_channel = x_world.new_channel();
    x_heard_at = now;
    x_world.set_timer(now + patience(), x_id, Timer::silence, x_generation);
    send_to_leader(now, {.kind = MessageKind::follower_info,
                         .epoch = x_accepted_epoch,
                         .epoch_leader = x_epoch_leader,
                         .history = history(),
                         .applied = x_server.store().zxid()});
}

void Member::on_timer(Instant now, Timer timer, std::uint64_t generation) {
    if (timer == Timer::half_tick) {
        if (generation == x_generation) {
            half_tick(now);
        }
        return;
    }
    if (generation != x_generation || x_phase == Phase::leading) {
        return;
    }
    if (x_heard_at + patience() > now) {
        return x_world.set_timer(x_heard_at + patience(), x_id, Timer::silence, x_generation);
    }
    look(now);
}

void Member::deliver(Instant now, ServerId from, Message& message) {
    const auto led = leader();
    if (!led) {
        return;
    }
    if (*led == x_id) {
        return deliver_to_leader(now, from, message);
    }
    if (*led != from || message.channel != x_channel) {
        return;
    }
    if (message.kind == MessageKind::hung_up) {
        return look(now);
    }
    x_heard_at = now;
    deliver_to_follower(now, message);
}

// ---- the log ----

void Member::log(TransactionPtr transaction) {
    x_last_logged = transaction->zxid;
    if (!is_alone()) {
        x_log.push_back(std::move(transaction));
    }
}

void Member::apply(Instant now, const Transaction& transaction) {
    x_server.apply(now, transaction);
    if (!is_leading()) {
        return;
    }
    if (transaction.kind == TransactionKind::close_session) {
        x_lead.clock.remove(transaction.session);
    }
    plan_sweep(now);
}

void Member::apply_until(Instant now, std::int64_t zxid) {
    while (x_applied_count < x_log.size() && x_log[x_applied_count]->zxid <= zxid) {
        const TransactionPtr transaction = x_log[x_applied_count++];
        apply(now, *transaction);
    }
    x_world.applied();
}

void Member::trim_log(std::int64_t zxid) {
    while (x_applied_count != 0 && x_log.front()->zxid <= zxid) {
        x_log.pop_front();
        --x_applied_count;
    }
}

// ---- follower ----

void Member::send_to_leader(Instant now, Message message) {
    message.channel = x_channel;
    x_world.send(now, x_id, x_leader, std::move(message));
}

void Member::deliver_to_follower(Instant now, Message& message) {
    switch (message.kind) {
        case MessageKind::new_leader: return accept(now, message);
        case MessageKind::proposal: {
            const std::int64_t zxid = message.proposal->zxid;
            log(std::move(message.proposal));
            return send_to_leader(now, {.kind = MessageKind::ack, .zxid = zxid});
        }
        case MessageKind::commit: return apply_until(now, message.zxid);
        case MessageKind::up_to_date:
            x_phase = Phase::following;  // the timer of its joining goes on
            apply_until(now, message.zxid);
            x_server.store().begin_epoch(x_current_epoch << counter_bits);
            return x_world.applied();
        case MessageKind::ping: {
            Message pong{.kind = MessageKind::pong};
            pong.touches.assign(x_touches.begin(), x_touches.end());
            x_touches.clear();
            return send_to_leader(now, std::move(pong));
        }
        case MessageKind::revalidated:
            return x_server.revalidated(now, message.tag, message.is_valid);
        case MessageKind::synced: return x_server.synced(now, message.tag);
        default: return;
    }
}

/// One leader for each epoch: that is what keeps two of them from committing under one zxid.
void Member::accept(Instant now, Message& message) {
    const bool is_new = message.epoch > x_accepted_epoch;
    const bool is_known = message.epoch == x_accepted_epoch && x_epoch_leader == x_leader;
    if (!is_new && !is_known) {
        return look(now);
    }
    x_accepted_epoch = x_current_epoch = message.epoch;
    x_epoch_leader = x_leader;
    // What is logged and not applied may be what no quorum ever had: the leader knows better.
    x_log.resize(x_applied_count);
    for (TransactionPtr& each : message.log) {
        log(std::move(each));
    }
    x_last_logged = message.zxid;
    send_to_leader(now, {.kind = MessageKind::ack_new_leader, .zxid = x_last_logged});
}

// ---- upstream ----

void Member::submit(Instant now, const Submission& submission) {
    if (is_leading()) {
        return serve_submission(now, x_id, 0, submission);
    }
    send_to_leader(now, {.kind = MessageKind::submit,
                         .tag = submission.tag,
                         .session = submission.session,
                         .timeout_ms = submission.timeout_ms,
                         .op = submission.op,
                         .body = std::string(submission.body),
                         .identities = submission.identities});
}

void Member::sync(Instant now, std::uint64_t tag) {
    send_to_leader(now, {.kind = MessageKind::sync, .tag = tag});
}

void Member::revalidate(Instant now, std::uint64_t tag, std::int64_t session,
                        std::int32_t timeout_ms) {
    if (!is_leading()) {
        return send_to_leader(now, {.kind = MessageKind::revalidate,
                                    .tag = tag,
                                    .session = session,
                                    .timeout_ms = timeout_ms});
    }
    const bool is_valid = x_lead.clock.touch(now, session, std::chrono::milliseconds{timeout_ms});
    if (is_valid) {
        x_lead.clock.set_owner(session, 0);
    }
    x_server.revalidated(now, tag, is_valid);
}

bool Member::touch(Instant now, std::int64_t session, std::int32_t timeout_ms) {
    if (is_leading()) {
        return x_lead.clock.touch(now, session, std::chrono::milliseconds{timeout_ms});
    }
    x_touches[session] = timeout_ms;
    return true;
}

bool Member::has_moved(std::int64_t session) {
    return is_leading() && x_lead.clock.check(session, 0) == SessionClock::Standing::moved;
}

}  // namespace leasehold::server
