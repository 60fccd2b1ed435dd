// An upgradable holder becomes exclusive: a second node, in a lane of its own, waits for those who
// share; then the lease is exclusive for as long as that node stands.
#include "sdk/core/lock_queue.hpp"

#include <string>
#include <utility>

namespace leasehold::core {

/// Its budget is the lease's, and so is the evidence that it needs.
result<AcquireSpec> LockQueue::make_upgrade(OperationId lease, milliseconds wait) {
    if (x_holder != lease || x_spec->recipe.kind != LockKind::upgradable) {
        return Error{errc::invalid_argument, "only an upgradable lock can be upgraded"};
    }
    if (x_context.leases.upgrades(lease) + 1 >= grants_per_node) {
        return Error{
            errc::unsupported,
            "the lock has been upgraded as often as its node has tokens for; take it anew"};
    }
    if (!x_spec->upgrade_held_back) {
        change_spec([](AcquireSpec& spec) {
            spec.upgrade_held_back = std::make_shared<Instant>(Instant::min());
        });
    }
    AcquireSpec spec = *x_spec;
    spec.recipe = {.kind = LockKind::exclusive, .base = std::string(contender().name())};
    spec.options.wait = wait;
    if (spec.options.naming == Naming::curator) {
        spec.options.naming = Naming::curator_read_write;  // which sees it in its place
    }
    spec.options.max_queue = 0;
    spec.options.check_first = false;
    spec.options.refuse_hopeless = false;
    spec.options.watch_own_node = true;
    spec.upgrades = lease;
    spec.attempt = ++x_attempts;
    spec.upgrade_token = contender().czxid() * grants_per_node;
    return spec;
}

/// (Of the queue of the second node.) The lease has its evidence, or has ended; after a pause that
/// may not have been noticed yet.
void LockQueue::be_alone(Instant now, const Waiter& waiter) {
    const OperationId lease = waiter.spec->upgrades;
    if (!x_context.leases.is_live(lease) || x_context.leases.deadline(lease) <= now) {
        abandon(now);
        return answer(waiter.id, {.code = errc::lock_lost, .what = "the lease has ended"});
    }
    forget_timers(waiter.id);
    x_holder = waiter.id;
    x_members.front().contender->on_granted();
    x_context.leases.be_alone(lease, waiter.spec->upgrade_token);
    x_context.effects.emplace_back(UpgradeDone{waiter.id, std::nullopt});
    if (x_is_asked) {
        x_context.leases.ask(lease);
    }
}

void LockQueue::end_upgrade(Instant now, Loss loss, bool is_taken_back) {
    x_now = now;
    const OperationId id = x_holder.value_or(0);
    const auto hold = x_holder ? std::optional(loss) : std::nullopt;
    refuse_all(now, loss == Loss::budget ? errc::budget_exceeded : errc::lock_lost,
               "the lease ended while it waited to become exclusive");
    x_holder.reset();
    if (loss == Loss::session_expired) {
        drop_contenders();  // the node goes with its session
    } else {
        abandon(now, is_taken_back ? id : 0, hold);
    }
}

/// We stand between the two nodes of an upgradable holder and wait for the second: its owner, who
/// may have listed us as one who could hold, is told.
void LockQueue::show_wait() {
    const std::int64_t upgrade = has_contenders() ? contender().upgrade_waited_for() : 0;
    if (upgrade == 0 || upgrade == x_wait_shown || !x_context.session.is_attached()) {
        return;
    }
    x_wait_shown = upgrade;
    write_record(x_members.front(), [](LockQueue&, const Response&) {});
}

}  // namespace leasehold::core
