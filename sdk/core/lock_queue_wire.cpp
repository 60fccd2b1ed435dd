// What a lock queue's contender asks of the server, and how the answers find their way back.
#include "sdk/core/lock_queue.hpp"
#include "sdk/wire/multi.hpp"
#include "sdk/wire/node.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

namespace leasehold::core {

namespace {

std::vector<wire::Acl> wire_acl(const std::vector<OwnedAcl>& acl) {
    std::vector<wire::Acl> entries;
    entries.reserve(acl.size());
    for (const OwnedAcl& entry : acl) {
        entries.push_back({entry.permissions, entry.scheme, entry.id});
    }
    return entries;
}

/// Everybody may queue under a parent that we made, whoever came first: the ACL of the contenders
/// separates participants from strangers, and the parent's is what lets them be deleted.
wire::Acl open_to_all() {
    return {wire::perms::all, "world", "anyone"};
}

/// "/a", "/a/b", … "/a/b/c" below the chroot.
std::vector<std::string> with_ancestors(const std::string& path, std::size_t chroot_length) {
    std::vector<std::string> paths;
    for (std::size_t slash = path.find('/', chroot_length + 1); slash != std::string::npos;
         slash = path.find('/', slash + 1)) {
        paths.push_back(path.substr(0, slash));
    }
    paths.push_back(path);
    return paths;
}

}  // namespace

/// Wraps what is done with an answer: not if the connection went first (the contender hears
/// on_detached instead), nor if the contender it was for is gone.
ResponseHandler LockQueue::for_contender(std::function<void(LockQueue&, const Response&)> use) {
    return [weak = weak_from_this(), serial = x_serial, use = std::move(use)](
               Instant now, const Response& response) {
        const auto self = weak.lock();
        if (!self || self->x_serial != serial || !self->x_contender ||
            response.failure == make_error_code(errc::connection_lost)) {
            return;
        }
        self->x_now = now;
        use(*self, response);
        self->advance(now);
    };
}

std::string LockQueue::create_and_list() {
    const AcquireSpec& spec = *x_spec;
    std::string prefix =
        contender_prefix(spec.options.naming, spec.recipe.kind, x_context.random.hex16());
    wire::CreateRequest request;
    request.path = full(prefix);
    request.data = spec.record;
    request.acls = wire_acl(spec.acl);
    request.flags = wire::CreateMode::ephemeral_sequential;
    auto to_contender = for_contender([](LockQueue& self, const Response& response) {
        const auto reply = wire::decode<wire::CreateReply>(response.body);
        self.x_contender->on_created(response.err, reply ? reply.value().path : std::string{},
                                     response.zxid);
    });
    x_context.session.send(
        x_now, request,
        [weak = weak_from_this(), serial = x_serial, prefix, &reaper = x_context.reaper,
         to_contender = std::move(to_contender)](Instant now, const Response& response) {
            const auto self = weak.lock();
            if (self && self->x_serial == serial && self->x_contender) {
                return to_contender(now, response);
            }
            if (!response.failure) {
                // Given up before the answer came: the node is the reaper's.
                const auto reply = wire::decode<wire::CreateReply>(response.body);
                reaper.on_created(now, prefix, response.err,
                                  reply ? reply.value().path : std::string{});
            }
        });
    send_list();
    if (spec.recipe.kind == LockKind::permit) {
        read_limit();
    }
    return prefix;
}

void LockQueue::create_parents() {
    const bool has_containers = x_context.session.server_version().has_containers();
    const std::string& chroot = x_context.settings.servers.chroot;
    bool is_below_chroot = !chroot.empty();  // only what is made first can miss its parent
    const Recipe recipe = x_spec->recipe;
    for (std::string& path : with_ancestors(x_path, chroot.size())) {
        const bool says_limit = recipe.kind == LockKind::permit && path == x_path;
        const std::string data = says_limit ? std::to_string(recipe.permits) : std::string{};
        auto on_answer = for_contender([tells_chroot = std::exchange(is_below_chroot, false)](
                                           LockQueue& self, const Response& response) {
            const bool is_missing = response.err == wire::ServerError::no_node;
            if (!response.ok() && response.err != wire::ServerError::node_exists &&
                (!is_missing || tells_chroot)) {
                self.x_contender->on_parent_failed(response.err);
            }
        });
        if (has_containers) {
            wire::CreateContainerRequest request;
            request.path = std::move(path);
            request.data = data;
            request.acls.emplace().push_back(open_to_all());
            request.flags = wire::CreateMode::container;
            x_context.session.send(x_now, request, std::move(on_answer));
        } else {
            wire::CreateRequest request;
            request.path = std::move(path);
            request.data = data;
            request.acls.emplace().push_back(open_to_all());
            x_context.session.send(x_now, request, std::move(on_answer));
        }
    }
}

void LockQueue::unwatch(std::string_view name) {
    if (!x_context.session.is_attached() || x_context.session.is_closing()) {
        return;
    }
    const bool can_remove = x_context.session.server_version().has_remove_watches();
    if (const auto request = x_context.watches.drop_for_lock(full(name), x_lane, can_remove)) {
        x_context.session.send(x_now, *request, [](Instant, const Response&) {});
    }
}

void LockQueue::list_behind_barrier() {
    x_context.session.send(x_now, wire::MultiRequest{}, [](Instant, const Response&) {});
    send_list();
}

void LockQueue::list() {
    send_list();
}

void LockQueue::send_list() {
    wire::GetChildrenRequest request;
    request.path = x_path;
    x_context.session.send(
        x_now, request, for_contender([](LockQueue& self, const Response& response) {
            if (!response.ok()) {
                return self.x_contender->on_listed(
                    response.failure ? response.failure
                                     : make_error_code(static_cast<zk_errc>(response.err)),
                    {});
            }
            const auto reply = wire::decode<wire::GetChildrenReply>(response.body);
            if (!reply) {
                return self.x_contender->on_listed(errc::protocol_error, {});
            }
            self.x_contender->on_listed({}, reply.value().children);
            self.note_missing(self.x_now);
        }));
}

/// Once the reply has come it is known; until then it is written again after each reconnect.
void LockQueue::show_record() {
    if (!x_is_record_due || !x_holder || !x_context.session.is_attached()) {
        return;
    }
    const bool is_permit = x_spec->recipe.kind == LockKind::permit;
    wire::SetDataRequest request;
    request.path = full(x_contender->name());
    request.data = x_spec->record + std::string(is_permit ? running_mark : "");
    request.version = wire::any_version;
    x_context.session.send(x_now, request, for_contender([](LockQueue& self, const Response&) {
                               self.x_is_record_due = false;
                           }));
}

void LockQueue::watch(std::string_view name) {
    send_watch(std::string(name));
}

/// getData, never exists: on an absent node exists would leave a watch behind for ever, where
/// getData answers NoNode, leaves none, and so is the wake-up itself.
void LockQueue::send_watch(const std::string& name) {
    const std::string path = full(name);
    const std::uint64_t ticket = x_context.watches.arm_for_lock(path, x_lane);
    wire::GetDataRequest request;
    request.path = path;
    request.watch = true;
    x_context.session.send(x_now, request,
                           [weak = weak_from_this(), serial = x_serial, lock = x_path, name, path,
                            ticket, &watches = x_context.watches,
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
                                   self->on_node_read(now, name, response);
                               }
                           });
}

