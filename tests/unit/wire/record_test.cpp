// What holds for every record alike.
#include "tests/unit/wire/allocation_probe.hpp"
#include "tests/unit/wire/samples.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <random>
#include <string>

namespace leasehold::wire {
namespace {

using namespace std::string_view_literals;

template <class X>
class AnyRecord : public testing::Test {};
TYPED_TEST_SUITE(AnyRecord, FixedRecords, );

template <class X>
class AnyConnect : public testing::Test {};
TYPED_TEST_SUITE(AnyConnect, ConnectRecords, );

// A decoder either refuses the bytes or says exactly what they were.
template <class X>
void expect_refused_or_same(const std::string& bytes) {
    const result<X> decoded = decode<X>(bytes);
    if (decoded) {
        ASSERT_EQ(to_hex(encoded(decoded.value())), to_hex(bytes));
    }
}

template <class X>
void expect_no_byte_value_confuses() {
    const std::string good = encoded(sample<X>());
    constexpr std::array<char, 8> values{'\0', '\1', '\2', '\x7f', '\x80', '\xfe', '\xff', 'a'};
    for (std::size_t at = 0; at < good.size(); ++at) {
        for (const char value : values) {
            std::string bad = good;
            bad[at] = value;
            SCOPED_TRACE(testing::Message() << "byte " << at << " = " << int{value});
            expect_refused_or_same<X>(bad);
        }
    }
}

template <class X>
void expect_noise_is_survived() {
    constexpr std::uint32_t seed = 20'240'607;
    std::mt19937 random(seed);
    for (int round = 0; round < 2'000; ++round) {
        std::string bytes(random() % 120, '\0');
        // Mostly zeros, or every length would be refused at once and nothing behind it be reached.
        std::generate(bytes.begin(), bytes.end(),
                      [&] { return random() % 4 == 0 ? static_cast<char>(random()) : '\0'; });
        SCOPED_TRACE(testing::Message() << "seed " << seed << ", " << to_hex(bytes));
        expect_refused_or_same<X>(bytes);
    }
}

TYPED_TEST(AnyRecord, RoundTrips) {
    const auto record = sample<TypeParam>();
    const result<TypeParam> decoded = decode<TypeParam>(encoded(record));
    ASSERT_TRUE(decoded) << describe(decoded.error());
    EXPECT_EQ(decoded.value(), record);
}

TYPED_TEST(AnyRecord, SampleDiffersFromTheDefault_OrTheTestsProveNothing) {
    EXPECT_NE(sample<TypeParam>(), TypeParam{});
}

TYPED_TEST(AnyRecord, EveryTruncationIsRefused) {
    const std::string whole = encoded(sample<TypeParam>());
    for (std::size_t size = 0; size < whole.size(); ++size) {
        const result<TypeParam> decoded = decode<TypeParam>(whole.substr(0, size));
        ASSERT_FALSE(decoded) << size << " of " << whole.size();
        EXPECT_TRUE(decoded.error() == DecodeError::truncated ||
                    decoded.error() == DecodeError::length_exceeds_input)
            << size << ": " << describe(decoded.error());
    }
}

TYPED_TEST(AnyRecord, TrailingByteIsRefused) {
    const result<TypeParam> decoded = decode<TypeParam>(encoded(sample<TypeParam>()) + '\0');
    ASSERT_FALSE(decoded);
    EXPECT_EQ(decoded.error(), DecodeError::trailing_bytes);
}

TYPED_TEST(AnyRecord, NoByteValueConfuses) {
    expect_no_byte_value_confuses<TypeParam>();
}

TYPED_TEST(AnyRecord, NoiseIsSurvived) {
    expect_noise_is_survived<TypeParam>();
}

TYPED_TEST(AnyConnect, RoundTrips) {
    const auto record = sample<TypeParam>();
    const result<TypeParam> decoded = decode<TypeParam>(encoded(record));
    ASSERT_TRUE(decoded) << describe(decoded.error());
    EXPECT_EQ(decoded.value(), record);
}

TYPED_TEST(AnyConnect, OnlyTheLastByteMayBeMissing) {
    const std::string whole = encoded(sample<TypeParam>());
    for (std::size_t size = 0; size < whole.size(); ++size) {
        const bool misses_read_only = size + 1 == whole.size();
        EXPECT_EQ(decode<TypeParam>(whole.substr(0, size)).has_value(), misses_read_only) << size;
    }
}

TYPED_TEST(AnyConnect, NoByteValueConfuses) {
    expect_no_byte_value_confuses<TypeParam>();
}

TYPED_TEST(AnyConnect, NoiseIsSurvived) {
    expect_noise_is_survived<TypeParam>();
}

// The four bytes of every count, set to what only gigabytes could satisfy.
template <class X>
class AnyList : public testing::Test {};
using ListReplies = testing::Types<GetChildrenReply, GetChildren2Reply, GetEphemeralsReply,
                                   GetAclReply, WhoAmIReply>;
TYPED_TEST_SUITE(AnyList, ListReplies, );

TYPED_TEST(AnyList, HugeCountIsRefusedBeforeAnythingIsAllocated) {
    for (const std::string_view count : {"\x7f\xff\xff\xff"sv, "\x00\xff\xff\xff"sv}) {
        const std::string bytes = std::string(count) + std::string(200, '\0');
        const AllocationProbe probe;
        const result<TypeParam> decoded = decode<TypeParam>(bytes);
        const std::size_t largest = probe.largest();
        ASSERT_FALSE(decoded);
        EXPECT_EQ(decoded.error(), DecodeError::length_exceeds_input);
        EXPECT_EQ(largest, 0U);
    }
}

TYPED_TEST(AnyList, NullIsRefused) {
    const std::string bytes = "\xff\xff\xff\xff" + std::string(68, '\0');
    const result<TypeParam> decoded = decode<TypeParam>(bytes);
    ASSERT_FALSE(decoded);
    EXPECT_EQ(decoded.error(), DecodeError::unexpected_null);
}

TEST(HostileLists, MemoryIsAFewTimesTheBytesThatCame) {
    constexpr std::size_t elements = 10'000;
    std::string bytes;
    Writer out(bytes);
    out.count(elements);
    out.raw(std::string(4 * elements - 1, '\0'));  // one byte short of that many empty strings
    const AllocationProbe probe;
    EXPECT_FALSE(decode<GetChildrenReply>(bytes));
    EXPECT_LE(probe.largest(), bytes.size() * 10);
}

TEST(LeastSize, IsTheSumOfWhatTheFieldsTakeWhenEmpty) {
    EXPECT_EQ(least_size<Stat>(), 68U);
    EXPECT_EQ(least_size<Acl>(), 12U);
    EXPECT_EQ(least_size<ReplyHeader>(), 16U);
    EXPECT_EQ(least_size<MultiHeader>(), 9U);
    EXPECT_EQ(least_size<GetChildren2Reply>(), 4U + 68U);
    EXPECT_EQ(encoded(Acl{}).size(), least_size<Acl>());
}

}  // namespace
}  // namespace leasehold::wire
