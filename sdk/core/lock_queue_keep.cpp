// Whether anybody else wants the lock: if nobody does, callers of this process pass it on among
// themselves for as long as they come, and it may be kept when it is released, so that the next of
// them has it without a byte on the wire.
//
// Whoever else wants it makes a node beside ours. A list tells whether anybody has done so, and
// arms a watch that tells of whoever comes later, and of our own node's end. Where many callers
// wait, it is the list that follows the create, if the one before showed nobody: so that no more
// than about one process at a time hears of all who come and go. To keep a lock it is one after the
// grant; until the answer is here the lock is kept on trust: that is a local hand-over like any
// other.
#include "sdk/core/lock_queue.hpp"
#include "sdk/wire/node.hpp"

namespace leasehold::core {

/// More callers wait than may have the node if others want it.
bool LockQueue::has_to_know_of_others() const {
    return x_was_alone && x_others == Others::unknown &&
           x_waiters.size() > static_cast<std::size_t>(x_spec->options.max_local_grants);
}

/// The answer keeps nobody waiting. The watch needs no farewell, since the delete of our own node
/// uses it up.
void LockQueue::look_for_others(Instant now) {
    if (x_spec->options.keep_idle.count() <= 0 || x_others != Others::unknown ||
        !x_context.session.is_attached()) {
        return;
    }
    x_others = Others::asked;
    Member& member = x_members.front();
    x_context.watches.arm_children_for_lock(member.path);
    wire::GetChildrenRequest request;
    request.path = member.path;
    request.watch = true;
    x_context.session.send(now, request,
                           for_contender([&member](LockQueue& self, const Response& response) {
                               self.on_others_listed(member, response);
                           }));
}

/// Whatever else is there, be it no contender, is a reason to do as everybody does. The list has
/// armed the watch anew if an event has used up the one from before, meanwhile.
void LockQueue::on_others_listed(Member& member, const Response& response) {
    wire::ChildrenView reply;
    if (!response.ok() || wire::decode_into(reply, response.body)) {
        x_others = Others::some;
        return x_context.watches.disarm_children_for_lock(member.path);
    }
    if (x_others == Others::asked) {
        x_context.watches.arm_children_for_lock(member.path);
        const auto& children = reply.children;
        const bool is_alone = children.size() == 1 && children.front() == contender().name();
        x_others = is_alone ? Others::none : Others::some;
    }
}

/// A server sends no event of a watch before the answer that armed it. One that comes while the
/// list is asked for is of the watch before: most often it tells of the end of our own last node,
/// and the list will show whatever else it could have been.
void LockQueue::on_children_changed(Instant now) {
    if (x_others == Others::none) {
        x_others = Others::some;
    }
    if (x_kept_from) {
        x_now = now;
        advance_kept(now);
    }
}

/// For all that is known. What is asked and not answered counts for nobody.
bool LockQueue::is_wanted_elsewhere() const {
    return x_others == Others::some || x_others == Others::unknown || x_is_asked;
}

/// As many are kept as may wait: beyond that a release is a release.
bool LockQueue::keep(Instant now, OperationId lease, Loss loss) {
    if (loss != Loss::released || x_spec->options.keep_idle.count() <= 0 || is_wanted_elsewhere() ||
        !x_waiters.empty() || x_share != Share::none || !x_context.session.is_attached() ||
        x_context.session.is_closing() || contender().state() != ContenderState::held ||
        x_local_grants + 1 >= grants_per_node ||
        x_context.keeping.size() >= x_context.settings.max_pending) {
        return false;
    }
    x_kept_from = lease;
    x_context.keeping.emplace(lease, weak_from_this());
    x_context.timers.set({TimerKind::keep_end, lease}, later(now, x_spec->options.keep_idle));
    return true;
}

/// The next caller, or whoever else comes: who was first is known to nobody, so that a caller of
/// this process may be served once more before the other one.
void LockQueue::advance_kept(Instant now) {
    if (x_waiters.empty() && !is_wanted_elsewhere()) {
        return;
    }
    if (may_pass_on(now, grants_per_node)) {
        stop_keeping();
        return pass_on(now);
    }
    abandon(now, 0, Loss::released);
    if (!x_waiters.empty()) {
        advance(now);
    }
}

void LockQueue::on_keep_end(Instant now) {
    abandon(now, 0, Loss::released);
}

void LockQueue::stop_keeping() {
    if (x_kept_from) {
        x_context.timers.cancel({TimerKind::keep_end, *x_kept_from});
        x_context.keeping.erase(*x_kept_from);
        x_kept_from.reset();
    }
}

}  // namespace leasehold::core
