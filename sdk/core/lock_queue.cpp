#include "sdk/core/lock_queue.hpp"

#include <algorithm>
#include <limits>
#include <utility>

namespace leasehold::core {

namespace {

/// Of a hold that is shared: nothing orders it against the others.
constexpr std::int64_t no_token = 0;

bool same_node_would_do(const AcquireSpec& made_with, const AcquireSpec& wanted) {
    // A leader's record is what others see of it, and is its own.
    return made_with.options.naming == wanted.options.naming && made_with.recipe == wanted.recipe &&
           made_with.acl == wanted.acl &&
           made_with.options.lock_delay == wanted.options.lock_delay && !made_with.is_rolling &&
           !wanted.is_rolling;
}

}  // namespace

LockQueue::LockQueue(LockContext& context, const std::shared_ptr<const AcquireSpec>& spec,
                     OperationId lane)
    : x_context(context), x_lane(lane) {
    x_members.reserve(1 + spec->more_paths.size());
    x_members.emplace_back(*this, SharedPath(spec, &spec->path));
    for (const std::string& path : spec->more_paths) {
        x_members.emplace_back(*this, SharedPath(spec, &path));
    }
}

// ---- who waits ----------------------------------------------------------------------------------

void LockQueue::join(Instant now, OperationId id, std::shared_ptr<const AcquireSpec> spec) {
    x_now = now;
    x_is_upgrade = spec->upgrades != 0;
    const bool is_try = spec->options.wait.count() <= 0;
    const Duration wait = is_try ? x_context.settings.timing.ack_gap : saturate(spec->options.wait);
    if (x_waiters.capacity() == 0) {
        x_waiters.swap(x_context.spare_waiters);
    }
    x_waiters.push_back({id, std::move(spec), now, later(now, wait), is_try});
    const Waiter& waiter = x_waiters.back();
    x_context.timers.set({TimerKind::wait_end, id}, waiter.give_up);
    // Who waits behind a try is not kept waiting by reading on its behalf who holds.
    x_context.timers.set({TimerKind::holder_read, id},
                         waiter.give_up - std::min<Duration>(wait / 4, milliseconds{250}));
    if (x_holder || x_waiters.size() > 1) {
        // What this process knows already: refused without a byte on the wire.
        const std::size_t local = x_waiters.size() - 1 + (x_holder ? 1 : 0);
        if (auto refusal = why_not_admit(now, waiter, ahead_of_us(local))) {
            return refuse(now, id, std::move(*refusal));
        }
    }
    advance(now);
}

bool LockQueue::has(OperationId id) const {
    return std::any_of(x_waiters.begin(), x_waiters.end(),
                       [&](const Waiter& waiter) { return waiter.id == id; }) ||
           std::any_of(x_leaving.begin(), x_leaving.end(),
                       [&](const Leaving& leaving) { return leaving.id == id; });
}

void LockQueue::leave(Instant now, OperationId id, std::error_code code, std::string what) {
    const auto waiter = std::find_if(x_waiters.begin(), x_waiters.end(),
                                     [&](const Waiter& each) { return each.id == id; });
    if (waiter != x_waiters.end()) {
        return refuse(now, id, describe(now, *waiter, code, std::move(what)));
    }
    const auto leaving = std::find_if(x_leaving.begin(), x_leaving.end(),
                                      [&](const Leaving& each) { return each.id == id; });
    if (leaving != x_leaving.end()) {
        answer(id, std::move(leaving->refusal));
        x_leaving.erase(leaving);
    }
}

void LockQueue::on_wait_end(Instant now, OperationId id) {
    const Session& session = x_context.session;
    if (session.is_attached()) {
        return leave(now, id, errc::wait_expired, why_still_waiting(now));
    }
    leave(now, id, session.trouble_code(),
          session.last_trouble().empty() ? "no server answered within the wait"
                                         : session.last_trouble());
}

void LockQueue::refuse(Instant now, OperationId id, Refusal refusal) {
    turn_away(now, id, std::move(refusal), false);
    advance(now);
}

/// Moves nobody else on, so that whoever goes through the queue may turn away several.
void LockQueue::turn_away(Instant now, OperationId id, Refusal refusal, bool read_holder_first) {
    x_now = now;
    forget_timers(id);
    x_waiters.erase(std::remove_if(x_waiters.begin(), x_waiters.end(),
                                   [&](const Waiter& waiter) { return waiter.id == id; }),
                    x_waiters.end());
    const std::string head = head_path(member_of(refusal));
    if (read_holder_first && refusal.holder_record.empty() && !head.empty() &&
        x_context.session.is_attached()) {
        refusal.holder_node = head.substr(head.rfind('/') + 1);
        // Its name is worth a moment, but not an answer after the end of the wait.
        const Duration patience =
            std::min(x_context.settings.timing.ack_gap, refusal.time_left.value_or(Duration{}));
        x_leaving.push_back({id, std::move(refusal), head});
        x_context.timers.set({TimerKind::wait_end, id}, later(now, patience));
        read_holder(now, head);
    } else {
        answer(id, std::move(refusal));
    }
}

void LockQueue::answer(OperationId id, Refusal refusal) {
    forget_timers(id);
    ++x_context.counters.refusals;
    if (x_is_upgrade) {
        x_context.effects.emplace_back(UpgradeDone{id, std::move(refusal)});
    } else {
        x_context.effects.emplace_back(AcquireDone{id, std::move(refusal)});
    }
}

void LockQueue::forget_timers(OperationId id) {
    x_context.timers.cancel({TimerKind::wait_end, id});
    x_context.timers.cancel({TimerKind::holder_read, id});
    x_context.timers.cancel({TimerKind::lock_delay, id});
}

/// A lock that is held by its only caller needs no memory for others.
Waiter LockQueue::take_first() {
    Waiter first = std::move(x_waiters.front());
    x_waiters.pop_front();
    if (x_waiters.empty()) {
        constexpr std::size_t most_kept = 16;
        Waiters unused = std::exchange(x_waiters, {});
        if (unused.capacity() <= most_kept) {
            unused.swap(x_context.spare_waiters);
        }
    }
    return first;
}

void LockQueue::refuse_all(Instant now, std::error_code code, const std::string& what) {
    refuse_all_for(now, slowest(), code, what);
}

void LockQueue::refuse_all_for(Instant now, const Member& member, std::error_code code,
                               const std::string& what) {
    while (!x_waiters.empty()) {
        const Waiter& waiter = x_waiters.front();
        const OperationId id = waiter.id;
        Refusal refusal = describe(now, waiter, code, what, &member);
        x_waiters.pop_front();
        answer(id, std::move(refusal));
    }
    for (Leaving& leaving : std::exchange(x_leaving, {})) {
        answer(leaving.id, std::move(leaving.refusal));
    }
}

/// Those for whom a node stood in the queue have lost their place. Candidates ask for no place, but
/// to lead one day.
void LockQueue::refuse_all_but_candidates(Instant now, std::error_code code,
                                          const std::string& what) {
    const auto candidates =
        std::stable_partition(x_waiters.begin(), x_waiters.end(),
                              [](const Waiter& each) { return !each.spec->is_rolling; });
    Waiters stay(std::make_move_iterator(candidates), std::make_move_iterator(x_waiters.end()));
    x_waiters.erase(candidates, x_waiters.end());
    refuse_all(now, code, what);
    x_waiters = std::move(stay);
}

Refusal LockQueue::describe(Instant now, const Waiter& waiter, std::error_code code,
                            std::string what, const Member* about) const {
    const Member& member = about != nullptr ? *about : slowest();
    Refusal refusal{.code = code, .what = std::move(what)};
    if (x_members.size() > 1) {
        refusal.path = member.path;
    }
    if (waiter.give_up > now) {
        refusal.time_left = waiter.give_up - now;
    }
    refusal.holder_node = member.head_name(x_holder.has_value());
    if (x_holder) {
        refusal.holder_record = x_spec->record;  // one of our own process
    } else if (!x_head.empty() && x_head == head_path(member)) {
        refusal.holder_record = x_head_record;
    }
    if (x_holder || (has_contenders() && member.contender->knows_queue())) {
        const auto place = std::find_if(x_waiters.begin(), x_waiters.end(),
                                        [&](const Waiter& each) { return each.id == waiter.id; });
        refusal.position = member.contender->blockers() + (x_holder ? 1 : 0) +
                           static_cast<std::size_t>(place - x_waiters.begin());
    }
    return refusal;
}

// ---- the course of an acquisition ---------------------------------------------------------------

/// Does what the state allows; called after every input.
void LockQueue::advance(Instant now) {
    x_now = now;
    if (find_failed() != nullptr || is_torn()) {
        settle_failure(now);
    }
    if (x_kept_from) {
        return advance_kept(now);
    }
    if (knows_queue() && !contender().may_pass() && !x_holder) {
        admit(now);
        watch_own_nodes();
    }
    if (x_waiters.empty() && !x_holder) {
        return abandon(now);
    }
    if (!has_contenders()) {
        return begin(now);
    }
    if (may_grant(now)) {
        return try_grant(now);
    }
    show_wait();
}

void LockQueue::begin(Instant now) {
    if (x_waiters.empty() || !x_context.session.is_attached() || x_context.session.is_closing() ||
        x_context.session.is_renewing() || x_is_checking) {
        return;
    }
    if (has_to_look() && !x_was_checked) {
        return check_first(now);
    }
    x_was_checked = false;
    x_is_admitted = false;
    x_local_grants = 0;
    x_head.clear();
    x_head_record.clear();
    ++x_serial;
    x_spec = x_waiters.front().spec;
    x_limit = Limit::unknown;
    x_is_place_seen = false;
    x_is_record_due = false;
    x_is_asked = false;
    x_share = Share::none;
    x_wait_shown = 0;
    x_others = Others::unknown;
    // Whoever holds back must hear of it if its node goes meanwhile.
    const bool watches_itself = x_spec->options.watch_own_node || now < held_back_until();
    for (Member& member : x_members) {
        ContenderPort& port = member;
        member.delays.clear();
        member.changed.clear();
        member.contender.emplace(port, member.path, x_spec->recipe, x_context.session.id(),
                                 watches_itself);
        member.contender->start();
    }
}

/// A contender ended by itself: its node is gone, was never made, or must not be used.
void LockQueue::settle_failure(Instant now) {
    const Member* failed = find_failed();
    if (failed == nullptr) {
        failed = &*std::find_if(x_members.begin(), x_members.end(),
                                [](const Member& member) { return member.is_asked; });
    }
    const Error failure = failed->contender->failure().value_or(
        Error(errc::lock_lost, "our node is gone: somebody deleted it"));
    if (x_holder) {
        // The lease ends; on_node_free() comes back to us and clears the contender.
        return x_context.leases.end(now, x_is_upgrade ? x_spec->upgrades : *x_holder,
                                    Loss::node_deleted);
    }
    abandon(now);
    if (failure.code() == errc::lock_lost && x_members.size() == 1) {
        // The server may tell of the node before it tells that the session ended, which took it.
        return refuse_all_but_candidates(now, failure.code(), failure.context().what);
    }
    refuse_all_for(now, *failed, failure.code(), failure.context().what);
}

/// Condition (iii) of a grant: what the evidence can promise.
LockQueue::Offer LockQueue::lease_on_offer(Instant now, const Waiter& waiter) const {
    const LeaseTerms terms = terms_of(*waiter.spec);
    const Evidence& evidence = x_context.session.evidence();
    const Instant safe = evidence.safe_deadline();
    if (safe <= later(now, terms.reserve)) {
        return Offer::none;  // not even time to be asked to stop
    }
    if (x_context.session.is_renewing()) {
        return Offer::none;  // no evidence of what was alive before speaks for what is being closed
    }
    if (waiter.spec->is_rolling || safe >= later(now, terms.budget)) {
        return Offer::whole;
    }
    const bool is_worth_waiting = waiter.spec->options.accept_shortened
                                      ? evidence.expects_proof_soon(now)
                                      : evidence.expects_proof();
    return is_worth_waiting ? Offer::none : Offer::shortened;
}

void LockQueue::try_grant(Instant now) {
    if (x_is_upgrade && !x_waiters.empty()) {
        return be_alone(now, take_first());
    }
    while (!x_waiters.empty()) {
        const Waiter& head = x_waiters.front();
        const Offer offer = lease_on_offer(now, head);
        if (offer == Offer::none) {
            if (!std::exchange(x_awaits_evidence, true)) {
                x_context.awaiting_evidence.push_back(weak_from_this());
            }
            return;
        }
        if (offer == Offer::shortened && !head.spec->options.accept_shortened) {
            Refusal refusal =
                describe(now, head, errc::budget_refused,
                         "the safe deadline is nearer than the budget: the ensemble has not "
                         "answered for a while");
            const OperationId id = head.id;
            x_waiters.pop_front();
            answer(id, std::move(refusal));
            continue;
        }
        return grant(now, take_first());
    }
    abandon(now);
}

void LockQueue::grant(Instant now, Waiter waiter) {
    if (!is_of_one_transaction()) {
        abandon(now);
        answer(waiter.id, {.code = errc::protocol_error,
                           .what = "the server made the nodes of one multi at different times"});
        return advance(now);
    }
    if (contender().czxid() > std::numeric_limits<std::int64_t>::max() / grants_per_node - 1) {
        abandon(now);
        answer(waiter.id, {.code = errc::unsupported,
                           .what = "the ensemble's epoch is too large for a fencing token"});
        return advance(now);
    }
    forget_timers(waiter.id);
    const std::int64_t token = waiter.spec->recipe.passes_shared()
                                   ? no_token
                                   : contender().czxid() * grants_per_node + x_local_grants;
    x_holder = waiter.id;
    for (Member& member : x_members) {
        member.contender->on_granted();
    }
    x_context.leases.on_safe_deadline(now, x_context.session.evidence().safe_deadline());
    const LeaseTerms terms = terms_of(*waiter.spec);
    Grant granted{.lease = x_context.leases.grant(now, waiter.id, terms, token, own_nodes()),
                  .granted_at = now};
    granted.deadline = granted.lease->word.deadline();
    granted.is_shortened = !waiter.spec->is_rolling && granted.deadline < later(now, terms.budget);
    granted.lease->kind = waiter.spec->recipe.kind;
    ++x_context.counters.grants;
    x_context.counters.local_grants += x_local_grants > 0 ? 1 : 0;
    x_context.effects.emplace_back(AcquireDone{waiter.id, std::move(granted)});
    x_is_record_due = is_record_due(*waiter.spec);
    adopt_delay(waiter.spec->options.lock_delay);
    if (waiter.spec != x_spec) {
        change_spec([&](AcquireSpec& spec) {
            spec.options.keep_idle = waiter.spec->options.keep_idle;
            spec.record = waiter.spec->record;
            spec.is_rolling = waiter.spec->is_rolling;
        });
    }
    show_record();
    look_for_others(now);
    if (x_is_asked) {
        x_context.leases.ask(waiter.id);
    }
    if (x_context.session.state() == ClientState::jeopardy) {
        x_context.effects.emplace_back(JeopardyChanged{waiter.id, true});
    }
}

/// Whether others have to see what we hold. Who waits for a permit counts on it; and the node may
/// have been made for a caller of this process who has left, while a leader is known by its record,
/// and a delay obeyed if it stands there.
bool LockQueue::is_record_due(const AcquireSpec& spec) const {
    if (spec.recipe.kind == LockKind::permit) {
        return contender().had_to_queue() || !x_is_place_seen;
    }
    return spec.options.lock_delay > x_spec->options.lock_delay ||
           (spec.is_rolling && spec.record != x_spec->record);
}

void LockQueue::on_node_free(Instant now, OperationId lease, Loss loss, Duration held) {
    x_now = now;
    if (x_holder != lease) {
        return;
    }
    x_holder.reset();
    for (const Member& member : x_members) {
        x_context.paces.add(member.path, held);
    }
    if (hand_over(now, loss) || keep(now, lease, loss)) {
        x_context.effects.emplace_back(NodeGone{lease, success()});
        return;
    }
    hold_back_after_own(now, loss);
    if (loss == Loss::session_expired) {
        drop_contenders();  // the nodes go with their session
        x_context.effects.emplace_back(NodeGone{lease, success()});
    } else {
        abandon(now, lease, loss);
    }
    advance(now);
}

/// The next one of this process takes over our node, unless others have waited long enough or asked
/// for it, the holder overran its budget, or the node is not what the next one asked for: others
/// may hold beside one that says that it shares.
bool LockQueue::hand_over(Instant now, Loss loss) {
    // The bound is for the sake of others: without any, it is that of the tokens.
    const int most_grants =
        x_others == Others::none ? grants_per_node : x_spec->options.max_local_grants;
    if (loss != Loss::released || !may_pass_on(now, most_grants)) {
        return false;
    }
    pass_on(now);
    return true;
}

bool LockQueue::may_pass_on(Instant now, int most_grants) const {
    if (x_waiters.empty() || x_is_asked || x_share != Share::none ||
        !x_context.session.is_attached() || contender().state() != ContenderState::held ||
        x_local_grants + 1 >= most_grants ||
        !same_node_would_do(*x_spec, *x_waiters.front().spec)) {
        return false;
    }
    const Offer offer = lease_on_offer(now, x_waiters.front());
    return offer == Offer::whole ||
           (offer == Offer::shortened && x_waiters.front().spec->options.accept_shortened);
}

void LockQueue::pass_on(Instant now) {
    ++x_local_grants;
    grant(now, take_first());
}

}  // namespace leasehold::core
