// After a hold that ended without a release, those who waited for it hold back: what its holder had
// sent before it died shall have arrived when the next one begins.
//
// A node that went by a release is told from any other by its watch: the release writes to it and
// deletes it in one transaction, of which the watch tells the write only. All else counts as no
// release: a deletion that is told as such, and a node that vanished while nobody told us.
#include "sdk/core/lock_queue.hpp"
#include "sdk/core/record_marks.hpp"
#include "sdk/core/text.hpp"

#include <algorithm>
#include <utility>

namespace leasehold::core {

/// Conditions (i) and (ii) of a grant, and (iv): nobody has to be held back for.
bool LockQueue::may_grant(Instant now) {
    if (!is_first() || !is_limit_agreed()) {
        return false;
    }
    const Instant until = held_back_until();
    if (now < until && !x_waiters.empty()) {
        x_context.timers.set({TimerKind::lock_delay, x_waiters.front().id}, until);
        return false;
    }
    return true;
}

void LockQueue::on_delay_end(Instant now) {
    advance(now);
}

/// The node may have been made for a caller of this process who has gone, and wanted less. More is
/// not taken back: others may have read it.
void LockQueue::adopt_delay(milliseconds wanted) {
    if (wanted > x_spec->options.lock_delay) {
        change_spec([&](AcquireSpec& spec) { spec.options.lock_delay = wanted; });
    }
}

void LockQueue::Member::hold_back(Instant now, std::string_view name, Duration delay) {
    const auto over = std::remove_if(held_back.begin(), held_back.end(),
                                     [now](const auto& each) { return each.second <= now; });
    held_back.erase(over, held_back.end());
    // The second node of an upgradable holder may have held while those before it waited.
    const std::int64_t number = upgrade_id(name) ? 0 : sequence_of(name).value_or(0);
    Instant& until = held_back.try_emplace(number).first->second;
    until = std::max(until, later(now, delay));
    if (queue.x_is_upgrade) {
        Instant& of_all = *queue.x_spec->upgrade_held_back;
        of_all = std::max(of_all, until);
    }
}

Instant LockQueue::Member::held_back_until() const {
    Instant latest = Instant::min();
    for (const auto& [number, until] : held_back) {
        latest = std::max(latest, until);
    }
    return latest;
}

/// A set runs when it may run on all its paths.
Instant LockQueue::held_back_until() const {
    Instant latest = x_is_upgrade && x_spec ? *x_spec->upgrade_held_back : Instant::min();
    for (const Member& member : x_members) {
        latest = std::max(latest, member.held_back_until());
    }
    return latest;
}

/// Our own holder overran its budget, or lost its lease: it may have requests under way like one
/// that died. Those of this process who wait have no watch to tell them.
void LockQueue::hold_back_after_own(Instant now, Loss loss) {
    if (loss == Loss::released || loss == Loss::closed || x_spec->options.lock_delay.count() == 0) {
        return;
    }
    for (Member& member : x_members) {
        member.hold_back(now, member.contender->name(), x_spec->options.lock_delay);
    }
}

/// Only of those whose record was read is it known that they want it: who has never seen the holder
/// cannot know, any more than one who comes after its end.
void LockQueue::Member::note_end(Instant now, std::string_view name, End end) {
    changed.erase(std::string(name));
    const auto found = delays.find(name);
    if (found == delays.end()) {
        return;
    }
    if (end == End::unknown) {
        hold_back(now, name, found->second);
    }
    delays.erase(found);
}

/// A list has been read that may lack some whom we watched, on the connection before this one.
void LockQueue::note_missing(Instant now, Member& member) {
    if (!member.contender || !member.contender->knows_queue()) {
        return;
    }
    const auto ahead = member.contender->ahead();
    for (auto delay = member.delays.begin(); delay != member.delays.end();) {
        const std::string name = (delay++)->first;
        // Of one that was written to, the read that is under way will tell.
        const bool is_there = member.changed.contains(name) ||
                              std::any_of(ahead.begin(), ahead.end(), [&](const Contestant& each) {
                                  return each.name == name;
                              });
        if (!is_there) {
            member.note_end(now, name, Member::End::unknown);
        }
    }
}

/// Somebody ahead of us is alive. Nobody holds back for a permit: those behind watch the nearest
/// until it runs, and would not see that there is room beside one that holds back.
void LockQueue::note_read(Member& member, std::string_view name, std::string_view record) {
    if (x_spec->recipe.kind == LockKind::permit) {
        return;
    }
    member.changed.erase(std::string(name));
    if (const Duration delay = lock_delay_of(record); delay > Duration{}) {
        Duration& known = member.delays[std::string(name)];  // which no write takes back
        known = std::max(known, delay);
    }
    if (kind_of(name) == LockKind::exclusive && !may_be_shared(name, record)) {
        // Whoever stood between it and us has never held.
        member.held_back.erase(member.held_back.upper_bound(sequence_of(name).value_or(0)),
                               member.held_back.end());
    }
}

/// It is in our way no more, and others will tell of their own delays.
void LockQueue::Member::pass(std::string_view name) {
    changed.erase(std::string(name));
    if (const auto found = delays.find(name); found != delays.end()) {
        delays.erase(found);
    }
}

/// How our node goes. One that waited goes in good order unless it may have missed an end, after a
/// lost connection. While it held back, its node stays to the end of that, or those behind it would
/// run; they only see that it went, and look for themselves who else is left.
void LockQueue::choose_farewell(Instant now, const Member& member, std::optional<Loss> loss,
                                Condemned& node) const {
    const bool has_delay = x_spec->options.lock_delay.count() > 0;
    if (loss) {
        node.is_released = has_delay && *loss == Loss::released;
        return;
    }
    const ContenderState state = member.contender->state();
    const bool is_first = state == ContenderState::first;
    const Instant until = member.held_back_until();
    const bool is_held_back = now < until;
    const bool saw_all =
        is_first || state == ContenderState::waiting || state == ContenderState::creating;
    node.is_released = has_delay && saw_all && (is_first || !is_held_back);
    if (is_held_back) {
        node.not_before = until;
    }
}

std::string LockQueue::why_still_waiting(Instant now) const {
    const Instant until = held_back_until();
    return is_first() && now < until
               ? "the lock is free, but its last holder did not release it and asked that the next "
                 "one wait; " +
                     format_duration(until - now) + " of that are left"
               : "the lock was not free within the wait";
}

}  // namespace leasehold::core
