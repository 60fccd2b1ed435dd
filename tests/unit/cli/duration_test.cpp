#include "sdk/cli/duration.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <limits>
#include <string>
#include <utility>
#include <vector>

namespace leasehold::cli {
namespace {

using namespace std::chrono_literals;
using std::chrono::milliseconds;

std::string why_refused(std::string_view text) {
    const auto parsed = parse_duration(text);
    if (parsed) {
        return "accepted as " + format_duration(parsed.value());
    }
    EXPECT_EQ(parsed.error(), errc::invalid_argument) << text;
    return parsed.error().context().what;
}

TEST(Duration, ReadsEveryUnit) {
    EXPECT_EQ(parse_duration("500ms").value(), 500ms);
    EXPECT_EQ(parse_duration("2s").value(), 2s);
    EXPECT_EQ(parse_duration("1m").value(), 1min);
    EXPECT_EQ(parse_duration("1h").value(), 1h);
    EXPECT_EQ(parse_duration("0s").value(), 0ms);
    EXPECT_EQ(parse_duration("007s").value(), 7s);
}

TEST(Duration, ReadsFractionsThatAreWholeMilliseconds) {
    EXPECT_EQ(parse_duration("1.5s").value(), 1500ms);
    EXPECT_EQ(parse_duration("0.25s").value(), 250ms);
    EXPECT_EQ(parse_duration("1.250s").value(), 1250ms);
    EXPECT_EQ(parse_duration("1.2500000000000000000000000s").value(), 1250ms);
    EXPECT_EQ(parse_duration("0.5m").value(), 30s);
    EXPECT_EQ(parse_duration("1.5h").value(), 90min);
    EXPECT_EQ(parse_duration("3.0ms").value(), 3ms);
}

TEST(Duration, RefusesWhatIsFinerThanAMillisecond) {
    for (const char* text : {"0.5ms", "1.0005s", "0.0000001h", "1.00000000000000000001s"}) {
        EXPECT_NE(why_refused(text).find("finer than a millisecond"), std::string::npos) << text;
    }
}

TEST(Duration, RefusesABareNumberAndSaysWhatToWrite) {
    EXPECT_EQ(why_refused("5"), "'5' has no unit; write 5s or 5ms");
    EXPECT_EQ(why_refused("1.5"), "'1.5' has no unit; write 1.5s or 1.5ms");
}

TEST(Duration, RefusesNegatives) {
    for (const char* text : {"-5s", "-1", "-", "-0s", "--5s"}) {
        EXPECT_NE(why_refused(text).find("is negative"), std::string::npos) << text;
    }
}

TEST(Duration, RefusesEmptyText) {
    EXPECT_NE(why_refused("").find("is empty"), std::string::npos);
}

TEST(Duration, RefusesWhatIsNoNumber) {
    for (const char* text :
         {"nan", "nans", "inf", "infs", "s", "ms", ".5s", "+5s", " 5s", "s5", "x", "\n", "\xff"}) {
        EXPECT_NE(why_refused(text).find("is no duration"), std::string::npos) << text;
    }
}

TEST(Duration, RefusesUnknownUnitsAndWhatFollowsAUnit) {
    for (const char* text : {"5d", "5S", "5sec", "5s ", "5 s", "5s5", "1e3s", "0x10s", "5s\n",
                             "1,5s", "1.5.5s", "1m30s"}) {
        EXPECT_NE(why_refused(text).find("unknown unit"), std::string::npos) << text;
    }
    EXPECT_NE(why_refused("1.s").find("no digit after its point"), std::string::npos);
}

TEST(Duration, RefusesOverflow) {
    for (const char* text :
         {"597h", "2147483648ms", "9223372036854775807ms", "9223372036854775808ms",
          "99999999999999999999999999999999h", "18446744073709551617ms", "596.1h"}) {
        EXPECT_NE(why_refused(text).find("is too long; the most is 596h"), std::string::npos)
            << text << ": " << why_refused(text);
    }
    EXPECT_EQ(parse_duration("596h").value(), 596h);
    EXPECT_EQ(parse_duration("2145600000ms").value(), 596h);
}

TEST(Duration, QuotesOnlyTheBeginningOfALongText) {
    EXPECT_LT(why_refused(std::string(100'000, 'x')).size(), 150u);
    EXPECT_LT(why_refused(std::string(100'000, '9')).size(), 250u);
}

TEST(Duration, FormatsTheShortestExactForm) {
    const std::vector<std::pair<milliseconds, std::string>> expected = {
        {0ms, "0s"},
        {1ms, "1ms"},
        {999ms, "999ms"},
        {1s, "1s"},
        {1500ms, "1.5s"},
        {1050ms, "1.05s"},
        {59'999ms, "59.999s"},
        {1min, "1m"},
        {61s, "1m 1s"},
        {90'500ms, "1m 30.5s"},
        {1h, "1h"},
        {1h + 1min, "1h 1m"},
        {1h + 1s, "1h 1s"},
        {26h + 5min + 100ms, "26h 5m 100ms"},
        {-2s, "-2s"},
    };
    for (const auto& [duration, text] : expected) {
        EXPECT_EQ(format_duration(duration), text) << duration.count();
    }
}

TEST(Duration, WhatItFormatsItReads) {
    for (const int count : {0, 1, 250, 1'000, 1'001, 59'999, 60'000, 3'600'000}) {
        const milliseconds duration(count);
        EXPECT_EQ(parse_duration(format_duration(duration)).value(), duration);
    }
}

TEST(Duration, AnAgeIsRoundedDownToWhatMatters) {
    EXPECT_EQ(format_age(830ms), "830ms");
    EXPECT_EQ(format_age(4'299ms), "4.2s");
    EXPECT_EQ(format_age(17'999ms), "17s");
    EXPECT_EQ(format_age(185'900ms), "3m 5s");
    EXPECT_EQ(format_age(2h + 5min + 59s), "2h 5m");
}

}  // namespace
}  // namespace leasehold::cli
