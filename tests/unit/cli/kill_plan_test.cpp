#include "sdk/cli/kill_plan.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <ostream>

namespace leasehold::cli {

void PrintTo(const KillPlan& plan, std::ostream* out) {
    const auto ms = [](Instant at) {
        return std::chrono::duration_cast<milliseconds>(at.time_since_epoch()).count();
    };
    *out << "SIGTERM at " << ms(plan.term_at) << " ms, SIGKILL at " << ms(plan.kill_at) << " ms, "
         << (plan.cause == Cause::budget ? "budget" : "lease");
}

namespace {

using namespace std::chrono_literals;

Instant at(Duration since) {
    return Instant(since);
}

TEST(KillPlan, FarFromTheSafeDeadline_TheBudgetDecides) {
    EXPECT_EQ(plan_kill(at(10s), at(23s), 2s, 2s), (KillPlan{at(10s), at(12s), Cause::budget}));
}

TEST(KillPlan, NearTheSafeDeadline_SigtermIsEarlyByTheGrace) {
    EXPECT_EQ(plan_kill(at(10s), at(9s), 2s, 2s), (KillPlan{at(7s), at(8900ms), Cause::lease}));
    EXPECT_EQ(plan_kill(at(10s), at(11s), 2s, 2s), (KillPlan{at(9s), at(10900ms), Cause::lease}));
}

TEST(KillPlan, GraceFitsExactly_TheBudgetDecides) {
    EXPECT_EQ(plan_kill(at(10s), at(12s), 2s, 2s), (KillPlan{at(10s), at(11900ms), Cause::budget}));
}

TEST(KillPlan, WithoutGrace_BothComeAtOnce) {
    EXPECT_EQ(plan_kill(at(10s), at(23s), 0s, 0s), (KillPlan{at(10s), at(10s), Cause::budget}));
    EXPECT_EQ(plan_kill(at(10s), at(5s), 0s, 0s), (KillPlan{at(4900ms), at(4900ms), Cause::lease}));
}

TEST(KillPlan, SigtermNeverComesAfterSigkill) {
    for (const Duration deadline : {0s, 1s, 9s, 10s, 11s, 30s}) {
        for (const Duration grace : {0ms, 50ms, 100ms, 101ms, 2'000ms, 60'000ms}) {
            const KillPlan plan = plan_kill(at(10s), at(deadline), grace, lead_of(grace, 20s));
            EXPECT_LE(plan.term_at, plan.kill_at) << deadline.count() << " " << grace.count();
        }
    }
}

TEST(KillPlan, SigkillIsAlwaysBeforeTheSafeDeadline) {
    for (const Duration deadline : {0s, 1s, 10s, 12s, 30s}) {
        for (const Duration grace : {0s, 2s, 60s, 2'000'000s}) {
            const KillPlan plan = plan_kill(at(10s), at(deadline), grace, lead_of(grace, 20s));
            EXPECT_LE(plan.kill_at, at(deadline) - kill_margin);
            EXPECT_LE(kill_time(at(10s), at(deadline), grace), at(deadline) - kill_margin);
        }
    }
}

TEST(KillTime, FollowsTheSafeDeadlineAsItMoves) {
    EXPECT_EQ(kill_time(at(10s), at(30s), 5s), at(15s));
    EXPECT_EQ(kill_time(at(10s), at(12s), 5s), at(11900ms));
    EXPECT_EQ(kill_time(at(10s), at(14s), 5s), at(13900ms));
}

/// The numbers of DESIGN section 5.
TEST(LeaseSpan, IsWhatIsInHandAfterAnAcknowledgement) {
    ClientOptions defaults;
    EXPECT_NEAR(std::chrono::duration<double>(lease_span(defaults, 40s)).count(), 23.35, 0.001);
    ClientOptions small;
    small.tick = 200ms;
    EXPECT_NEAR(std::chrono::duration<double>(lease_span(small, 4s)).count(), 2.11, 0.001);
    small.standalone = true;
    EXPECT_NEAR(std::chrono::duration<double>(lease_span(small, 4s)).count(), 3.71, 0.001);
    small.ack_gap = 1s;
    small.standalone = false;
    EXPECT_NEAR(std::chrono::duration<double>(lease_span(small, 4s)).count(), 1.31, 0.001);
}

TEST(LeaseSpan, IsNeverNegative) {
    EXPECT_EQ(lease_span(ClientOptions{}, 1s), Duration::zero());
}

TEST(Lead, AGraceLongerThanTheLeaseDoesNotEndTheCommandAtItsStart) {
    EXPECT_EQ(lead_of(2s, 20s), 2s);
    EXPECT_EQ(lead_of(15s, 20s), 15s);
    EXPECT_EQ(lead_of(60s, 20s), 15s);
    const KillPlan plan = plan_kill(at(10s), at(20s), 60s, lead_of(60s, 20s));
    EXPECT_GT(plan.term_at, at(0s));
}

}  // namespace
}  // namespace leasehold::cli
