// What a seed is worth: the same run each time, on any thread, with everything in it that a run is
// for.
#include "tests/sim/simulation.hpp"

#include "tests/sim/event_queue.hpp"
#include "tests/sim/runner.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

namespace leasehold::sim {
namespace {

using namespace std::chrono_literals;
using ::testing::Gt;
using ::testing::IsEmpty;
using ::testing::Le;

TEST(EventQueueTest, ComesInOrderOfTimeAndThenOfScheduling) {
    EventQueue queue;
    std::string order;
    queue.add(Instant{2s}, [&] { order += 'c'; });
    queue.add(Instant{1s}, [&] { order += 'a'; });
    queue.add(Instant{2s}, [&] { order += 'd'; });
    queue.add(Instant{1s}, [&] { order += 'b'; });
    while (queue.size() != 0) {
        queue.pop()();
    }
    EXPECT_EQ(order, "abcd");
    EXPECT_EQ(queue.next(), Instant::max());
}

class DriftClockTest : public ::testing::TestWithParam<std::int64_t> {};

TEST_P(DriftClockTest, TruthIsTheFirstInstantThatShowsTheReading) {
    const DriftClock clock(genesis, Instant{5s}, GetParam());
    for (std::int64_t i = 1; i < 1'000'000'000'000; i = i * 3 + 1) {
        const Instant reading = Instant{5s} + Duration{i};
        const Instant truth = clock.truth_of(reading);
        EXPECT_GE(clock.read(truth), reading);
        EXPECT_LT(clock.read(truth - Duration{1}), reading);
    }
    EXPECT_EQ(clock.truth_of(Instant::max()), Instant::max());
}

TEST_P(DriftClockTest, RunsAtItsRate) {
    const DriftClock clock(genesis, Instant{5s}, GetParam());
    EXPECT_EQ(clock.read(genesis + 1000s) - Instant{5s}, 1000s + GetParam() * 1ms);
}

INSTANTIATE_TEST_SUITE_P(Rates, DriftClockTest, ::testing::Values(-10'000, -1, 0, 1, 10'000));

TEST(SimulationTest, SameSeed_SameRun) {
    for (std::uint64_t seed = 1; seed <= 5; ++seed) {
        const Outcome once = simulate(seed);
        const Outcome traced = simulate(seed, true);
        EXPECT_EQ(once.hash, traced.hash) << "seed " << seed;
        EXPECT_EQ(once.steps, traced.steps);
        EXPECT_THAT(once.trace, IsEmpty());
        EXPECT_THAT(traced.trace.size(), Gt(20u));
    }
    EXPECT_NE(simulate(1).hash, simulate(2).hash);
}

TEST(SimulationTest, Threads_ChangeNothing) {
    const Report alone = run({.seeds = 40, .threads = 1});
    const Report together = run({.seeds = 40, .threads = 4});
    EXPECT_EQ(summary(alone), summary(together));
    EXPECT_EQ(alone.tally.faults, together.tally.faults);
}

TEST(SimulationTest, Seeds_AreBusy) {
    const Report report = run({.seeds = 200, .threads = 1});
    EXPECT_THAT(report.idle.count() * 5, Le(report.simulated.count()));
    for (std::size_t i = 0; i < deed_kinds; ++i) {
        EXPECT_THAT(report.tally.deeds[i], Gt(0u)) << to_string(static_cast<Deed>(i));
    }
}

TEST(SimulationTest, Summary_SaysWhatCounts) {
    Report report;
    report.seeds = 3000;
    report.simulated = std::chrono::hours{98} + 30min;
    report.tally.faults[0] = 812345;
    report.trace = 0x9f3c;
    EXPECT_EQ(summary(report),
              "3000 seeds, 4.1 days simulated, 812345 faults, 0 violations, "
              "trace 0000000000009f3c");
}

TEST(SimulationTest, WhatIsRare_IsNamed) {
    Report report;
    report.seeds = 3000;
    report.tally.faults.fill(30);
    report.tally.deeds.fill(31);
    EXPECT_THAT(rare_kinds(report), IsEmpty());
    report.tally.faults[static_cast<std::size_t>(Fault::death)] = 29;
    report.tally.deeds[static_cast<std::size_t>(Deed::shared_together)] = 28;
    EXPECT_THAT(rare_kinds(report), ::testing::ElementsAre("death", "shared together"));
    EXPECT_EQ(rarest(report), "the rarest is 'shared together', 28 times");
}

TEST(SimulationTest, Plans_LeaveSomeLocksToOneHolder) {
    std::set<std::uint64_t> shares;
    std::set<Naming> habits;
    for (std::uint64_t seed = 1; seed <= 60; ++seed) {
        const Plan plan = make_plan(seed, false);
        shares.insert(plan.shared_percent);
        for (const ProcessPlan& process : plan.processes) {
            habits.insert(process.naming);
        }
    }
    EXPECT_THAT(shares, ::testing::ElementsAre(0, 50, 85));
    EXPECT_EQ(habits.size(), all_namings.size());
}

}  // namespace
}  // namespace leasehold::sim
