// What moves the safe deadline and what must not, rule by rule.
#include "sdk/core/evidence.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <limits>

namespace leasehold::core {
namespace {

using namespace std::chrono_literals;
using ::testing::HasSubstr;

/// ZooKeeper's defaults: Delta is (5 + 2) * 2 s + 2 s = 16 s, a step 3/4 * 2 s + 2 s / 2 = 2.5 s.
LeaseTiming defaults() {
    return {.tick = 2s,
            .sync_limit = 5,
            .standalone = false,
            .ack_gap = 2s,
            .clock_drift = 0.01,
            .margin = 250ms};
}

LeaseTiming timing(Duration tick, int sync_limit, Duration ack_gap) {
    LeaseTiming timing = defaults();
    timing.tick = tick;
    timing.sync_limit = sync_limit;
    timing.ack_gap = ack_gap;
    return timing;
}

LeaseTiming standalone() {
    LeaseTiming timing = defaults();
    timing.standalone = true;
    return timing;
}

Instant at(Duration when) {
    return Instant{1000s + when};
}

/// In hand right after an acknowledgement that took no time.
Duration in_hand(const LeaseTiming& timing, Duration session_timeout) {
    return usable_timeout(timing, session_timeout) - timing.delta();
}

// ---- the numbers ----

TEST(LeaseNumbers, DeltaIsTheFollowersLateness) {
    EXPECT_EQ(defaults().delta(), 16s);
    EXPECT_EQ(timing(1s, 5, 2s).delta(), 9s);
    EXPECT_EQ(timing(500ms, 4, 1s).delta(), 4s);
    EXPECT_EQ(timing(200ms, 5, 200ms).delta(), 1600ms);
    EXPECT_EQ(standalone().delta(), 0s);
}

TEST(LeaseNumbers, LeaseInHandIsAsInTheTableOfTheDesign) {
    EXPECT_EQ(in_hand(defaults(), 40s), 23350ms);
    EXPECT_EQ(in_hand(defaults(), 30s), 13450ms);
    EXPECT_EQ(in_hand(defaults(), 20s), 3550ms);
    EXPECT_LT(in_hand(defaults(), 10s), 0s);
    EXPECT_EQ(in_hand(timing(1s, 5, 2s), 40s), 30350ms);
    EXPECT_EQ(in_hand(timing(1s, 5, 2s), 10s), 650ms);
    EXPECT_EQ(in_hand(timing(500ms, 4, 1s), 40s), 35350ms);
    EXPECT_EQ(in_hand(timing(500ms, 4, 1s), 10s), 5650ms);
    EXPECT_EQ(in_hand(standalone(), 40s), 39350ms);
    EXPECT_EQ(in_hand(standalone(), 10s), 9650ms);
    EXPECT_EQ(in_hand(timing(200ms, 5, 200ms), 4s), 2110ms);
}

TEST(LeaseNumbers, DriftIsRoundedAgainstUs) {
    LeaseTiming exact = defaults();
    exact.margin = {};
    EXPECT_EQ(usable_timeout(exact, 100ns), 99ns);
    EXPECT_EQ(usable_timeout(exact, 101ns), 99ns);  // 99.99
    exact.clock_drift = 0;
    EXPECT_EQ(usable_timeout(exact, 101ns), 101ns);
    exact.clock_drift = 1e-12;  // finer than a part per billion
    EXPECT_EQ(usable_timeout(exact, 1s), 1s - 1ns);
}

TEST(LeaseNumbers, NoDriftThatIsNoFractionLeavesALease) {
    for (const double drift : {-0.01, 1.0, 7.0, std::numeric_limits<double>::infinity(),
                               std::numeric_limits<double>::quiet_NaN()}) {
        LeaseTiming broken = defaults();
        broken.clock_drift = drift;
        EXPECT_LE(usable_timeout(broken, 40s), 0s) << drift;
    }
}

TEST(LeaseNumbers, HugeNumbersSaturateInsteadOfWrapping) {
    LeaseTiming huge = timing(Duration::max(), 1000, Duration::max());
    huge.margin = Duration::max();
    EXPECT_EQ(huge.delta(), Duration::max());
    EXPECT_LT(budget_limit(huge, Duration::max()), 0s);
    EXPECT_EQ(least_session_timeout(huge, 1s), Duration::max());
    EXPECT_LT(usable_timeout(huge, Duration::min()), 0s);
    EXPECT_GT(usable_timeout(defaults(), Duration::max()), 0s);
    EXPECT_FALSE(explain_budget(huge, Duration::max(), Duration::max()).empty());

    LeaseTiming no_deductions = standalone();
    no_deductions.clock_drift = 0;
    no_deductions.margin = {};
    Evidence evidence(no_deductions);
    evidence.on_session_created(at(0s), at(1s), Duration::max());
    EXPECT_EQ(evidence.safe_deadline(), Instant::max());
}

TEST(LeaseNumbers, BudgetLimitLeavesRoomForAPingAndTheSlowestReply) {
    EXPECT_EQ(budget_limit(defaults(), 40s), 20350ms);  // 23.35 - 1 - 2
    EXPECT_EQ(budget_limit(timing(200ms, 5, 200ms), 4s), 1810ms);
    EXPECT_EQ(budget_limit(standalone(), 40s), 36350ms);
    EXPECT_LT(budget_limit(defaults(), 10s), 0s);
}

TEST(LeaseNumbers, LeastSessionTimeoutIsTheFirstThatIsAccepted) {
    for (const Duration budget : {Duration(1ms), Duration(10s), Duration(30s), Duration(1h)}) {
        const Duration least = least_session_timeout(defaults(), budget);
        EXPECT_GE(budget_limit(defaults(), least), budget);
        EXPECT_LT(budget_limit(defaults(), least - 1ms), budget);
    }
    EXPECT_EQ(least_session_timeout(defaults(), 30s), 49748ms);  // 49.25 / 0.99, rounded up
}

TEST(LeaseNumbers, RefusalNamesEveryNumber) {
    EXPECT_EQ(explain_budget(defaults(), 40s, 30s),
              "budget 30 s + tick/2 1 s + ack gap 2 s exceeds 23.35 s = 0.99 x 40 s - 16 s - "
              "0.25 s; lower the budget to at most 20.35 s, or raise the session timeout to at "
              "least 49.748 s (and the servers' maxSessionTimeout, 20 ticks by default, with it)");
    EXPECT_EQ(explain_budget(standalone(), 10s, 8s),
              "budget 8 s + tick/2 1 s + ack gap 2 s exceeds 9.65 s = 0.99 x 10 s - 0.25 s; "
              "lower the budget to at most 6.65 s, or raise the session timeout to at least "
              "11.364 s");
}

TEST(LeaseNumbers, RefusalOffersNoBudgetWhereNoneFits) {
    const std::string text = explain_budget(defaults(), 10s, 1s);
    EXPECT_THAT(text, HasSubstr("exceeds -6.35 s"));
    EXPECT_THAT(text, HasSubstr("; raise the session timeout to at least 20.455 s"));
    EXPECT_THAT(text, Not(HasSubstr("lower the budget")));
}

TEST(LeaseNumbers, BudgetThatFitsIsNotCalledARefusal) {
    EXPECT_EQ(explain_budget(defaults(), 40s, 10s),
              "budget 10 s + tick/2 1 s + ack gap 2 s fits into 23.35 s = 0.99 x 40 s - 16 s - "
              "0.25 s");
}

// ---- one session ----

/// A session of 40 s, created within 10 ms, pinged each second with replies after 10 ms.
class EvidenceOfASession : public ::testing::Test {
protected:
    EvidenceOfASession() { evidence.on_session_created(at(0s), at(10ms), 40s); }

