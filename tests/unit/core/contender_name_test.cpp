// Which names contend, and in which order: a mistake here makes two holders.
#include "sdk/core/contender_name.hpp"

#include "sdk/core/recipe.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace leasehold::core {
namespace {

using ::testing::ElementsAre;

std::vector<std::string> order(const std::vector<std::string>& children) {
    std::vector<std::string> names;
    for (const Contestant& each : read_listing(children).queue) {
        names.emplace_back(each.name);
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

TEST(ContenderName, PrefixFollowsTheNamingAndTheKind) {
    struct Case {
        Naming naming;
        std::string exclusive;
        std::string shared;
    };
    for (const Case& each : {Case{Naming::curator, "7f-lock-", "7f-__READ__"},
                             Case{Naming::curator_read_write, "7f-__WRIT__", "7f-__READ__"},
                             Case{Naming::kazoo, "7f__lock__", "7f__rlock__"}}) {
        EXPECT_EQ(contender_prefix(each.naming, LockKind::exclusive, "7f"), each.exclusive);
        EXPECT_EQ(contender_prefix(each.naming, LockKind::shared, "7f"), each.shared);
        EXPECT_EQ(kind_of(each.exclusive + "0000000003"), LockKind::exclusive);
        EXPECT_EQ(kind_of(each.shared + "0000000003"), LockKind::shared);
    }
}

TEST(ContenderName, WhatDoesNotSayThatItSharesIsExclusive) {
    for (const char* name :
         {"__READ__x-0000000003", "a-__READ__-0000000003", "a__read__0000000003", "0000000003",
          "a-leases-0000000003", "a-READ__0000000003", "", "__READ__"}) {
        EXPECT_EQ(kind_of(name), LockKind::exclusive) << name;
    }
    EXPECT_EQ(kind_of("_c_0b1c-__READ__0000000003"), LockKind::shared);
    EXPECT_EQ(kind_of("_c_0b1c-lease-0000000003"), LockKind::permit);
}

TEST(ContenderName, ThoseNextToEachOtherWhoShareTakeOneTurn) {
    const auto turns = [](const std::vector<std::string>& children) {
        return Recipe{}.turns(read_listing(children).queue);
    };
    EXPECT_EQ(turns({}), 0u);
    EXPECT_EQ(turns({"a-lock-0000000001", "b__lock__0000000002"}), 2u);
    EXPECT_EQ(turns({"a-__READ__0000000001", "b__rlock__0000000002", "c-lock-0000000003",
                     "d-__READ__0000000004", "e-__WRIT__0000000005"}),
              4u);
}

TEST(ContenderName, LibrariesThatWouldNotSeeOursAreNamed) {
    const std::string mutex = "_c_0b1c-lock-0000000003";
    const std::string read = "_c_0b1c-__READ__0000000003";
    const std::string write = "_c_0b1c-__WRIT__0000000003";
    using enum Naming;
    struct Case {
        std::string there;
        Naming naming;
        LockKind kind;
        bool mixes;
    };
    const auto exclusive = LockKind::exclusive;
    const auto shared = LockKind::shared;
    for (const Case& each : {
             Case{mutex, curator, exclusive, true},
             Case{mutex, curator, shared, false},
             Case{mutex, curator_read_write, exclusive, false},
             Case{mutex, curator_read_write, shared, false},
             Case{mutex, kazoo, exclusive, false},
             Case{read, curator, exclusive, false},
             Case{read, curator, shared, true},
             Case{read, curator_read_write, exclusive, true},
             Case{write, curator_read_write, shared, true},
             Case{write, curator, exclusive, false},
             Case{write, kazoo, shared, false},
             Case{"7f-lock-0000000003", curator_read_write, shared, true},
             Case{"7f-__WRIT__0000000003", curator, exclusive, true},
             Case{"ab__lock__0000000003", curator, exclusive, true},
             Case{"ab__lock__0000000003", curator, shared, false},
             Case{"ab__rlock__0000000003", curator_read_write, exclusive, false},
             Case{"ab__rlock__0000000003", curator_read_write, shared, false},
             Case{"ab__lock__0000000003", kazoo, exclusive, true},
             Case{"ab__lock__0000000003", kazoo, shared, true},
             Case{"0123456789abcdef__lock__0000000003", curator, shared, true},
             Case{"0123456789abcdef__rlock__0000000003", curator_read_write, exclusive, true},
         }) {
        const auto reason =
            why_not_mix(each.naming, each.kind, read_listing(std::vector{each.there}));
        EXPECT_EQ(!reason, each.mixes) << each.there << " " << reason.value_or("");
    }
}

TEST(ContenderName, OurPermitsAreToldFromOthers) {
    EXPECT_TRUE(is_our_permit("0123456789abcdef-lease-0000000003"));
    for (const char* name :
         {"_c_f81d4fae-7dec-11d0-a765-00a0c91e6bf6-lease-0000000003", "-lease-0000000003", "",
          "0123456789abcdef-lock-0000000003", "0123456789abcdeF-lease-0000000003",
          "123456789abcdef-lease-0000000003", "00123456789abcdef-lease-0000000003"}) {
        EXPECT_FALSE(is_our_permit(name)) << name;
    }
}

TEST(ContenderName, EqualNumbersAreOrderedByNameForEverybody) {
    EXPECT_EQ(order({"b-lock-0000000001", "a-lock-0000000001"}),
              order({"a-lock-0000000001", "b-lock-0000000001"}));
}

}  // namespace
}  // namespace leasehold::core
