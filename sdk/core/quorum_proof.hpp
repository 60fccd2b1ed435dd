// What acknowledged writes prove of a session, whatever a follower goes on answering by itself:
// that the leader which rules has touched it.
#pragma once

#include <leasehold/clock.hpp>

#include <boost/circular_buffer.hpp>

namespace leasehold::core {

/// The rule of four answers, all of one connection:
///
///     i    any answer
///     i'   any answer to what was sent after i's came
///     j    a write's, sent at least `spacing` after that of i' came: 1.5 ticks of the servers
///     k    a write's, sent after j's came
///
/// Once k is answered, the leader that rules has touched the session at the time at which i was
/// sent, or later. What i and i' touched is passed on with the follower's answer to the leader's
/// next ping, which the leader sends each half tick, up to a tick late: before j's commit, in the
/// same stream. So that answer goes before k to the leader, and a leader that was deposed commits
/// no k. Two answers in the place of i, because servers since 3.5 may lose one touch as they read
/// them out. tests/model/quorum.pml is a model of it; docs/models.md says what it has shown.
class QuorumProof {
public:
    /// Of candidates for i that were sent closer than `grain` together, the first one is kept.
    QuorumProof(Duration spacing, Duration grain);

    /// A new session, whose creation is a proof itself.
    void begin(Instant created);
    /// What was under way proves nothing on another connection.
    void on_connection_lost();
    /// `is_commit`: a write was answered, and not refused.
    void on_ack(Instant sent, Instant received, bool is_commit);

    /// The latest i that was proved: the session lives for its timeout after it, at least.
    [[nodiscard]] Instant proven() const { return x_proven; }
    /// A write that is sent from now on brings a proof forward.
    [[nodiscard]] bool is_ripe(Instant now) const {
        return !x_closing.empty() || (!x_maturing.empty() && x_maturing.front().after <= now);
    }
    /// The earliest time at which a write that is sent brings a proof forward.
    [[nodiscard]] Instant next_useful_write() const;

private:
    struct Candidate {
        Instant sent;   ///< when i was
        Instant after;  ///< what is to carry it on has to be sent later than this
    };
    /// The oldest one goes when it is full, which is 32 ticks and more after it came.
    using Candidates = boost::circular_buffer<Candidate>;

    static void add(Candidates& to, Candidate candidate);

    Duration x_spacing;
    Duration x_grain;
    Candidates x_single;    ///< wait for i'
    Candidates x_maturing;  ///< wait for j
    Candidates x_closing;   ///< wait for k
    Instant x_last_candidate = Instant::min();
    Instant x_proven = Instant::min();
};

}  // namespace leasehold::core
