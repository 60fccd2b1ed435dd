#include "sdk/core/lease_table.hpp"

#include <algorithm>
#include <utility>

namespace leasehold::core {

namespace {

/// That wait for one answer: as many as a lease may have handles.
constexpr std::size_t most_downgrades = 1024;

/// Neither its holder's doing nor its client's.
bool is_taken_from_us(Loss loss) {
    switch (loss) {
        case Loss::deadline:
        case Loss::session_expired:
        case Loss::node_deleted:
        case Loss::auth_failed: return true;
        case Loss::released:
        case Loss::budget:
        case Loss::closed: break;
    }
    return false;
}

}  // namespace

LeaseTerms terms_of(const AcquireSpec& spec) {
    const LockOptions& options = spec.options;
    const Duration budget = spec.is_rolling ? Duration::max() : saturate(options.budget);
    // A tenth of the budget is what a well-behaved call needs to notice and unwind; half a second
    // is enough for any.
    const Duration reserve = options.reserve.count() < 0
                                 ? std::min<Duration>(budget / 10, std::chrono::milliseconds{500})
                                 : saturate(options.reserve);
    const Duration max_hold = options.max_hold.count() == 0
                                  ? later(Instant{budget}, budget).time_since_epoch()
                                  : saturate(options.max_hold);
    return {budget, reserve, options.on_budget, max_hold};
}

Duration least_lease(const AcquireSpec& spec) {
    const LeaseTerms terms = terms_of(spec);
    return spec.is_rolling ? terms.reserve : terms.budget;
}

LeaseTable::LeaseTable(Timers& timers, std::vector<Effect>& effects, LeaseListener& listener)
    : x_timers(timers), x_effects(effects), x_listener(listener) {}

std::shared_ptr<Lease> LeaseTable::grant(Instant now, OperationId id, const LeaseTerms& terms,
                                         std::int64_t token, NodePaths&& nodes) {
    const Instant budget_end = later(now, terms.budget);
    const Instant deadline = std::min(budget_end, x_safe_deadline);
    auto entry = std::make_shared<Entry>(terms, now, budget_end, deadline, token, std::move(nodes));
    if (deadline < budget_end) {
        x_bounded.insert(id);
    }
    arm(id, *entry);
    x_entries.emplace(id, entry);
    ++x_live;
    Lease* const lease = &entry->lease;
    return {std::move(entry), lease};
}

void LeaseTable::arm(OperationId id, const Entry& entry) {
    x_timers.set({TimerKind::lease_end, id}, entry.deadline);
    if (!entry.stop_sent) {
        x_timers.set({TimerKind::lease_stop, id}, entry.deadline - entry.terms.reserve);
    }
}

void LeaseTable::on_safe_deadline(Instant now, Instant safe_deadline) {
    const bool is_earlier = safe_deadline < x_safe_deadline;
    x_safe_deadline = safe_deadline;
    // Usually the budgets bound all leases and there is nothing to move; only a smaller session
    // timeout concerns every one.
    const std::vector<OperationId> concerned =
        is_earlier ? ids() : std::vector<OperationId>(x_bounded.begin(), x_bounded.end());
    for (const OperationId id : concerned) {
        const auto found = x_entries.find(id);
        if (found == x_entries.end()) {
            continue;
        }
        if (found->second->is_dead) {
            arm_hold(id, *found->second);
        } else {
            move(now, id, std::min(found->second->budget_end, safe_deadline));
        }
    }
}

/// The word's value was read (and written) by us in an earlier turn, and the clock in this one, so
/// a live value that is still ahead of the clock may move; anything else has ended.
void LeaseTable::move(Instant now, OperationId id, Instant deadline) {
    Entry& entry = *x_entries.at(id);
    if (entry.deadline <= now || !entry.lease.word.move(entry.deadline, deadline)) {
        return on_end_timer(now, id);
    }
    entry.deadline = deadline;
    if (deadline < entry.budget_end) {
        x_bounded.insert(id);
    } else {
        x_bounded.erase(id);
    }
    if (deadline <= now) {
        return on_end_timer(now, id);
    }
    arm(id, entry);
}

void LeaseTable::on_end_timer(Instant now, OperationId id) {
    const auto found = x_entries.find(id);
    if (found != x_entries.end()) {
        const bool in_budget = found->second->deadline < found->second->budget_end;
        end(now, id, in_budget ? Loss::deadline : Loss::budget);
    }
}

void LeaseTable::on_stop_timer(Instant, OperationId id) {
    const auto found = x_entries.find(id);
    if (found != x_entries.end()) {
        send_stop(id, *found->second);
    }
}

void LeaseTable::send_stop(OperationId id, Entry& entry) {
    if (!entry.stop_sent) {
        entry.stop_sent = true;
        x_effects.emplace_back(StopDue{id});
    }
}

void LeaseTable::end(Instant now, OperationId id, Loss loss) {
    const auto found = x_entries.find(id);
    if (found == x_entries.end()) {
        return;
    }
    Entry& entry = *found->second;
    if (entry.is_dead) {
        // A node that is gone is not held for a call any more.
        return loss == Loss::node_deleted ? free_node(now, id, loss) : void();
    }
    entry.lease.word.latch_dead();
    entry.is_dead = true;
    --x_live;
    x_bounded.erase(id);
    x_timers.cancel({TimerKind::lease_end, id});
    x_timers.cancel({TimerKind::lease_stop, id});
    send_stop(id, entry);
    x_effects.emplace_back(LeaseEnded{id, loss});
    if (!entry.downgrades.empty()) {
        answer_downgrades(entry,
                          Error{loss == Loss::budget ? errc::budget_exceeded : errc::lock_lost,
                                "the lease ended before the server had confirmed that it is "
                                "shared"});
    }
    x_overruns += loss == Loss::budget ? 1 : 0;
    x_losses += is_taken_from_us(loss) ? 1 : 0;
    x_listener.on_lease_ended(now, id, loss);
    const bool waits_for_call = loss == Loss::budget &&
                                entry.terms.on_budget == OnBudget::hold_until_return &&
                                entry.lease.active_calls.load() > 0;
    if (waits_for_call) {
        arm_hold(id, entry);
        x_bounded.insert(id);  // the node, too, may stay until the safe deadline only
    } else {
        free_node(now, id, loss);
    }
}

void LeaseTable::arm_hold(OperationId id, const Entry& entry) {
    x_timers.set({TimerKind::node_hold, id},
                 std::min(later(entry.granted_at, entry.terms.max_hold), x_safe_deadline));
}

void LeaseTable::on_hold_timer(Instant now, OperationId id) {
    free_node(now, id, Loss::budget);
}

void LeaseTable::call_returned(Instant now, OperationId id) {
    const auto found = x_entries.find(id);
    if (found != x_entries.end() && found->second->is_dead &&
        found->second->lease.active_calls.load() == 0) {
        free_node(now, id, Loss::budget);
    }
}

void LeaseTable::release(Instant now, OperationId id) {
    const auto found = x_entries.find(id);
    if (found == x_entries.end()) {
        return;
    }
    if (found->second->is_dead) {
        free_node(now, id, Loss::budget);  // its holder does not want to wait for the call
    } else {
        end(now, id, Loss::released);
    }
}

void LeaseTable::free_node(Instant now, OperationId id, Loss loss) {
    x_timers.cancel({TimerKind::node_hold, id});
    x_bounded.erase(id);
    const auto found = x_entries.find(id);
    const Duration held = now - found->second->granted_at;
    x_entries.erase(found);
    x_listener.on_node_free(now, id, loss, held);
}

void LeaseTable::end_all(Instant now, Loss loss) {
    for (const OperationId id : ids()) {
        const auto found = x_entries.find(id);
        if (found != x_entries.end() && found->second->is_dead) {
            free_node(now, id, loss);
        } else {
            end(now, id, loss);
        }
    }
}

result<Instant> LeaseTable::extend(Instant now, OperationId id, Duration budget) {
    const auto found = x_entries.find(id);
    if (found == x_entries.end() || found->second->is_dead) {
        return Error{errc::lock_lost, "the lease has ended; it cannot be extended"};
    }
    Entry& entry = *found->second;
    if (entry.stop_sent) {
        return Error{errc::budget_exceeded,
                     "the call deadline has passed and the stop was requested; extend earlier"};
    }
    entry.budget_end = later(now, budget);
    move(now, id, std::min(entry.budget_end, x_safe_deadline));
    const auto moved = x_entries.find(id);
    if (moved == x_entries.end() || moved->second->is_dead) {
        return Error{errc::lock_lost, "the lease has ended; it cannot be extended"};
    }
    return moved->second->deadline;
}

bool LeaseTable::is_live(OperationId id) const {
    return live_lease(id) != nullptr;
}

const Lease* LeaseTable::live_lease(OperationId id) const {
    const auto found = x_entries.find(id);
    return found != x_entries.end() && !found->second->is_dead ? &found->second->lease : nullptr;
}

bool LeaseTable::share(OperationId id, OperationId waiter, LockKind as) {
    Entry& entry = *x_entries.at(id);
    if (entry.downgrades.size() >= most_downgrades) {
        return false;
    }
    entry.downgrades.push_back(waiter);
    entry.lease.share(as);
    return true;
}

void LeaseTable::be_alone(OperationId id, std::int64_t base) {
    Entry& entry = *x_entries.at(id);
    entry.lease.be_alone(base + ++entry.upgrades);
}

void LeaseTable::ask(OperationId id) {
    const auto found = x_entries.find(id);
    if (found != x_entries.end() && !std::exchange(found->second->is_asked, true)) {
        x_effects.emplace_back(YieldAsked{id});
    }
}

void LeaseTable::on_shared(OperationId id, const result<void>& outcome) {
    if (const auto found = x_entries.find(id); found != x_entries.end()) {
        answer_downgrades(*found->second, outcome);
    }
}

void LeaseTable::answer_downgrades(Entry& entry, const result<void>& outcome) {
    for (const OperationId waiter : std::exchange(entry.downgrades, {})) {
        x_effects.emplace_back(DowngradeDone{waiter, outcome});
    }
}

std::vector<OperationId> LeaseTable::ids() const {
    std::vector<OperationId> all;
    all.reserve(x_entries.size());
    for (const auto& [id, entry] : x_entries) {
        all.push_back(id);
    }
    std::sort(all.begin(), all.end());
    return all;
}

Instant LeaseTable::deadline(OperationId id) const {
    return x_entries.at(id)->deadline;
}

}  // namespace leasehold::core
