// Until when the ensemble cannot have expired our session: the safe deadline, computed from
// acknowledged requests alone.
#pragma once

#include <leasehold/clock.hpp>

#include "sdk/core/quorum_proof.hpp"
#include "sdk/core/settings.hpp"

#include <cstdint>
#include <deque>
#include <optional>
#include <string>

namespace leasehold::core {

/// (1 - rho) * T - epsilon, rounded down: how long after a touch that the leader is known to have
/// seen the session lives for certain, by our clock.
[[nodiscard]] Duration usable_timeout(const LeaseTiming& timing, Duration session_timeout);

/// The largest budget that is accepted; may be negative. A grant rests on evidence that is at most
/// tick/2 (the ping period) + G (the slowest reply that counts) old, so
/// B + tick/2 + G <= (1 - rho) * T - Delta - epsilon; with quorum evidence
/// B + proof_age() <= (1 - rho) * T - epsilon.
[[nodiscard]] Duration budget_limit(const LeaseTiming& timing, Duration session_timeout);

/// With quorum evidence, how long ago the first request of a proof was sent when its last one is
/// answered, at most, if somebody waits for it: tick/8 + tick/4 until a candidate is sent, tick/4
/// to the next request, 1.5 ticks by the servers' clock, and G for the four answers.
[[nodiscard]] Duration proof_age(const LeaseTiming& timing);

/// The smallest session timeout, in whole milliseconds, at which `budget` is accepted.
[[nodiscard]] Duration least_session_timeout(const LeaseTiming& timing, Duration budget);

/// The numbers of a refusal for a person: "budget 30 s + tick/2 1 s + ack gap 2 s exceeds 23.35 s =
/// 0.99 x 40 s - 16 s - 0.25 s; lower the budget to at most 20.35 s, or raise …".
[[nodiscard]] std::string explain_budget(const LeaseTiming& timing, Duration session_timeout,
                                         Duration budget);

/// The evidence that one session lives.
///
/// A = the latest send time of a request that was acknowledged within G. A follower that lost its
/// leader goes on acknowledging, so A stands for a touch of the leader at most Delta before it:
///
///     D = max( A + (1 - rho) * T - Delta - epsilon,
///              send time of createSession + (1 - rho) * T - epsilon )
///
/// Delta takes for granted that our requests reach the follower steadily. A gap breaks that: two
/// sends more than a tick apart, a reply that takes longer than G, or a reply later than step()
/// after the send before its request. A follower that was cut off during a gap may have had no
/// touch of ours to pass on. So replies to what was sent before the end of a gap move nothing, and
/// later ones count only from quarantine() after its end, when the follower cannot have been cut
/// off since. A re-attachment touches the leader itself and counts at once. Why these numbers
/// suffice is shown in evidence.cpp.
///
/// With quorum evidence D rests on proofs (quorum_proof.hpp) and on nothing else:
///
///     D = max( send time of i of the latest proof, send time of createSession ) + (1 - rho) * T -
///     epsilon
///
/// Then gaps void nothing, there is no quarantine, and somebody has to write while D is needed.
///
/// Use, in each turn of the session: on_time() with the turn's time before any on_ack(); on_ack()
/// for each reply that qualifies; on_sent() for each write. Times never go back. A slow attach
/// (received - sent > G) counts as a gap, and so does a first send more than a tick after the
/// connect request: send a ping at once after attaching.
class Evidence {
public:
    explicit Evidence(const LeaseTiming& timing);

    /// A new session; what was known of an older one is forgotten. `sent` and `received` are those
    /// of the connect request and its answer, here and below.
    void on_session_created(Instant sent, Instant received, Duration granted);
    /// The same session on a new connection. A smaller `granted` shortens D at once and for ever.
    void on_reattached(Instant sent, Instant received, Duration granted);
    void on_disconnected();
    /// The session expired or was closed: there is no deadline any more.
    void on_session_ended();

    /// Something of ours is written: a ping or any request.
    void on_sent(Instant when);
    /// A ping or a request of the ordinary pipeline was answered. Not for events, auth, SASL, -6
    /// with zxid -1, -112, -118 and -124: they prove nothing. `is_commit`: it was a write, and the
    /// server has carried it out.
    void on_ack(Instant sent, Instant received, bool is_commit = false);
    /// Whether locks are held or wanted. Without need nobody writes for the sake of D.
    void on_need(Instant now, bool is_needed);
    /// Notices gaps. `oldest_unanswered` is the send time of the oldest request or ping that has no
    /// reply of any kind yet.
    void on_time(Instant now, std::optional<Instant> oldest_unanswered);

