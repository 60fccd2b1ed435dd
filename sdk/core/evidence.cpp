#include "sdk/core/evidence.hpp"

#include <algorithm>
#include <iterator>
#include <string_view>

namespace leasehold::core {
namespace {

constexpr std::int64_t billion = 1'000'000'000;

// Saturating: a bound that overflowed must stay a bound.
Duration plus(Duration left, Duration right) {
    return later(Instant{left}, right).time_since_epoch();
}

Duration minus(Duration left, Duration right) {
    return right == Duration::min() ? plus(plus(left, Duration::max()), Duration{1})
                                    : plus(left, -right);
}

Duration elapsed(Instant from, Instant to) {
    return minus(to.time_since_epoch(), from.time_since_epoch());
}

/// Rounded up: it is only ever added to what is needed.
Duration half(Duration tick) {
    return tick / 2 + tick % 2;
}

/// rho in whole parts per billion, rounded up. What is no fraction leaves nothing of a timeout.
std::int64_t drift_per_billion(double drift) {
    if (!(drift >= 0.0 && drift < 1.0)) {
        return billion;
    }
    const double scaled = drift * static_cast<double>(billion);
    const auto whole = static_cast<std::int64_t>(scaled);
    return static_cast<double>(whole) < scaled ? whole + 1 : whole;
}

/// rho * T, rounded up; in two parts because T in nanoseconds times a billion does not fit.
Duration drift_loss(double drift, Duration timeout) {
    const std::int64_t parts = drift_per_billion(drift);
    const std::int64_t seconds = timeout.count() / billion;
    const std::int64_t rest = timeout.count() % billion;
    return Duration{seconds * parts + (rest * parts + billion - 1) / billion};
}

/// The age that the evidence of a grant may have.
Duration age_at_grant(const LeaseTiming& timing) {
    return timing.is_by_quorum() ? proof_age(timing) : plus(half(timing.tick), timing.ack_gap);
}

/// From the answer of i' to the write j: 1.5 ticks of the servers, by our clock.
Duration proof_spacing(const LeaseTiming& timing) {
    const Duration ticks = plus(timing.tick, half(timing.tick));
    return plus(ticks, drift_loss(timing.clock_drift, ticks));
}

/// While D is needed something is written this often, and otherwise pinged.
Duration beat(const LeaseTiming& timing) {
    return timing.tick / 4;
}

Duration grain(const LeaseTiming& timing) {
    return timing.tick / 8;
}

// ---- numbers for a person ----

/// "23.35" for 23 350 000 000 billionths.
std::string decimal(std::int64_t billionths) {
    std::string text = billionths < 0 ? "-" : "";
    // Through unsigned, because the smallest number has no negative.
    const auto bits = static_cast<std::uint64_t>(billionths);
    const std::uint64_t size = billionths < 0 ? 0 - bits : bits;
    text += std::to_string(size / billion);
    std::string fraction = std::to_string(size % billion);
    fraction.insert(0, 9 - fraction.size(), '0');
    fraction.erase(fraction.find_last_not_of('0') + 1);
    return fraction.empty() ? text : text + '.' + fraction;
}

std::string seconds(Duration duration) {
    return decimal(duration.count()) + " s";
}

}  // namespace

Duration usable_timeout(const LeaseTiming& timing, Duration session_timeout) {
    const Duration timeout = std::max(session_timeout, Duration::zero());
    return minus(minus(timeout, drift_loss(timing.clock_drift, timeout)), timing.margin);
}

Duration budget_limit(const LeaseTiming& timing, Duration session_timeout) {
    const Duration in_hand = minus(usable_timeout(timing, session_timeout), timing.delta());
    return minus(in_hand, age_at_grant(timing));
}

Duration proof_age(const LeaseTiming& timing) {
    const Duration waits = plus(grain(timing), plus(beat(timing), beat(timing)));
    return plus(plus(waits, proof_spacing(timing)), timing.ack_gap);
}

Duration least_session_timeout(const LeaseTiming& timing, Duration budget) {
    // The limit rises with the timeout, so the least one is found by halving.
    std::int64_t refused = 0;
    std::int64_t accepted = Duration::max() / milliseconds{1};
    if (budget_limit(timing, milliseconds{accepted}) < budget) {
        return Duration::max();
    }
    while (accepted - refused > 1) {
        const std::int64_t middle = refused + (accepted - refused) / 2;
        (budget_limit(timing, milliseconds{middle}) < budget ? refused : accepted) = middle;
    }
    return milliseconds{accepted};
}

std::string explain_budget(const LeaseTiming& timing, Duration session_timeout, Duration budget) {
    const Duration delta = timing.delta();
    const Duration limit = budget_limit(timing, session_timeout);
    std::string text = "budget " + seconds(budget);
    text += timing.is_by_quorum()
                ? " + quorum proof " + seconds(minus(age_at_grant(timing), timing.ack_gap))
                : " + tick/2 " + seconds(half(timing.tick));
    text += " + ack gap " + seconds(timing.ack_gap);
    text += budget > limit ? " exceeds " : " fits into ";
    text += seconds(minus(usable_timeout(timing, session_timeout), delta)) + " = " +
            decimal(billion - drift_per_billion(timing.clock_drift)) + " x " +
            seconds(session_timeout);
    if (delta > Duration::zero()) {
        text += " - " + seconds(delta);
    }
    text += " - " + seconds(timing.margin);
    if (budget <= limit) {
        return text;
    }
    text += "; ";
    if (limit >= milliseconds{1}) {
        text += "lower the budget to at most " + seconds(std::chrono::floor<milliseconds>(limit)) +
                ", or ";
    }
    const Duration least = least_session_timeout(timing, budget);
    text += "raise the session timeout to at least " + seconds(least);
    // A server grants at most maxSessionTimeout, by default 20 of its ticks.
    if (least > 20 * std::min(timing.tick, Duration::max() / 20)) {
        text += " (and the servers' maxSessionTimeout, 20 ticks by default, with it)";
    }
    return text;
}

// Why Delta suffices. Let us follow an acknowledgement back to the leader's clock of our session.
//
//   The follower that gave it had read something from its leader at most syncLimit ticks before.
//   If it was stopped from b to e while that something lay in its buffer, then e - b <= step: what
//   we sent before b and was handled before b, and the reply to our next request, after e, are no
//   more than a step apart. Up to b it answered the leader's pings, one each half tick. The last of
//   these answers passed on all touches up to then; the reply to our first request that missed it
//   came later, so the request before that one was sent at most a step before that answer.
//
//       Delta = syncLimit * tick + step + tick/2 + step,   so   step = 3/4 tick + G/2
//
// This leaves nothing for a leader whose own pings are late in the same moment, and is not needed
// in full unless our link, the follower and its leader fail one right after the other.
//
// Why the quarantine is Delta as well: at the end of a gap the next reply comes within a step, so a
// request was handled by then. If an acknowledged request was sent Delta after the gap, then the
// chain above ends at an answer to the leader at least a step after the gap, which passed it on.
Evidence::Evidence(const LeaseTiming& timing)
    : x_timing(timing),
      // One standalone server passes nothing on, and a proof does not rest on single answers; then
      // the two other rules are all there is.
      x_step(timing.standalone || timing.is_by_quorum()
                 ? plus(timing.tick, timing.ack_gap)
                 : plus(timing.tick / 4 * 3, timing.ack_gap / 2)),
      x_quarantine(timing.delta()) {
    if (timing.is_by_quorum()) {
        x_proof.emplace(proof_spacing(timing), grain(timing));
    }
}

void Evidence::on_session_created(Instant sent, Instant received, Duration granted) {
    x_timeout = granted;
    x_created = sent;
    x_newest.reset();
    if (x_proof) {
        x_proof->begin(sent);
    }
    attach(sent, received);
}

void Evidence::on_reattached(Instant sent, Instant received, Duration granted) {
    if (!x_created) {
        return;
    }
    // A larger timeout counts for nothing: a new leader starts from the one of the creation.
    x_timeout = std::min(x_timeout, granted);
    attach(sent, received);
}

void Evidence::attach(Instant sent, Instant received) {
    x_usable = usable_timeout(x_timing, x_timeout);
    x_is_connected = true;
    x_is_silent = false;
    x_is_overdue = false;
    x_counts_from = sent;
    x_last_sent = sent;
    x_sends.assign(1, sent);
    x_last_commit = sent;
    if (x_proof_due_since) {
        on_need(received, true);  // the proofs of this connection are yet to come
    }
    if (elapsed(sent, received) > x_timing.ack_gap) {
        // The follower may have been cut off between the leader's answer and its passing it on.
        open_gap(x_is_overdue, received);
    } else {
        x_newest = x_newest ? std::max(*x_newest, sent) : sent;
        x_is_stale = false;
    }
}

void Evidence::on_disconnected() {
    // No gap: nothing can be acknowledged any more, and the next attach touches the leader.
    x_is_connected = false;
    if (x_proof) {
        x_proof->on_connection_lost();
    }
}

void Evidence::on_session_ended() {
    x_is_connected = false;
    x_created.reset();
    x_newest.reset();
}

void Evidence::on_sent(Instant when) {
    if (!x_is_connected) {
        return;
    }
    notice_silence(when);
    if (x_is_silent) {
        // What follows the gap is measured among itself.
        x_sends.clear();
        x_is_silent = false;
    }
    x_last_sent = when;
    remember_send(when);
}

void Evidence::on_ack(Instant sent, Instant received, bool is_commit) {
    if (!x_is_connected || received < sent) {
        return;
    }
    if (x_proof) {
        const Instant before = x_proof->proven();
        x_proof->on_ack(sent, received, is_commit);
        x_was_proved_since |= before != x_proof->proven();
        x_last_commit = is_commit ? std::max(x_last_commit, sent) : x_last_commit;
        note_proof(received);
    }
    notice_silence(received);
    if (is_late(sent, received)) {
        open_gap(x_is_overdue, received);  // until on_time() finds that nothing else is overdue
    }
    if (is_in_gap() || sent < x_counts_from) {
        x_is_answered_again |= !is_in_gap() && sent >= x_gap_end;
        return;
    }
    x_newest = x_newest ? std::max(*x_newest, sent) : sent;
    x_is_stale = elapsed(*x_newest, received) > x_step;
}

void Evidence::on_time(Instant now, std::optional<Instant> oldest_unanswered) {
    if (!x_is_connected) {
        return;
    }
    notice_silence(now);
    if (oldest_unanswered && is_late(*oldest_unanswered, now)) {
        open_gap(x_is_overdue, now);
    } else {
        x_is_overdue = false;
    }
    x_is_stale = x_newest && elapsed(*x_newest, now) > x_step;
    note_proof(now);
}

void Evidence::on_need(Instant now, bool is_needed) {
    x_proof_due_since = is_needed ? std::optional(now) : std::nullopt;
    x_was_proved_since = false;
    note_proof(now);
}

void Evidence::note_proof(Instant now) {
    x_is_proof_late = next_proof_by() < now;
}

/// When the last proof is older than it should be, if D is needed. A grant waits for a proof and so
/// has one that is younger: who only holds locks writes up to two beats later, for j and for k.
Instant Evidence::next_proof_by() const {
    if (!x_proof || !x_proof_due_since) {
        return Instant::max();
    }
    return later(std::max(x_proof->proven(), *x_proof_due_since),
                 plus(proof_age(x_timing), half(x_timing.tick)));
}

/// True if a reply that comes now shows a gap.
bool Evidence::is_late(Instant sent, Instant now) const {
    return elapsed(sent, now) > x_timing.ack_gap || elapsed(previous_send(sent), now) > x_step;
}

/// The last remembered send before `sent`; after a gap there may be none. Looked for from the end:
/// it is one of the last nearly always.
Instant Evidence::previous_send(Instant sent) const {
    auto next = x_sends.end();
    while (next != x_sends.begin() && *std::prev(next) >= sent) {
        --next;
    }
    return next == x_sends.begin() ? sent : *std::prev(next);
}

/// Keeps at most about sixty-four of them: leaving one out only makes the one before it stand for
/// it, which is earlier and so against us. What is older than a step is late in any case.
void Evidence::remember_send(Instant when) {
    const Duration grain = std::max(x_step / 64, Duration{1});
    if (x_sends.empty() || elapsed(x_sends.back(), when) >= grain) {
        x_sends.push_back(when);
    }
    while (x_sends.size() >= 2 && elapsed(x_sends[1], when) > x_step) {
        x_sends.pop_front();
    }
}

/// A stopped process or a late timer shows as a send that did not happen; it is noticed by
/// whatever comes first afterwards, so no reply that waited in the socket slips in before it.
void Evidence::notice_silence(Instant now) {
    if (elapsed(x_last_sent, now) > x_timing.tick) {
        open_gap(x_is_silent, now);
    }
}

/// Opens a gap, or goes on with it: it lasts at least until `now`.
void Evidence::open_gap(bool& kind, Instant now) {
    if (!is_in_gap()) {
        ++x_gaps;
    }
    kind = true;
    x_gap_end = now;
    x_is_answered_again = false;
    x_counts_from = std::max(x_counts_from, later(now, x_quarantine));
}

Instant Evidence::safe_deadline() const {
    if (!x_created) {
        return Instant::min();
    }
    if (x_proof) {
        return later(x_proof->proven(), x_usable);
    }
    const Instant by_creation = later(*x_created, x_usable);
    if (!x_newest) {
        return by_creation;
    }
    return std::max(by_creation, later(*x_newest, minus(x_usable, x_timing.delta())));
}

std::optional<Instant> Evidence::newest() const {
    return x_proof && x_created ? std::optional(x_proof->proven()) : x_newest;
}

bool Evidence::has_fresh_evidence() const {
    return x_is_connected && !is_in_gap() && !x_is_stale && !x_is_proof_late && x_newest &&
           *x_newest >= x_counts_from;
}

Instant Evidence::next_ping() const {
    if (!x_is_connected) {
        return Instant::max();
    }
    return later(x_last_sent, x_proof ? beat(x_timing) : x_timing.tick / 2);
}

Instant Evidence::next_heartbeat(bool is_awaited) const {
    if (!x_is_connected || !x_proof || !x_proof_due_since) {
        return Instant::max();
    }
    const Instant regular = later(std::max(x_last_commit, *x_proof_due_since), beat(x_timing));
    return is_awaited ? std::min(regular, x_proof->next_useful_write()) : regular;
}

Instant Evidence::next_event(std::optional<Instant> oldest_unanswered) const {
    if (!x_is_connected) {
        return Instant::max();
    }
    Instant last_good = Instant::max();
    if (!x_is_silent) {
        last_good = later(x_last_sent, x_timing.tick);
    }
    if (oldest_unanswered && !x_is_overdue) {
        last_good = std::min({last_good, later(*oldest_unanswered, x_timing.ack_gap),
                              later(previous_send(*oldest_unanswered), x_step)});
    }
    if (x_newest && !x_is_stale) {
        last_good = std::min(last_good, later(*x_newest, x_step));
    }
    if (!x_is_proof_late) {
        last_good = std::min(last_good, next_proof_by());
    }
    return later(last_good, Duration{1});
}

}  // namespace leasehold::core
