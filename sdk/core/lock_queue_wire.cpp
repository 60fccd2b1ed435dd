// What a lock queue's contenders ask of the server, and how the answers find their way back. Their
// creates are in lock_queue_create.cpp.
#include "sdk/core/lock_queue.hpp"
#include "sdk/core/record_marks.hpp"
#include "sdk/wire/multi.hpp"
#include "sdk/wire/node.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

namespace leasehold::core {

void LockQueue::unwatch(Member& member, std::string_view name) {
    if (!x_context.session.is_attached() || x_context.session.is_closing()) {
        return;
    }
    const bool can_remove = x_context.session.server_version().has_remove_watches();
    if (const auto request =
            x_context.watches.drop_for_lock(member.full(name), x_lane, can_remove)) {
        x_context.session.send(x_now, *request, [](Instant, const Response&) {});
    }
}

/// One barrier is enough for all.
void LockQueue::list_behind_barrier(Member& member) {
    if (!std::exchange(x_is_behind_barrier, true)) {
        x_context.session.send(x_now, wire::MultiRequest{}, [](Instant, const Response&) {});
    }
    send_list(member);
}

void LockQueue::send_list(Member& member) {
    const wire::GetChildrenView request{member.path, has_to_know_of_others()};
    if (request.watch) {
        x_others = Others::asked;
        x_context.watches.arm_children_for_lock(member.path);
    }
    x_context.session.send(
        x_now, request,
        for_contender([&member, looks = request.watch](LockQueue& self, const Response& response) {
            if (looks) {
                self.on_others_listed(member, response);
            }
            if (!response.ok()) {
                return member.contender->on_listed(
                    response.failure ? response.failure
                                     : make_error_code(static_cast<zk_errc>(response.err)),
                    {});
            }
            wire::ChildrenView reply;
            if (wire::decode_into(reply, response.body)) {
                return member.contender->on_listed(errc::protocol_error, {});
            }
            self.x_context.lanes.on_listed(self.x_now, member.path, reply.children);
            if (!member.contender) {
                return;  // ours was one of those that are gone
            }
            self.x_was_alone = reply.children.size() == 1;
            member.contender->on_listed({}, reply.children);
            self.note_missing(self.x_now, member);
        }));
}

/// Once the reply has come it is known; until then it is written again after each reconnect.
void LockQueue::show_record() {
    if (!x_is_record_due || !x_holder || !x_context.session.is_attached()) {
        return;
    }
    write_record(x_members.front(), [share = x_share](LockQueue& self, const Response& response) {
        if (share == self.x_share) {  // else a newer one is on its way
            self.on_record_shown(response);
        }
    });
}

void LockQueue::on_record_shown(const Response& response) {
    x_is_record_due = false;
    if (x_share == Share::asked) {
        on_share_shown(response);
    }
}

/// All marks that are due: whoever has overwritten the record has overwritten them, too.
std::string LockQueue::record_with_marks() const {
    std::string record = x_spec->record;
    record += x_is_asked ? asked_mark : std::string_view{};
    record += x_share != Share::none ? share_mark : std::string_view{};
    record +=
        x_holder && x_spec->recipe.kind == LockKind::permit ? running_mark : std::string_view{};
    record += !x_holder && x_wait_shown != 0 ? wait_mark(x_wait_shown) : std::string{};
    return record;
}

void LockQueue::write_record(Member& member,
                             UniqueFunction<void(LockQueue&, const Response&)> use) {
    wire::SetDataRequest request;
    request.path = member.full(member.contender->name());
    request.data = record_with_marks();
    request.version = wire::any_version;
    x_context.session.send(x_now, request, for_contender(std::move(use)));
}

/// Our own node has been read. Whoever is asked hands the lock to nobody of this process first.
void LockQueue::hear_request(Member& member, std::string_view data) {
    if (!is_asked(data) || member.contender->state() == ContenderState::ended) {
        return;
    }
    if (!std::exchange(x_is_asked, true) && x_holder) {
        x_context.leases.ask(x_is_upgrade ? x_spec->upgrades : *x_holder);
    }
    if (data == curator_revocation) {
        write_record(member, [](LockQueue&, const Response&) {});  // it has overwritten ours
    }
}

/// getData, never exists: on an absent node exists would leave a watch behind for ever, where
/// getData answers NoNode, leaves none, and so is the wake-up itself.
void LockQueue::send_watch(Member& member, const std::string& name) {
    const std::string path = member.full(name);
    const std::uint64_t ticket = x_context.watches.arm_for_lock(path, x_lane);
    wire::GetDataRequest request;
    request.path = path;
    request.watch = true;
    x_context.session.send(x_now, request,
                           [weak = weak_from_this(), serial = x_serial, &member, lock = member.path,
                            name, path, ticket, &watches = x_context.watches,
                            &lanes = x_context.lanes](Instant now, const Response& response) {
                               if (response.failure) {
                                   return;
                               }
                               const auto arming = watches.confirm(path, ticket, response.ok());
                               if (response.err == wire::ServerError::no_node) {
                                   return lanes.on_node_missing(now, lock, name);
                               }
                               if (arming == WatchRegistry::Arming::spent) {
                                   // Its event overtook the answer, which therefore may be old:
                                   // look again.
                                   return lanes.on_watch_spent(now, lock, name);
                               }
                               if (const auto self = weak.lock();
                                   self && self->x_serial == serial) {
                                   self->on_node_read(now, member, name, response);
                               }
                           });
}

void LockQueue::on_node_read(Instant now, Member& member, const std::string& name,
                             const Response& response) {
    x_now = now;
    if (!member.contender) {
        return;
    }
    const auto reply =
        response.ok() ? wire::decode<wire::GetDataReply>(response.body) : wire::GetDataReply{};
    member.contender->on_node(name, reply ? response.err : wire::ServerError::marshalling_error,
                              reply ? reply.value() : wire::GetDataReply{});
    if (reply && name == member.contender->name()) {
        hear_request(member, reply.value().data.value_or(std::string{}));
    } else if (reply && member.contender->watched().contains(name)) {
        if (response.ok()) {
            note_read(member, name, reply.value().data.value_or(std::string{}));
        }
        on_holder_known(now, member.full(name), reply.value().data.value_or(std::string{}));
    } else {
        member.pass(name);
    }
    advance(now);
}

// ---- who holds the lock, for those who did not get it -------------------------------------------

void LockQueue::on_holder_read(Instant now, OperationId id) {
    x_now = now;
    const std::string head = head_path(slowest());
    if (has(id) && !x_holder && !head.empty() && head != x_head &&
        x_context.session.is_attached()) {
        read_holder(now, head);
    }
}

void LockQueue::read_holder(Instant now, const std::string& node_path) {
    wire::GetDataRequest request;
    request.path = node_path;
    x_context.session.send(
        now, request, [weak = weak_from_this(), node_path](Instant when, const Response& response) {
            if (const auto self = weak.lock(); self && !response.failure) {
                const auto reply = wire::decode<wire::GetDataReply>(response.body);
                self->on_holder_known(
                    when, node_path,
                    response.ok() && reply ? reply.value().data.value_or("") : std::string{});
            }
        });
}

void LockQueue::on_holder_known(Instant now, const std::string& node_path, std::string record) {
    x_now = now;
    for (auto leaving = x_leaving.begin(); leaving != x_leaving.end();) {
        if (leaving->holder_path == node_path) {
            leaving->refusal.holder_record = record;
            answer(leaving->id, std::move(leaving->refusal));
            leaving = x_leaving.erase(leaving);
        } else {
            ++leaving;
        }
    }
    x_head = node_path;
    x_head_record = std::move(record);
}

// ---- what the session and the watches tell ------------------------------------------------------

void LockQueue::on_attached(Instant now) {
    x_now = now;
    refuse_unaffordable(now);
    x_is_behind_barrier = false;
    if (has_contenders()) {
        for (Member& member : x_members) {
            member.contender->on_attached();
        }
        if (!is_limit_agreed()) {
            read_limit();
        }
        show_record();
    }
    advance(now);
}

/// Only now is it known what timeout the server grants.
void LockQueue::refuse_unaffordable(Instant now) {
    const LeaseTiming& timing = x_context.settings.timing;
    const Duration timeout = x_context.session.evidence().session_timeout();
    const Duration limit = budget_limit(timing, timeout);
    for (std::size_t stay = 0; stay < x_waiters.size();) {
        const Waiter& waiter = x_waiters[stay];
        const Duration needed = least_lease(*waiter.spec);
        if (needed > limit) {
            turn_away(now, waiter.id,
                      describe(now, waiter, errc::budget_refused,
                               explain_budget(timing, timeout, needed)),
                      false);
        } else {
            ++stay;
        }
    }
}

void LockQueue::on_detached(Instant now) {
    x_now = now;
    x_others = Others::unknown;
    if (x_kept_from) {
        advance_kept(now);
    }
    for (Member& member : x_members) {
        member.changed.clear();  // what happens next is not told
    }
    if (has_contenders()) {
        for (Member& member : x_members) {
            member.contender->on_detached();
            member.is_asked = false;
        }
        x_limit = x_limit == Limit::asked ? Limit::unknown : x_limit;
        x_wait_shown = 0;
    }
    for (Leaving& leaving : std::exchange(x_leaving, {})) {
        answer(leaving.id, std::move(leaving.refusal));
    }
}

/// Called when the leases have been ended. Those whom this process had not yet queued go on with
/// the next session, and so do candidates.
void LockQueue::on_session_ended(Instant now) {
    x_now = now;
    if (!has_contenders()) {
        return;
    }
    drop_contenders();
    ++x_serial;
    refuse_all_but_candidates(now, errc::session_expired,
                              "the session expired while waiting for the lock");
}

void LockQueue::on_auth_failed(Instant now, const Error& why) {
    if (!x_holder) {
        refuse_all(now, why.code(), why.context().what);
        advance(now);
    }
}

void LockQueue::on_evidence(Instant now) {
    x_awaits_evidence = false;
    if (may_grant(now)) {
        x_now = now;
        try_grant(now);
    }
}

void LockQueue::on_node_deleted(Instant now, const std::string& path, std::string_view name) {
    on_node_gone(now, path, name, Member::End::unknown);
}

void LockQueue::on_node_missing(Instant now, const std::string& path, std::string_view name) {
    const Member* member = find_member(path);
    const bool is_released = member != nullptr && member->changed.contains(name);
    on_node_gone(now, path, name, is_released ? Member::End::released : Member::End::unknown);
}

/// What another lane of ours was told: a node that we hold, and that is not there any more, must
/// not be held beside whoever runs because it is gone. It stood in an earlier list of this session.
void LockQueue::on_listed(Instant now, const std::string& path,
                          std::span<const std::string_view> children) {
    const Member* member = find_member(path);
    if (!x_holder || member == nullptr || !member->contender) {
        return;
    }
    const std::string name(member->contender->name());
    if (std::find(children.begin(), children.end(), name) == children.end()) {
        on_node_gone(now, path, name, Member::End::unknown);
    }
}

void LockQueue::on_node_gone(Instant now, const std::string& path, std::string_view name,
                             Member::End end) {
    x_now = now;
    Member* member = find_member(path);
    if (member == nullptr) {
        return;
    }
    member->note_end(now, name, end);
    if (member->contender) {
        member->contender->on_deleted(name);
        advance(now);
    }
}

void LockQueue::on_node_changed(Instant now, const std::string& path, std::string_view name) {
    Member* member = find_member(path);
    if (member != nullptr && member->delays.contains(name)) {
        member->changed.emplace(name);
    }
    on_watch_spent(now, path, name);
}

void LockQueue::on_watch_spent(Instant now, const std::string& path, std::string_view name) {
    x_now = now;
    Member* member = find_member(path);
    if (member != nullptr && member->contender && member->contender->is_watching(name)) {
        send_watch(*member, std::string(name));
    }
}

}  // namespace leasehold::core