    /// D; Instant::min() if there is none. It goes back only by a smaller timeout or a new session.
    [[nodiscard]] Instant safe_deadline() const;
    /// True while acknowledgements move D: connected, no gap, no quarantine, and A no older than
    /// step(); with quorum evidence the last proof no older than it should be, if D is needed.
    /// Otherwise the session's locks are in jeopardy. As of the last call of any function.
    [[nodiscard]] bool has_fresh_evidence() const;
    /// True if the connection answers in time again after a gap, but its answers do not count yet:
    /// a re-attachment would count at once.
    [[nodiscard]] bool is_quarantined(Instant now) const {
        return x_is_connected && !is_in_gap() && x_is_answered_again && now < x_counts_from;
    }
    /// D is needed anew, and no proof of that has come yet: the next one moves it far.
    [[nodiscard]] bool expects_proof() const {
        return x_proof && x_is_connected && x_proof_due_since && !x_is_proof_late &&
               !x_was_proved_since;
    }
    /// The same, and it takes no more than two writes.
    [[nodiscard]] bool expects_proof_soon(Instant now) const {
        return expects_proof() && x_proof->is_ripe(now);
    }
    /// When the latest write that was carried out on this connection was sent.
    [[nodiscard]] Instant last_commit() const { return x_last_commit; }
    /// What D rests on: A, or with quorum evidence the last proof.
    [[nodiscard]] std::optional<Instant> newest() const;
    /// T: the smallest timeout ever granted to this session.
    [[nodiscard]] Duration session_timeout() const { return x_timeout; }

    /// When the next write is due, a ping if there is nothing else: tick/2 after the last write,
    /// with quorum evidence tick/4.
    [[nodiscard]] Instant next_ping() const;
    /// When something has to be written to ZooKeeper so that D moves: a quarter of a tick after the
    /// last commit, or as soon as it brings a proof forward that somebody waits for.
    [[nodiscard]] Instant next_heartbeat(bool is_awaited) const;
    /// When on_time() would notice a gap, or evidence that went stale, not noticed yet.
    [[nodiscard]] Instant next_event(std::optional<Instant> oldest_unanswered) const;
    /// Gaps so far, over all sessions.
    [[nodiscard]] std::uint64_t gaps() const { return x_gaps; }

    /// The longest time from one send to the reply of the next that is no gap.
    [[nodiscard]] Duration step() const { return x_step; }
    /// How long after a gap acknowledgements go on to move nothing.
    [[nodiscard]] Duration quarantine() const { return x_quarantine; }

private:
    void attach(Instant sent, Instant received);
    void notice_silence(Instant now);
    void open_gap(bool& kind, Instant now);
    [[nodiscard]] bool is_late(Instant sent, Instant now) const;
    [[nodiscard]] Instant previous_send(Instant sent) const;
    void remember_send(Instant when);
    void note_proof(Instant now);
    [[nodiscard]] Instant next_proof_by() const;
    [[nodiscard]] bool is_in_gap() const { return x_is_silent || x_is_overdue; }

    LeaseTiming x_timing;
    Duration x_step;
    Duration x_quarantine;

    bool x_is_connected = false;
    Duration x_timeout{};
    Duration x_usable{};               ///< of it: usable_timeout()
    std::optional<Instant> x_created;  ///< send time of createSession; empty without a session
    std::optional<Instant> x_newest;   ///< A
    /// Only replies to what was sent at this instant or later count.
    Instant x_counts_from = Instant::min();
    Instant x_last_sent = Instant::min();
    std::deque<Instant> x_sends;  ///< the sends of the last step(), thinned out; rising
    bool x_is_silent = false;     ///< in a gap: nothing sent for more than a tick
    bool x_is_overdue = false;    ///< in a gap: a request is late (see is_late)
    Instant x_gap_end = Instant::min();
    bool x_is_answered_again = false;  ///< what was sent after the last gap was answered in time
    bool x_is_stale = false;  ///< no gap, but A is too old all the same: replies did not qualify

    std::optional<QuorumProof> x_proof;        ///< with quorum evidence
    std::optional<Instant> x_proof_due_since;  ///< D is needed since then, on this connection
    Instant x_last_commit = Instant::min();    ///< the latest send time of one on this connection
    bool x_was_proved_since = false;           ///< since x_proof_due_since
    bool x_is_proof_late = false;

    std::uint64_t x_gaps = 0;
};

}  // namespace leasehold::core
