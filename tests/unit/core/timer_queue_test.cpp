#include "sdk/core/timer_queue.hpp"

#include "sdk/core/random.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <map>
#include <optional>
#include <string>

namespace leasehold::core {
namespace {

using namespace std::chrono_literals;

Instant at(Duration when) {
    return Instant{when};
}

TEST(TimerQueue, WithoutTimersNothingIsDueForEver) {
    TimerQueue<int> timers;
    EXPECT_EQ(timers.next(), Instant::max());
    EXPECT_EQ(timers.pop_due(Instant::max()), std::nullopt);
    EXPECT_TRUE(timers.empty());
}

TEST(TimerQueue, TimersComeInTheOrderOfTime) {
    TimerQueue<std::string> timers;
    timers.set("c", at(3s));
    timers.set("a", at(1s));
    timers.set("b", at(2s));
    EXPECT_EQ(timers.next(), at(1s));
    EXPECT_EQ(timers.pop_due(at(3s)), "a");
    EXPECT_EQ(timers.pop_due(at(3s)), "b");
    EXPECT_EQ(timers.pop_due(at(3s)), "c");
    EXPECT_EQ(timers.pop_due(at(3s)), std::nullopt);
}

TEST(TimerQueue, TimersOfOneInstantComeInTheOrderOfTheirKeys) {
    TimerQueue<int> timers;
    timers.set(2, at(1s));
    timers.set(1, at(1s));
    EXPECT_EQ(timers.pop_due(at(1s)), 1);
    EXPECT_EQ(timers.pop_due(at(1s)), 2);
}

TEST(TimerQueue, TimerIsDueAtItsInstantAndNotBefore) {
    TimerQueue<int> timers;
    timers.set(1, at(1s));
    EXPECT_EQ(timers.pop_due(at(1s - 1ns)), std::nullopt);
    EXPECT_EQ(timers.pop_due(at(1s)), 1);
}

TEST(TimerQueue, SettingAgainMovesTheOneTimer) {
    TimerQueue<int> timers;
    timers.set(1, at(1s));
    timers.set(1, at(5s));
    EXPECT_EQ(timers.size(), 1u);
    EXPECT_EQ(timers.pop_due(at(4s)), std::nullopt);
    timers.set(1, at(2s));
    timers.set(1, at(2s));
    EXPECT_EQ(timers.pop_due(at(2s)), 1);
    EXPECT_EQ(timers.pop_due(at(9s)), std::nullopt);
}

TEST(TimerQueue, CancelledTimerNeverComes) {
    TimerQueue<int> timers;
    timers.set(1, at(1s));
    EXPECT_TRUE(timers.cancel(1));
    EXPECT_FALSE(timers.cancel(1));
    EXPECT_EQ(timers.next(), Instant::max());
    EXPECT_EQ(timers.pop_due(Instant::max()), std::nullopt);
}

TEST(TimerQueue, AgreesWithAPlainMapOverRandomUse) {
    Random random(1);
    TimerQueue<int> timers;
    std::map<int, Instant> expected;
    for (int i = 0; i < 20'000; ++i) {
        const int key = static_cast<int>(random.below(50));
        const Instant when = at(Duration{static_cast<std::int64_t>(random.below(100))});
        const auto earliest = [&] {
            return std::min_element(
                expected.begin(), expected.end(),
                [](const auto& one, const auto& two) { return one.second < two.second; });
        };
        switch (random.below(3)) {
            case 0:
                timers.set(key, when);
                expected[key] = when;
                break;
            case 1: ASSERT_EQ(timers.cancel(key), expected.erase(key) == 1); break;
            default: {
                // The first of the smallest: equal instants come in the order of their keys.
                const auto first = earliest();
                const bool is_due = first != expected.end() && first->second <= when;
                ASSERT_EQ(timers.pop_due(when),
                          is_due ? std::optional(first->first) : std::nullopt);
                if (is_due) {
                    expected.erase(first);
                }
            }
        }
        ASSERT_EQ(timers.size(), expected.size());
        ASSERT_EQ(timers.next(), expected.empty() ? Instant::max() : earliest()->second);
    }
}

}  // namespace
}  // namespace leasehold::core
