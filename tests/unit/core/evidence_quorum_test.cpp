// The safe deadline by quorum evidence: what it deducts, when somebody has to write, and when it is
// late.
#include "sdk/core/evidence.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>

namespace leasehold::core {
namespace {

using namespace std::chrono_literals;
using ::testing::HasSubstr;

constexpr Duration tick = 2s;
constexpr Duration timeout = 10s;

LeaseTiming by_quorum() {
    return {.tick = tick,
            .sync_limit = 5,
            .standalone = false,
            .ack_gap = 500ms,
            .clock_drift = 0.01,
            .margin = 250ms,
            .evidence = LeaseEvidence::quorum};
}

Instant at(Duration when) {
    return Instant{1000s + when};
}

// ---- the numbers ----

TEST(QuorumNumbers, ProofIsAsOldAsTheAnswersThatMakeItUp) {
    // 1.01 * 3 s, two beats of 0.5 s, 0.25 s, and G.
    EXPECT_EQ(proof_age(by_quorum()), 4780ms);
    EXPECT_EQ(budget_limit(by_quorum(), timeout), 9650ms - 4780ms);
}

TEST(QuorumNumbers, SyncLimitDoesNotMatter) {
    LeaseTiming timing = by_quorum();
    timing.sync_limit = 1000;
    EXPECT_EQ(budget_limit(timing, timeout), budget_limit(by_quorum(), timeout));
}

TEST(QuorumNumbers, ShortSessionHasRoomWhereTheOtherEvidenceHasNone) {
    LeaseTiming conservative = by_quorum();
    conservative.evidence = LeaseEvidence::conservative;
    EXPECT_LT(budget_limit(conservative, timeout), 0s);
    EXPECT_GT(budget_limit(by_quorum(), timeout), 4s);
}

TEST(QuorumNumbers, StandaloneServerHasNoQuorum) {
    LeaseTiming timing = by_quorum();
    timing.standalone = true;
    LeaseTiming conservative = timing;
    conservative.evidence = LeaseEvidence::conservative;
    EXPECT_EQ(budget_limit(timing, timeout), budget_limit(conservative, timeout));
}

TEST(QuorumNumbers, RefusalSaysWhatItIsMadeOf) {
    EXPECT_THAT(
        explain_budget(by_quorum(), timeout, 5s),
        HasSubstr("budget 5 s + quorum proof 4.28 s + ack gap 0.5 s exceeds 9.65 s = 0.99 x "
                  "10 s - 0.25 s; lower the budget to at most 4.87 s, or raise the session "
                  "timeout to at least 10.132 s"));
}

// ---- the deadline ----

class QuorumEvidence : public ::testing::Test {
protected:
    QuorumEvidence() { evidence.on_session_created(at(0s), at(10ms), timeout); }

    void answered(Duration sent, bool is_commit) {
        evidence.on_sent(at(sent));
        evidence.on_time(at(sent + 10ms), at(sent));
        evidence.on_ack(at(sent), at(sent + 10ms), is_commit);
    }
    void pings(Duration from, Duration to) {
        for (Duration now = from; now < to; now += 500ms) {
            answered(now, false);
        }
    }
    /// A client that holds a lock.
    void beats(Duration from, Duration to) {
        for (Duration now = from; now < to; now += 500ms) {
            answered(now, true);
        }
    }
    [[nodiscard]] Duration in_hand(Duration now) const {
        return evidence.safe_deadline() - at(now);
    }