    /// A turn of the session in which a reply comes.
    void reply(Duration sent, Duration received) {
        evidence.on_time(at(received), at(sent));
        evidence.on_ack(at(sent), at(received));
    }
    void ping(Duration sent, Duration latency = 10ms) {
        evidence.on_sent(at(sent));
        reply(sent, sent + latency);
        evidence.on_time(at(sent + latency), std::nullopt);
    }
    void ping_steadily(Duration from, Duration to) {
        for (Duration when = from; when <= to; when += 1s) {
            ping(when);
        }
    }
    void expect_newest(Duration when) {
        ASSERT_TRUE(evidence.newest());
        EXPECT_EQ(*evidence.newest(), at(when));
    }

    static constexpr Duration acked = 23350ms;    ///< in hand after an acknowledgement
    static constexpr Duration created = 39350ms;  ///< in hand after createSession
    Evidence evidence{defaults()};
};

TEST(Evidence, WithoutASessionThereIsNoDeadline) {
    Evidence evidence(defaults());
    EXPECT_EQ(evidence.safe_deadline(), Instant::min());
    EXPECT_FALSE(evidence.has_fresh_evidence());
    EXPECT_EQ(evidence.next_event(std::nullopt), Instant::max());
    EXPECT_EQ(evidence.next_ping(), Instant::max());
    evidence.on_reattached(at(0s), at(1s), 40s);
    evidence.on_sent(at(1s));
    evidence.on_ack(at(1s), at(2s));
    EXPECT_EQ(evidence.safe_deadline(), Instant::min());
    EXPECT_FALSE(evidence.newest());
}

TEST_F(EvidenceOfASession, CreationCountsWithoutDelta) {
    EXPECT_EQ(evidence.safe_deadline(), at(created));
    expect_newest(0s);
    EXPECT_TRUE(evidence.has_fresh_evidence());
}

TEST_F(EvidenceOfASession, SlowCreationStillStartsTheClockButIsNoOrdinaryEvidence) {
    evidence.on_session_created(at(0s), at(2s + 1ns), 40s);
    EXPECT_EQ(evidence.safe_deadline(), at(created));
    EXPECT_FALSE(evidence.newest());
    EXPECT_FALSE(evidence.has_fresh_evidence());
    EXPECT_EQ(evidence.gaps(), 1u);
}

TEST_F(EvidenceOfASession, AcknowledgementCountsFromItsSendTime) {
    ping_steadily(1s, 19s);
    EXPECT_EQ(evidence.safe_deadline(), at(19s + acked));
    EXPECT_EQ(evidence.gaps(), 0u);
}

TEST_F(EvidenceOfASession, CreationHoldsUntilOrdinaryEvidenceOvertakesIt) {
    ping_steadily(1s, 16s);
    EXPECT_EQ(evidence.safe_deadline(), at(created));
    ping(17s);
    EXPECT_EQ(evidence.safe_deadline(), at(17s + acked));
}

TEST_F(EvidenceOfASession, SendingAloneMovesNothing) {
    evidence.on_sent(at(1s));
    evidence.on_time(at(1500ms), at(1s));
    expect_newest(0s);
}

TEST_F(EvidenceOfASession, AcknowledgementsOutOfOrderTakeNothingBack) {
    evidence.on_sent(at(1s));
    evidence.on_sent(at(1200ms));
    reply(1200ms, 1300ms);
    reply(1s, 1400ms);
    expect_newest(1200ms);
}

TEST_F(EvidenceOfASession, ReplyBeforeItsRequestProvesNothing) {
    evidence.on_sent(at(1s));
    evidence.on_ack(at(1s), at(1s - 1ns));
    expect_newest(0s);
}

TEST_F(EvidenceOfASession, EndOfTheSessionEndsTheDeadline) {
    evidence.on_session_ended();
    EXPECT_EQ(evidence.safe_deadline(), Instant::min());
    EXPECT_FALSE(evidence.newest());
    EXPECT_FALSE(evidence.has_fresh_evidence());
    EXPECT_EQ(evidence.next_ping(), Instant::max());
    EXPECT_EQ(evidence.next_event(std::nullopt), Instant::max());
}

TEST_F(EvidenceOfASession, NewSessionOwesNothingToTheOld) {
    ping_steadily(1s, 30s);
    evidence.on_session_created(at(31s), at(31s + 10ms), 20s);
    EXPECT_EQ(evidence.safe_deadline(), at(31s + 19550ms));  // 0.99 * 20 s - 0.25 s
    expect_newest(31s);
}

// ---- re-attaching, and the smallest timeout ----

TEST_F(EvidenceOfASession, ReattachmentCountsAtOnceWithDelta) {
    ping_steadily(1s, 5s);
    evidence.on_disconnected();
    evidence.on_reattached(at(20s), at(21s), 40s);
    EXPECT_EQ(evidence.safe_deadline(), at(20s + acked));
    EXPECT_TRUE(evidence.has_fresh_evidence());
}

TEST_F(EvidenceOfASession, SilenceWhileDisconnectedIsNoGap) {
    evidence.on_disconnected();
    evidence.on_time(at(5s), at(1s));
    EXPECT_EQ(evidence.next_event(at(1s)), Instant::max());
    evidence.on_reattached(at(9s), at(9s + 10ms), 40s);
    ping(9s + 10ms);
    expect_newest(9s + 10ms);
    EXPECT_EQ(evidence.gaps(), 0u);
}

TEST_F(EvidenceOfASession, DisconnectionIsJeopardyAndKeepsTheDeadline) {
    ping_steadily(1s, 20s);
    evidence.on_disconnected();
    EXPECT_FALSE(evidence.has_fresh_evidence());
    EXPECT_EQ(evidence.safe_deadline(), at(20s + acked));
}

TEST_F(EvidenceOfASession, NothingCountsAfterTheConnectionIsGone) {
    evidence.on_sent(at(1s));
    evidence.on_disconnected();
    evidence.on_ack(at(1s), at(1s + 1ms));
    expect_newest(0s);
    // Nor when a reply of the old connection is taken for one of the next.
    evidence.on_reattached(at(1500ms), at(1600ms), 40s);
    evidence.on_ack(at(1s), at(1700ms));
    expect_newest(1500ms);
}

TEST_F(EvidenceOfASession, SmallerTimeoutShortensTheDeadlineAtOnce) {
    evidence.on_disconnected();
    evidence.on_reattached(at(3s), at(3s), 20s);
    EXPECT_EQ(evidence.session_timeout(), 20s);
    EXPECT_EQ(evidence.safe_deadline(), at(19550ms));  // 0.99 * 20 s - 0.25 s after the creation
}

TEST_F(EvidenceOfASession, LargerTimeoutChangesNothingUntilANewSession) {
    evidence.on_disconnected();
    evidence.on_reattached(at(3s), at(3s), 20s);
    evidence.on_disconnected();
    evidence.on_reattached(at(4s), at(4s), 60s);
    EXPECT_EQ(evidence.session_timeout(), 20s);
    evidence.on_session_created(at(5s), at(5s), 60s);
    EXPECT_EQ(evidence.session_timeout(), 60s);
}

TEST_F(EvidenceOfASession, SlowReattachmentMovesNothingAndIsAGap) {
    evidence.on_disconnected();
    evidence.on_reattached(at(20s), at(22s + 1ns), 40s);
    EXPECT_EQ(evidence.safe_deadline(), at(created));
    EXPECT_FALSE(evidence.has_fresh_evidence());
    EXPECT_EQ(evidence.gaps(), 1u);
    ping(22s + 2ns);
    expect_newest(0s);
}

TEST(Evidence, SlowAttachWithinATickIsAGapAllTheSame) {
    Evidence evidence(timing(2s, 5, 500ms));
    evidence.on_session_created(at(0s), at(600ms), 40s);
    EXPECT_EQ(evidence.gaps(), 1u);
    evidence.on_sent(at(600ms));
    evidence.on_time(at(700ms), at(600ms));
    evidence.on_ack(at(600ms), at(700ms));
    EXPECT_FALSE(evidence.newest());
}

TEST_F(EvidenceOfASession, TimeoutBelowNothingIsNothing) {
    evidence.on_session_created(at(0s), at(0s), -5s);
    EXPECT_EQ(evidence.safe_deadline(), at(-250ms));
}

// ---- asked between turns ----

TEST_F(EvidenceOfASession, PingIsDueHalfATickAfterTheLastWrite) {
    EXPECT_EQ(evidence.next_ping(), at(1s));
    evidence.on_sent(at(400ms));
    EXPECT_EQ(evidence.next_ping(), at(1400ms));
}

TEST_F(EvidenceOfASession, RepliesThatDoNotQualifyLetTheEvidenceGrowStale) {
    // The server answers at once, but never anything that proves the session alive.
    for (Duration when = 500ms; when <= 2500ms; when += 500ms) {
        evidence.on_sent(at(when));
        evidence.on_time(at(when), std::nullopt);
        EXPECT_TRUE(evidence.has_fresh_evidence()) << when / 1ms;
    }
    EXPECT_EQ(evidence.next_event(std::nullopt), at(2500ms + 1ns));
    evidence.on_time(at(2500ms + 1ns), std::nullopt);
    EXPECT_FALSE(evidence.has_fresh_evidence());
    EXPECT_EQ(evidence.gaps(), 0u);
    ping(3s);
    EXPECT_TRUE(evidence.has_fresh_evidence());
}

}  // namespace
}  // namespace leasehold::core
