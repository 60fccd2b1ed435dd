// Gaps: when a connection stops being evidence, and when it is evidence again.
#include "sdk/core/evidence.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <optional>

namespace leasehold::core {
namespace {

using namespace std::chrono_literals;

Instant at(Duration when) {
    return Instant{1000s + when};
}

/// tick 2 s, syncLimit 5, G 2 s: Delta and quarantine 16 s, step 2.5 s. Steadily pinged to 10 s.
class EvidenceGap : public ::testing::Test {
protected:
    explicit EvidenceGap(bool standalone = false)
        : evidence({.tick = 2s,
                    .sync_limit = 5,
                    .standalone = standalone,
                    .ack_gap = 2s,
                    .clock_drift = 0.01,
                    .margin = 250ms}) {
        evidence.on_session_created(at(0s), at(10ms), 40s);
        for (Duration when = 1s; when <= 10s; when += 1s) {
            ping(when);
        }
    }

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
    void expect_newest(Duration when) { EXPECT_EQ(evidence.newest(), at(when)); }

    Evidence evidence;
};

class EvidenceGapStandalone : public EvidenceGap {
protected:
    EvidenceGapStandalone() : EvidenceGap(true) {}
};

TEST_F(EvidenceGap, NumbersFollowFromDelta) {
    EXPECT_EQ(evidence.step(), 2500ms);
    EXPECT_EQ(evidence.quarantine(), 16s);
    // What Delta was made of: syncLimit ticks, the leader's half tick, a step twice.
    EXPECT_EQ(5 * 2s + 1s + 2 * evidence.step(), 16s);
}

// ---- our own silence ----

TEST_F(EvidenceGap, SendsATickApartAreNone) {
    ping(12s);
    expect_newest(12s);
    EXPECT_EQ(evidence.gaps(), 0u);
}

TEST_F(EvidenceGap, SendsMoreThanATickApartAreOne) {
    ping(12s + 1ns);
    expect_newest(10s);
    EXPECT_EQ(evidence.gaps(), 1u);
    EXPECT_FALSE(evidence.has_fresh_evidence());
}

TEST_F(EvidenceGap, SilenceIsNoticedByTheTimerBeforeTheNextSend) {
    EXPECT_EQ(evidence.next_event(std::nullopt), at(12s + 1ns));
    evidence.on_time(at(12s), std::nullopt);
    EXPECT_TRUE(evidence.has_fresh_evidence());
    evidence.on_time(at(12s + 1ns), std::nullopt);
    EXPECT_FALSE(evidence.has_fresh_evidence());
    EXPECT_EQ(evidence.next_event(std::nullopt), at(12500ms + 1ns));  // the evidence grows stale
    evidence.on_time(at(12500ms + 1ns), std::nullopt);
    EXPECT_EQ(evidence.next_event(std::nullopt), Instant::max());
    EXPECT_EQ(evidence.gaps(), 1u);
}

TEST_F(EvidenceGap, EvidenceCountsAgainOnlyWhenSentAQuarantineAfterTheGap) {
    ping_steadily(15s, 30s);
    expect_newest(10s);
    EXPECT_FALSE(evidence.has_fresh_evidence());
    ping(31s - 1ns);
    expect_newest(10s);
    ping(31s);
    expect_newest(31s);
    EXPECT_TRUE(evidence.has_fresh_evidence());
    EXPECT_EQ(evidence.gaps(), 1u);
}

TEST_F(EvidenceGap, GapDuringTheQuarantineStartsItAnew) {
    ping_steadily(15s, 25s);
    ping_steadily(28s, 43s);
    expect_newest(10s);
    ping(44s);
    expect_newest(44s);
    EXPECT_EQ(evidence.gaps(), 2u);
}

TEST_F(EvidenceGap, DeadlineStaysWhereItWas) {
    const Instant before = evidence.safe_deadline();
    ping_steadily(15s, 30s);
    EXPECT_EQ(evidence.safe_deadline(), before);
}

TEST_F(EvidenceGap, ReattachmentEndsTheQuarantine) {
    ping_steadily(15s, 17s);
    evidence.on_disconnected();
    evidence.on_reattached(at(18s), at(18s + 10ms), 40s);
    expect_newest(18s);
    EXPECT_TRUE(evidence.has_fresh_evidence());
    ping(18s + 20ms);
    expect_newest(18s + 20ms);
}

TEST_F(EvidenceGap, FirstSendAfterAnAttachIsMeasuredFromTheConnectRequest) {
    evidence.on_disconnected();
    evidence.on_reattached(at(20s), at(21s), 40s);
    EXPECT_EQ(evidence.next_ping(), at(21s));
    ping(22s + 1ns);
    EXPECT_EQ(evidence.gaps(), 1u);
    expect_newest(20s);
}

// ---- stopped processes ----

TEST_F(EvidenceGap, ReplyThatWaitedInTheSocketWhileWeWereStoppedIsNone) {
    evidence.on_sent(at(11s));
    // SIGSTOP, SIGCONT 30 s later. The reply is read before anything else is sent.
    reply(11s, 41s);
    expect_newest(10s);
    EXPECT_EQ(evidence.gaps(), 1u);
    ping(41s);
    ping_steadily(42s, 56s);
    expect_newest(10s);
    ping(57s);
    expect_newest(57s);
    EXPECT_EQ(evidence.gaps(), 1u);
}

TEST_F(EvidenceGap, ReplyIsStoppedByItsOwnLatenessEvenWithoutATurnsOnTime) {
    evidence.on_sent(at(11s));
    evidence.on_ack(at(11s), at(41s));
    expect_newest(10s);
    EXPECT_EQ(evidence.gaps(), 1u);
}

TEST_F(EvidenceGap, ReplyAfterAShortStopIsFresh) {
    evidence.on_sent(at(11s));
    reply(11s, 12400ms);  // stopped for 1.4 s: less than a tick, G and step
    expect_newest(11s);
    ping(13s);
    expect_newest(13s);
    EXPECT_EQ(evidence.gaps(), 0u);
}

TEST_F(EvidenceGap, ReplyToWhatWasSentBeforeASilenceIsNoneHoweverQuick) {
    // G far above the tick: the reply is in time, but nothing was sent since.
    Evidence patient({.tick = 2s,
                      .sync_limit = 5,
                      .standalone = false,
                      .ack_gap = 60s,
                      .clock_drift = 0.01,
                      .margin = 250ms});
    patient.on_session_created(at(0s), at(0s), 400s);
    patient.on_sent(at(1s));
    patient.on_ack(at(1s), at(3s + 1ns));
    EXPECT_EQ(patient.newest(), at(0s));
    EXPECT_EQ(patient.gaps(), 1u);
}

// ---- slow replies ----

TEST_F(EvidenceGap, ReplyWithinGCounts) {
    evidence.on_sent(at(10200ms));
    evidence.on_sent(at(11s));
    reply(10200ms, 12200ms);
    expect_newest(10200ms);
    EXPECT_EQ(evidence.gaps(), 0u);
}

TEST_F(EvidenceGap, ReplySlowerThanGIsOneAndEndsIt) {
    evidence.on_sent(at(10200ms));
    evidence.on_sent(at(11s));
    evidence.on_sent(at(12s));
    reply(10200ms, 12200ms + 1ns);
    expect_newest(10s);
    EXPECT_EQ(evidence.gaps(), 1u);
    // The next one was sent within the gap.
    reply(11s, 12300ms);
    expect_newest(10s);
    ping_steadily(13s, 28s);
    expect_newest(10s);
    ping(28200ms + 1ns);
    expect_newest(28200ms + 1ns);
    EXPECT_EQ(evidence.gaps(), 1u);
}

TEST_F(EvidenceGap, RequestUnansweredForGIsNoticedByTheTimer) {
    evidence.on_sent(at(10200ms));
    evidence.on_sent(at(11s));
    EXPECT_EQ(evidence.next_event(at(10200ms)), at(12200ms + 1ns));
    evidence.on_time(at(12200ms), at(10200ms));
    EXPECT_TRUE(evidence.has_fresh_evidence());
    evidence.on_time(at(12200ms + 1ns), at(10200ms));
    EXPECT_FALSE(evidence.has_fresh_evidence());
    EXPECT_EQ(evidence.gaps(), 1u);
}

TEST_F(EvidenceGap, QuickReplyCountsForNothingWhileAnOlderRequestIsOverdue) {
    evidence.on_sent(at(10200ms));
    evidence.on_sent(at(12s));
    evidence.on_time(at(12500ms), at(10200ms));
    evidence.on_ack(at(12s), at(12500ms));
    expect_newest(10s);
}

TEST_F(EvidenceGap, OverdueRequestStretchesItsGapUntilItIsAnswered) {
    evidence.on_sent(at(10200ms));
    for (Duration when = 11s; when <= 20s; when += 1s) {
        evidence.on_sent(at(when));
        evidence.on_time(at(when), at(10200ms));
    }
    reply(10200ms, 20500ms);
    evidence.on_time(at(20500ms), std::nullopt);
    ping_steadily(21s, 36s);
    expect_newest(10s);
    ping(36500ms);
    expect_newest(36500ms);
    EXPECT_EQ(evidence.gaps(), 1u);
}

TEST_F(EvidenceGap, ReplyMoreThanAStepAfterTheSendBeforeIsOne) {
    // Within G and with sends within a tick, and yet: a follower that was stopped from 10 s to
    // 12.5 s and cut off from its leader in that time would look just like this.
    evidence.on_sent(at(11500ms));
    EXPECT_EQ(evidence.next_event(at(11500ms)), at(12500ms + 1ns));
    reply(11500ms, 12500ms + 1ns);
    expect_newest(10s);
    EXPECT_EQ(evidence.gaps(), 1u);
}

TEST_F(EvidenceGap, StepAfterAnyEarlierSendIsNoticedByTheTimer) {
    evidence.on_sent(at(10500ms));  // answered, but not by what counts
    evidence.on_sent(at(12s));
    evidence.on_time(at(12600ms), at(12s));  // the evidence of 10 s is stale
    EXPECT_EQ(evidence.gaps(), 0u);
    EXPECT_EQ(evidence.next_event(at(12s)), at(13s + 1ns));
    evidence.on_time(at(13s + 1ns), at(12s));
    EXPECT_EQ(evidence.gaps(), 1u);
}

TEST_F(EvidenceGap, ReplyAStepAfterTheSendBeforeCounts) {
    evidence.on_sent(at(11500ms));
    reply(11500ms, 12500ms);
    expect_newest(11500ms);
    EXPECT_EQ(evidence.gaps(), 0u);
}

TEST_F(EvidenceGap, BurstsOfRequestsAreMeasuredFromTheSendBeforeTheBurst) {
    for (int i = 0; i < 1000; ++i) {
        evidence.on_sent(at(11s + i * 1us));
    }
    reply(11s, 12500ms);
    expect_newest(11s);
    reply(11s + 999us, 12500ms);
    expect_newest(11s + 999us);
    EXPECT_EQ(evidence.gaps(), 0u);
}

// ---- one standalone server ----

TEST_F(EvidenceGapStandalone, GapVoidsWhatWasSentBeforeItsEndAndNothingMore) {
    EXPECT_EQ(evidence.quarantine(), 0s);
    evidence.on_sent(at(11s));
    reply(11s, 14s);
    expect_newest(10s);
    EXPECT_FALSE(evidence.has_fresh_evidence());
    ping(14s);
    expect_newest(14s);
    EXPECT_TRUE(evidence.has_fresh_evidence());
    EXPECT_EQ(evidence.gaps(), 1u);
}

TEST_F(EvidenceGapStandalone, QuickReplyCountsForNothingWhileAnOlderRequestIsOverdue) {
    evidence.on_sent(at(11s));
    evidence.on_sent(at(12s));
    evidence.on_time(at(13500ms), at(11s));
    evidence.on_sent(at(13500ms));
    evidence.on_ack(at(13500ms), at(13510ms));
    expect_newest(10s);
}

TEST_F(EvidenceGapStandalone, DeadlineNeedsNoDelta) {
    EXPECT_EQ(evidence.safe_deadline(), at(10s + 39350ms));
}

// ---- tiny ticks ----

TEST(EvidenceTinyTick, SteadyPingsEveryHalfTickAreEvidence) {
    // Delta = 7 * 50 ms + 50 ms = 400 ms.
    Evidence evidence({.tick = 50ms,
                       .sync_limit = 5,
                       .standalone = false,
                       .ack_gap = 50ms,
                       .clock_drift = 0.01,
                       .margin = 10ms});
    evidence.on_session_created(at(0s), at(1ms), 1s);
    for (Duration when = 25ms; when <= 1s; when += 25ms) {
        evidence.on_sent(at(when));
        evidence.on_time(at(when + 20ms), at(when));
        evidence.on_ack(at(when), at(when + 20ms));
    }
    EXPECT_EQ(evidence.gaps(), 0u);
    EXPECT_EQ(evidence.safe_deadline(), at(1s + 990ms - 10ms - 400ms));
    // A timer that is 26 ms late is a gap already.
    evidence.on_sent(at(1051ms));
    EXPECT_EQ(evidence.gaps(), 1u);
}

}  // namespace
}  // namespace leasehold::core