    Evidence evidence{by_quorum()};
};

TEST_F(QuorumEvidence, CreationCountsWhole) {
    EXPECT_EQ(in_hand(0s), 9650ms);
}

TEST_F(QuorumEvidence, AnswersToPingsMoveNothing) {
    pings(500ms, 60s);
    EXPECT_EQ(in_hand(0s), 9650ms);
}

TEST_F(QuorumEvidence, ReattachmentMovesNothing) {
    pings(500ms, 5s);
    evidence.on_disconnected();
    evidence.on_reattached(at(5s), at(5010ms), timeout);
    EXPECT_EQ(in_hand(0s), 9650ms);
}

TEST_F(QuorumEvidence, WritesMoveIt) {
    evidence.on_need(at(10ms), true);
    beats(500ms, 60s);
    EXPECT_GE(in_hand(60s), 9650ms - proof_age(by_quorum()) - 500ms);
    EXPECT_LE(in_hand(60s), 9650ms - 3030ms);
}

TEST_F(QuorumEvidence, GapVoidsNothing) {
    evidence.on_need(at(10ms), true);
    beats(500ms, 20s);
    evidence.on_time(at(28s), std::nullopt);  // a stop
    EXPECT_FALSE(evidence.has_fresh_evidence());
    EXPECT_FALSE(evidence.is_quarantined(at(28s)));
    answered(28s, true);
    answered(28'100ms, true);
    EXPECT_GT(in_hand(19s), 9650ms - 1s) << "what was answered before the stop is proved after it";
}

TEST_F(QuorumEvidence, SmallerTimeoutShortensItAtOnce) {
    evidence.on_disconnected();
    evidence.on_reattached(at(1s), at(1010ms), 5s);
    EXPECT_EQ(in_hand(0s), 4700ms);
}

TEST_F(QuorumEvidence, NoSessionNoDeadline) {
    evidence.on_session_ended();
    EXPECT_EQ(evidence.safe_deadline(), Instant::min());
    EXPECT_EQ(evidence.newest(), std::nullopt);
}

// ---- when to write ----

TEST_F(QuorumEvidence, NobodyWritesWithoutNeed) {
    pings(500ms, 20s);
    EXPECT_EQ(evidence.next_heartbeat(true), Instant::max());
}

TEST_F(QuorumEvidence, PingsComeEachQuarterOfATick) {
    evidence.on_sent(at(1s));
    EXPECT_EQ(evidence.next_ping(), at(1500ms));
}

TEST_F(QuorumEvidence, BeatsComeAQuarterOfATickAfterTheLastCommit) {
    evidence.on_need(at(10ms), true);
    EXPECT_EQ(evidence.next_heartbeat(false), at(510ms));
    answered(700ms, true);
    EXPECT_EQ(evidence.next_heartbeat(false), at(1200ms));
    answered(900ms, false);
    EXPECT_EQ(evidence.next_heartbeat(false), at(1200ms)) << "a ping is no commit";
}

TEST_F(QuorumEvidence, AfterARestTwoWritesAreEnough) {
    pings(500ms, 30s);
    evidence.on_need(at(30s), true);
    EXPECT_TRUE(evidence.expects_proof());
    EXPECT_LE(evidence.next_heartbeat(true), at(30s));
    answered(30s, true);
    EXPECT_LE(evidence.next_heartbeat(true), at(30'011ms));
    answered(30'011ms, true);
    EXPECT_FALSE(evidence.expects_proof());
    EXPECT_GE(in_hand(30s), 9650ms - proof_age(by_quorum()));
}

TEST_F(QuorumEvidence, NoMoreIsExpectedOfASlowEnsemble) {
    pings(500ms, 30s);
    evidence.on_need(at(30s), true);
    pings(30s, 37s);
    EXPECT_FALSE(evidence.expects_proof());
}

TEST_F(QuorumEvidence, ProofsAreExpectedAnewOnAnotherConnection) {
    evidence.on_need(at(10ms), true);
    beats(500ms, 20s);
    EXPECT_FALSE(evidence.expects_proof());
    evidence.on_disconnected();
    EXPECT_FALSE(evidence.expects_proof());
    evidence.on_reattached(at(21s), at(21'010ms), timeout);
    EXPECT_TRUE(evidence.expects_proof());
}

// ---- freshness ----

TEST_F(QuorumEvidence, LateProofIsNoFreshEvidence) {
    evidence.on_need(at(10ms), true);
    beats(500ms, 20s);
    EXPECT_TRUE(evidence.has_fresh_evidence());
    pings(20s, 21s);
    EXPECT_TRUE(evidence.has_fresh_evidence());
    pings(21s, 24s);
    EXPECT_FALSE(evidence.has_fresh_evidence()) << "pings are answered, and writes are not";
    beats(24s, 28s);
    EXPECT_TRUE(evidence.has_fresh_evidence());
}

TEST_F(QuorumEvidence, WithoutNeedPingsAreEnoughToBeConnected) {
    pings(500ms, 60s);
    EXPECT_TRUE(evidence.has_fresh_evidence());
    evidence.on_need(at(60s), true);
    EXPECT_TRUE(evidence.has_fresh_evidence()) << "a proof is not late before it can have come";
}

TEST_F(QuorumEvidence, LatenessIsNoticedWhenItBegins) {
    evidence.on_need(at(10ms), true);
    beats(500ms, 20s);
    pings(20s, 21s);
    const Instant next = evidence.next_event(std::nullopt);
    EXPECT_LT(next, at(22'500ms));
}

}  // namespace
}  // namespace leasehold::core
