#include "sdk/core/random.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <cstdint>
#include <limits>
#include <set>
#include <string>

namespace leasehold::core {
namespace {

using ::testing::MatchesRegex;

TEST(Random, SameSeedGivesTheSameNumbersOnEveryCompiler) {
    // xoshiro256** 1.0 seeded by splitmix64 from 1, from an independent implementation.
    Random random(1);
    EXPECT_EQ(random.next(), 0xb3f2af6d0fc710c5u);
    EXPECT_EQ(random.next(), 0x853b559647364ceau);
    EXPECT_EQ(random.next(), 0x92f89756082a4514u);
}

TEST(Random, OtherSeedGivesOtherNumbers) {
    Random one(1);
    Random two(2);
    EXPECT_NE(one.next(), two.next());
    Random zero(0);
    EXPECT_NE(zero.next(), zero.next());
}

TEST(Random, BelowStaysBelow) {
    Random random(3);
    for (const std::uint64_t bound : {std::uint64_t{1}, std::uint64_t{7}, std::uint64_t{1} << 63,
                                      std::numeric_limits<std::uint64_t>::max()}) {
        for (int i = 0; i < 1000; ++i) {
            ASSERT_LT(random.below(bound), bound);
        }
    }
}

TEST(Random, BelowNothingIsZero) {
    Random random(3);
    EXPECT_EQ(random.below(0), 0u);
}

TEST(Random, BelowIsUniform) {
    Random random(4);
    std::array<int, 10> counts{};
    for (int i = 0; i < 100'000; ++i) {
        ++counts.at(random.below(counts.size()));
    }
    for (const int count : counts) {
        EXPECT_NEAR(count, 10'000, 500);  // five standard deviations
    }
}

TEST(Random, BelowIsUniformWhereAPlainRemainderWouldNotBe) {
    // Of 2^64 values, 3 * 2^62 are kept; the rest would fall on the lower third once more.
    const std::uint64_t bound = std::uint64_t{3} << 62;
    Random random(5);
    int low = 0;
    for (int i = 0; i < 30'000; ++i) {
        low += random.below(bound) < bound / 3 ? 1 : 0;
    }
    EXPECT_NEAR(low, 10'000, 500);
}

TEST(Random, Hex16IsSixteenDigitsAndDoesNotRepeat) {
    Random random(6);
    std::set<std::string> seen;
    for (int i = 0; i < 10'000; ++i) {
        const std::string text(random.hex16().text());
        ASSERT_EQ(text.size(), 16u);
        ASSERT_EQ(text.find_first_not_of("0123456789abcdef"), std::string::npos) << text;
        ASSERT_TRUE(seen.insert(text).second);
    }
}

TEST(Random, Hex16UsesEveryBitOnce) {
    Random numbers(7);
    Random texts(7);
    EXPECT_EQ(std::stoull(std::string(texts.hex16().text()), nullptr, 16), numbers.next());
}

}  // namespace
}  // namespace leasehold::core
