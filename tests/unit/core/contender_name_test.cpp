// Which names contend, and in which order: a mistake here makes two holders.
#include "sdk/core/contender_name.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace leasehold::core {
namespace {

using ::testing::ElementsAre;

std::vector<std::string> order(const std::vector<std::string>& children) {
    std::vector<std::string> names;
    for (const Contestant& each : read_listing(children).queue) {
        names.push_back(each.name);
    }
    return names;
}

TEST(ContenderName, OrderIsTheNumberWhateverStandsBeforeIt) {
    EXPECT_THAT(order({"zz-lock-0000000002", "aa-lock-0000000010", "mm__lock__0000000001",
                       "_c_5f0e-lock-0000000003", "lock-0000000004"}),
                ElementsAre("mm__lock__0000000001", "zz-lock-0000000002", "_c_5f0e-lock-0000000003",
                            "lock-0000000004", "aa-lock-0000000010"));
}

TEST(ContenderName, TenDigitsAreComparedAsANumber) {
    EXPECT_THAT(order({"a-lock-1000000000", "b-lock-0999999999"}),
                ElementsAre("b-lock-0999999999", "a-lock-1000000000"));
}

TEST(ContenderName, EveryNameThatEndsInTenDigitsContends) {
    EXPECT_EQ(sequence_of("0000000007"), 7);
    EXPECT_EQ(sequence_of("backup-2024-0000000007"), 7);
    EXPECT_EQ(sequence_of("x12340000000007"), 7);
    EXPECT_EQ(sequence_of("\xff\xfe-0000000007"), 7);
}

TEST(ContenderName, OthersAreIgnoredAndCounted) {
    const std::vector<std::string> children = {
        "config", "lock-123456789", "", "..", "lock-0000000001-done", "a-lock-0000000001"};
    const Listing listing = read_listing(children);
    EXPECT_EQ(listing.foreign, 5u);
    EXPECT_EQ(listing.queue.size(), 1u);
    EXPECT_FALSE(listing.is_exhausted);
}

TEST(ContenderName, NumbersOfAWrappedCounterExhaustThePath) {
    for (const char* name : {"a-lock--2147483648", "a-lock--000000001", "a__lock__-000000017",
                             "a-lock-2147483647", "a-lock-2147000001"}) {
        const std::vector<std::string> children = {"b-lock-0000000001", name};
        EXPECT_TRUE(read_listing(children).is_exhausted) << name;
    }
    const std::vector<std::string> last = {"a-lock-2147000000"};
    EXPECT_FALSE(read_listing(last).is_exhausted);
}

TEST(ContenderName, NumberAboveTheCountersRangeIsNoSmallNumber) {
    // Not from any server's counter; were it cut to 32 bits it could pass as the first in line.
    const std::vector<std::string> children = {"a-lock-4294967297"};
    EXPECT_TRUE(read_listing(children).is_exhausted);
}

TEST(ContenderName, DashBeforeTenDigitsIsASeparatorNotASign) {
    EXPECT_EQ(sequence_of("a-lock-0000000003"), 3);
    EXPECT_EQ(sequence_of("-0000000003"), 3);
    EXPECT_EQ(sequence_of("a-0000000003"), 3);
    EXPECT_EQ(sequence_of("a-lock--000000003"), -1);
}

TEST(ContenderName, KazoosGrammarIsRecognised) {
    EXPECT_TRUE(read_listing(std::vector<std::string>{"ab__lock__0000000001"}).has_kazoo);
    EXPECT_FALSE(read_listing(std::vector<std::string>{"ab-lock-0000000001"}).has_kazoo);
}

TEST(ContenderName, PrefixFollowsTheNaming) {
    EXPECT_EQ(contender_prefix(Naming::curator, "0123456789abcdef"), "0123456789abcdef-lock-");
    EXPECT_EQ(contender_prefix(Naming::kazoo, "0123456789abcdef"), "0123456789abcdef__lock__");
}

TEST(ContenderName, EqualNumbersAreOrderedByNameForEverybody) {
    EXPECT_EQ(order({"b-lock-0000000001", "a-lock-0000000001"}),
              order({"a-lock-0000000001", "b-lock-0000000001"}));
}

}  // namespace
}  // namespace leasehold::core
