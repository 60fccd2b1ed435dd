#include "sdk/core/text.hpp"

#include <gtest/gtest.h>

#include <string>

namespace leasehold::core {
namespace {

TEST(Text, Utf8IsToldFromOtherBytes) {
    EXPECT_TRUE(is_utf8(""));
    EXPECT_TRUE(is_utf8("plain"));
    EXPECT_TRUE(is_utf8("\xc3\xa4 \xe2\x82\xac \xf0\x9f\x94\x92"));
    EXPECT_FALSE(is_utf8("\xff"));
    EXPECT_FALSE(is_utf8("\xc3"));
    EXPECT_FALSE(is_utf8("\xc1\x80"));
    EXPECT_FALSE(is_utf8("\xf4\x90\x80\x80"));
    EXPECT_FALSE(is_utf8("\xf5\x80\x80\x80"));
}

TEST(Text, CodePointsComeOneByOne) {
    std::string_view text = "a\xe2\x82\xac";
    char32_t code_point = 0;
    ASSERT_TRUE(next_code_point(text, code_point));
    EXPECT_EQ(code_point, U'a');
    ASSERT_TRUE(next_code_point(text, code_point));
    EXPECT_EQ(code_point, U'\u20ac');
    EXPECT_TRUE(text.empty());
}

TEST(Text, EscapedTextCannotSteerATerminal) {
    EXPECT_EQ(escape("plain text"), "plain text");
    EXPECT_EQ(escape("\x1b[2Jboo"), "\\x1b[2Jboo");
    EXPECT_EQ(escape("a\nb\\c"), "a\\x0ab\\x5cc");
    EXPECT_EQ(escape("\xc2\x9b"
                     "1m"),
              "\\xc2\\x9b1m");  // C1: CSI
    EXPECT_EQ(escape("\xe2\x80\xae"
                     "gpj"),
              "\\xe2\\x80\\xaegpj");  // right-to-left override
    EXPECT_EQ(escape("\xff\xfe"), "\\xff\\xfe");
    EXPECT_EQ(escape("gr\xc3\xbc\xc3\x9f"), "gr\xc3\xbc\xc3\x9f");
}

TEST(Text, LongTextIsCutBetweenCharacters) {
    EXPECT_EQ(escape("abcdef", 6), "abcdef");
    EXPECT_EQ(escape("abcdefg", 6), "abc...");
    EXPECT_EQ(escape("ab\xe2\x82\xac"
                     "defg",
                     6),
              "ab...");
    EXPECT_EQ(escape("ab\n\n\n\n", 10), "ab\\x0a...");
    EXPECT_EQ(escape("abcdef", 2), "..");
    EXPECT_EQ(escape(std::string(100'000, '\x01'), 200).size(), 199u);
}

TEST(Text, SessionsAreToldApartByTheirLastDigitsOnly) {
    EXPECT_EQ(shorten_session(0x1000018b4d30abcd), "abcd");
    EXPECT_EQ(shorten_session(-1), "ffff");
    EXPECT_EQ(shorten_session(7), "0007");
}

}  // namespace
}  // namespace leasehold::core
