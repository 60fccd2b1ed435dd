#include "sdk/core/hold_pace.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <string>

namespace leasehold::core {
namespace {

using namespace std::chrono_literals;

TEST(HoldPace, SaysNothingUntilItHasSeenEightHolds) {
    HoldPace pace;
    for (int i = 0; i < 7; ++i) {
        pace.add(2s);
        EXPECT_FALSE(pace.estimate(3));
    }
    pace.add(2s);
    EXPECT_EQ(pace.estimate(3), 6s);
    EXPECT_FALSE(pace.estimate(0)) << "nobody is ahead";
}

TEST(HoldPace, FollowsAChangeWithoutBelievingOneOddHold) {
    HoldPace pace;
    for (int i = 0; i < 8; ++i) {
        pace.add(1s);
    }
    pace.add(9s);
    EXPECT_EQ(pace.estimate(1), 2s);
    for (int i = 0; i < 60; ++i) {
        pace.add(9s);
    }
    EXPECT_GT(pace.estimate(1), 8900ms);
}

TEST(HoldPace, EstimateOfAHugeQueueDoesNotOverflow) {
    HoldPace pace;
    for (int i = 0; i < 8; ++i) {
        pace.add(Duration::max() / 2);
    }
    EXPECT_EQ(pace.estimate(1'000'000), Duration::max());
}

TEST(HoldPaces, ForgetThePathThatWasNotHeldForTheLongestTime) {
    HoldPaces paces;
    paces.add("/hot", 1s);
    for (std::size_t i = 0; i < HoldPaces::max_paths; ++i) {
        paces.add("/cold/" + std::to_string(i), 1s);
        paces.add("/hot", 1s);
    }
    EXPECT_EQ(paces.of("/hot").samples, 8);
    EXPECT_EQ(paces.of("/cold/0").samples, 0);
    EXPECT_EQ(paces.of("/cold/1").samples, 1);
    EXPECT_EQ(paces.of("/never").samples, 0);
}

}  // namespace
}  // namespace leasehold::core
