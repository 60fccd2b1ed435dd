// What a contender's record asks of those behind it, whoever wrote it and whatever it is.
#include "sdk/core/record_marks.hpp"

#include <gtest/gtest.h>

#include <cstddef>
#include <string>
#include <string_view>

namespace leasehold::core {
namespace {

using namespace std::chrono_literals;

std::string record_with(std::string_view number) {
    std::string record =
        "\x0a\x04shop\x22\x05"
        "10000";
    record += '\x4a';
    record += static_cast<char>(number.size());
    record += number;
    return record;
}

TEST(LockDelayOfARecord, IsReadBesideTheOtherFields) {
    EXPECT_EQ(lock_delay_of(record_with("1500")), 1500ms);
    EXPECT_EQ(lock_delay_of(record_with("1500") + "z\x01\x31"), 1500ms);
    EXPECT_EQ(lock_delay_of("B\x04web1" + record_with("1500")), 1500ms) << "behind a payload";
    EXPECT_EQ(lock_delay_of("\x0a\x04shop"), 0ms);
    EXPECT_EQ(lock_delay_of(""), 0ms);
}

TEST(LockDelayOfARecord, IsNeverLongerThanTheLongest) {
    EXPECT_EQ(lock_delay_of(record_with("60001")), 60s);
    EXPECT_EQ(lock_delay_of(record_with("9223372036854775807")), 60s);
    EXPECT_EQ(lock_delay_of(record_with("99999999999999999999999")), 60s);
}

TEST(LockDelayOfARecord, WhatIsMalformedAsksForNothing) {
    for (const std::string_view number :
         {"", "-1", "-99999999999999999999999", "1x", " 1", "0x10", "1.5", "+5"}) {
        EXPECT_EQ(lock_delay_of(record_with(number)), 0ms) << number;
    }
    const std::string whole = record_with("1500");
    for (std::size_t size = 0; size < whole.size(); ++size) {
        EXPECT_EQ(lock_delay_of(whole.substr(0, size)), 0ms) << size;
    }
    EXPECT_EQ(lock_delay_of("10.0.0.7"), 0ms);
    EXPECT_EQ(lock_delay_of("\x08\x4a\x04"
                            "1500"),
              0ms)
        << "a field of another type";
    EXPECT_EQ(lock_delay_of("\x4a\x84"
                            "1500"),
              0ms)
        << "a length of more than one byte";
}

}  // namespace
}  // namespace leasehold::core
