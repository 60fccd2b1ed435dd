#include "sdk/client/contender_record.hpp"

#include "sdk/core/text.hpp"

#include <gtest/gtest.h>

#include <string>
#include <unistd.h>

namespace leasehold::detail {
namespace {

using namespace std::chrono_literals;

TEST(ContenderRecord, ComesBackAsItWasWritten) {
    const auto record =
        decode_record(encode_record({.owner = "shop", .budget = 1500ms, .trace_id = "trace-1"}));
    ASSERT_TRUE(record);
    EXPECT_EQ(record->owner, "shop");
    EXPECT_EQ(record->pid, ::getpid());
    EXPECT_EQ(record->budget, 1500ms);
    EXPECT_EQ(record->trace_id, "trace-1");
    char host[256] = {};
    ::gethostname(host, sizeof host - 1);
    EXPECT_EQ(record->host, host);
}

TEST(ContenderRecord, WhatOthersWriteIsNoRecord) {
    for (const std::string bytes :
         {"", "10.0.0.7", "10.0.0.71", "192.168.100.200", "::1", "fe80::1ff:fe23:4567:890a",
          "fe80::1ff:fe23:4567:890a%eth0", "some kazoo identifier", "\x0a\x01x", "\xff\xff"}) {
        EXPECT_FALSE(decode_record(bytes)) << bytes;
    }
}

TEST(ContenderRecord, NoSpanIsLongerThanTheClockCanCount) {
    const auto record = decode_record(
        encode_record({.budget = milliseconds::max(), .lock_delay = milliseconds::max()}));
    ASSERT_TRUE(record);
    EXPECT_EQ(record->budget, std::chrono::duration_cast<milliseconds>(Duration::max()));
    EXPECT_GT(Duration{*record->budget}, Duration{}) << "no overflow";
    EXPECT_EQ(record->lock_delay, record->budget);
}

TEST(ContenderRecord, EveryPrefixAndEveryFlippedByteIsHarmlessAndSilent) {
    const std::string good = encode_record({.owner = "shop", .trace_id = "t"});
    ::testing::internal::CaptureStderr();
    for (std::size_t length = 0; length < good.size(); ++length) {
        EXPECT_LE(describe_record(good.substr(0, length)).size(), 200u);
    }
    for (std::size_t at = 0; at < good.size(); ++at) {
        std::string bad = good;
        bad[at] = static_cast<char>(~bad[at]);
        EXPECT_LE(describe_record(bad).size(), 200u);
    }
    EXPECT_EQ(::testing::internal::GetCapturedStderr(), "");
}

TEST(ContenderRecord, DescriptionIsALineForAPerson) {
    const std::string ours = describe_record(encode_record({.owner = "shop"}));
    EXPECT_TRUE(ours.starts_with("shop on ")) << ours;
    EXPECT_NE(ours.find(" pid " + std::to_string(::getpid())), std::string::npos) << ours;
    EXPECT_TRUE(describe_record(encode_record({})).starts_with("somebody on "));
    EXPECT_EQ(describe_record("10.0.0.7"), "10.0.0.7");
    EXPECT_EQ(describe_record(""), "");
}

TEST(ContenderRecord, DescriptionIsEscapedAndShort) {
    EXPECT_EQ(describe_record("evil\x1b[2J"), "evil\\x1b[2J");
    const std::string shouted = describe_record(encode_record({.owner = std::string(5000, '!')}));
    EXPECT_LE(shouted.size(), 200u);
    EXPECT_EQ(describe_record(std::string(5000, '!')).size(), 200u);
    const std::string ours = describe_record(encode_record({.owner = "a\nb"}));
    EXPECT_EQ(ours.find('\n'), std::string::npos);
}

TEST(ContenderRecord, IsUtf8ThroughoutForClientsThatDecodeIt) {
    std::string wide;
    for (int i = 0; i < 100; ++i) {
        wide += "\u20ac";
    }
    for (const std::string& owner : {std::string(), std::string(5000, 'x'), wide}) {
        const std::string bytes = encode_record(
            {.owner = owner, .budget = std::chrono::hours{24 * 365}, .trace_id = owner});
        EXPECT_TRUE(core::is_utf8(bytes)) << owner.size();
        const auto record = decode_record(bytes);
        ASSERT_TRUE(record);
        EXPECT_TRUE(owner.starts_with(record->owner));
        EXPECT_LE(record->owner.size(), 127u);
    }
}

TEST(ContenderRecord, HugeDataIsNotParsed) {
    EXPECT_FALSE(decode_record(std::string(1u << 20, '\x0a')));
}

}  // namespace
}  // namespace leasehold::detail