void LockQueue::on_node_read(Instant now, const std::string& name, const Response& response) {
    x_now = now;
    if (!x_contender) {
        return;
    }
    const auto reply =
        response.ok() ? wire::decode<wire::GetDataReply>(response.body) : wire::GetDataReply{};
    x_contender->on_node(name, reply ? response.err : wire::ServerError::marshalling_error,
                         reply ? reply.value() : wire::GetDataReply{});
    if (reply && x_contender && x_contender->watched().contains(name)) {
        if (response.ok()) {
            note_read(name, reply.value().data.value_or(std::string{}));
        }
        on_holder_known(now, name, reply.value().data.value_or(std::string{}));
    }
    advance(now);
}

// ---- who holds the lock, for those who did not get it -------------------------------------------

void LockQueue::on_holder_read(Instant now, OperationId id) {
    x_now = now;
    const std::string head = head_name();
    if (has(id) && !x_holder && !head.empty() && head != x_head &&
        x_context.session.is_attached()) {
        read_holder(now, head);
    }
}

void LockQueue::read_holder(Instant now, const std::string& name) {
    wire::GetDataRequest request;
    request.path = full(name);
    x_context.session.send(
        now, request, [weak = weak_from_this(), name](Instant when, const Response& response) {
            if (const auto self = weak.lock(); self && !response.failure) {
                const auto reply = wire::decode<wire::GetDataReply>(response.body);
                self->on_holder_known(
                    when, name,
                    response.ok() && reply ? reply.value().data.value_or("") : std::string{});
            }
        });
}

void LockQueue::on_holder_known(Instant now, const std::string& name, std::string record) {
    x_now = now;
    for (auto leaving = x_leaving.begin(); leaving != x_leaving.end();) {
        if (leaving->refusal.holder_node == name) {
            leaving->refusal.holder_record = record;
            answer(leaving->id, std::move(leaving->refusal));
            leaving = x_leaving.erase(leaving);
        } else {
            ++leaving;
        }
    }
    x_head = name;
    x_head_record = std::move(record);
}

// ---- what the session and the watches tell ------------------------------------------------------

void LockQueue::on_attached(Instant now) {
    x_now = now;
    refuse_unaffordable(now);
    if (x_contender) {
        x_contender->on_attached();
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
        const Duration needed = least_lease(waiter.spec);
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
    x_changed.clear();  // what happens next is not told
    if (x_contender) {
        x_contender->on_detached();
        x_limit = x_limit == Limit::asked ? Limit::unknown : x_limit;
    }
    for (Leaving& leaving : std::exchange(x_leaving, {})) {
        answer(leaving.id, std::move(leaving.refusal));
    }
}

/// Called when the leases have been ended. Those whom this process had not yet queued go on with
/// the next session, and so do candidates.
void LockQueue::on_session_ended(Instant now) {
    x_now = now;
    if (!x_contender) {
        return;
    }
    x_contender.reset();
    ++x_serial;
    refuse_all_but_candidates(now, errc::session_expired,
                              "the session expired while waiting for the lock");
}

void LockQueue::on_auth_failed(Instant now) {
    if (!x_holder) {
        refuse_all(now, errc::not_permitted,
                   "the server refuses the credentials; check them and try again");
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

void LockQueue::on_node_deleted(Instant now, std::string_view name) {
    x_now = now;
    note_end(now, name, End::unknown);
    if (x_contender) {
        x_contender->on_deleted(name);
        advance(now);
    }
}

void LockQueue::on_node_missing(Instant now, std::string_view name) {
    x_now = now;
    note_end(now, name, x_changed.contains(name) ? End::released : End::unknown);
    if (x_contender) {
        x_contender->on_deleted(name);
        advance(now);
    }
}

void LockQueue::on_node_changed(Instant now, std::string_view name) {
    if (x_delays.contains(name)) {
        x_changed.emplace(name);
    }
    on_watch_spent(now, name);
}

void LockQueue::on_watch_spent(Instant now, std::string_view name) {
    x_now = now;
    if (x_contender && x_contender->is_watching(name)) {
        send_watch(std::string(name));
    }
}

}  // namespace leasehold::core
