#include "sdk/wire/archive.hpp"

#include "tests/unit/wire/samples.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>

namespace leasehold::wire {
namespace {

using namespace std::string_view_literals;

std::string written(auto&& write) {
    std::string bytes;
    Writer out(bytes);
    write(out);
    return to_hex(bytes);
}

TEST(Writer, IntegersAreBigEndian) {
    EXPECT_EQ(written([](Writer& out) { out.int32(0x01020304); }), "01020304");
    EXPECT_EQ(written([](Writer& out) { out.int32(-2); }), "fffffffe");
    EXPECT_EQ(written([](Writer& out) { out.int64(0x0102030405060708); }), "0102030405060708");
    EXPECT_EQ(written([](Writer& out) { out.int64(std::numeric_limits<std::int64_t>::min()); }),
              "8000000000000000");
}

TEST(Writer, BuffersCarryTheirLength_AndNullIsMinusOne) {
    EXPECT_EQ(written([](Writer& out) { out.buffer("/a"); }), "000000022f61");
    EXPECT_EQ(written([](Writer& out) { out.buffer(""); }), "00000000");
    EXPECT_EQ(written([](Writer& out) { out.null(); }), "ffffffff");
}

TEST(Writer, AppendsBehindWhatIsThere) {
    std::string bytes = "before";
    Writer(bytes).boolean(true);
    EXPECT_EQ(bytes, "before\1");
}

TEST(FrameScope, PatchesTheLength_OfItsOwnBytesOnly) {
    std::string bytes = "before";
    {
        const FrameScope frame(bytes);
        Writer(bytes).raw("12345");
    }
    EXPECT_EQ(bytes,
              "before\0\0\0\5"
              "12345"sv);
}

TEST(Reader, ReadsWhatTheWriterWrote) {
    std::string bytes;
    Writer out(bytes);
    out.int32(std::numeric_limits<std::int32_t>::min());
    out.int64(std::numeric_limits<std::int64_t>::max());
    out.boolean(true);
    out.boolean(false);
    out.buffer("text");
    out.null();
    out.buffer("");
    out.count(0);

    Reader in(bytes);
    EXPECT_EQ(in.int32(), std::numeric_limits<std::int32_t>::min());
    EXPECT_EQ(in.int64(), std::numeric_limits<std::int64_t>::max());
    EXPECT_TRUE(in.boolean());
    EXPECT_FALSE(in.boolean());
    EXPECT_EQ(in.string(), "text");
    EXPECT_EQ(in.nullable(), std::nullopt);
    EXPECT_EQ(in.nullable(), "");
    EXPECT_EQ(in.count(1), 0U);
    in.finish();
    EXPECT_TRUE(in.ok());
}

TEST(Reader, FirstErrorSticks_AndNothingIsReadAfterIt) {
    Reader in("\2\0\0\0\7"sv);
    EXPECT_FALSE(in.boolean());
    EXPECT_EQ(in.error(), DecodeError::bad_boolean);
    EXPECT_EQ(in.int32(), 0);
    EXPECT_EQ(in.int64(), 0);
    EXPECT_EQ(in.string(), "");
    EXPECT_EQ(in.nullable(), std::nullopt);
    EXPECT_EQ(in.take_rest(), "");
    in.finish();
    EXPECT_EQ(in.error(), DecodeError::bad_boolean);
}

TEST(Reader, ShortInputIsTruncated) {
    for (std::size_t size = 0; size < 8; ++size) {
        const std::string bytes(size, '\0');
        Reader wide(bytes);
        EXPECT_EQ(wide.int64(), 0);
        EXPECT_EQ(wide.error(), DecodeError::truncated) << size;
        Reader narrow(bytes);
        EXPECT_EQ(narrow.int32(), 0);
        EXPECT_EQ(narrow.error(), size < 4 ? std::optional(DecodeError::truncated) : std::nullopt);
    }
}

TEST(Reader, LengthBelowMinusOneIsRefused) {
    Reader string("\xff\xff\xff\xfe"sv);
    EXPECT_EQ(string.nullable(), std::nullopt);
    EXPECT_EQ(string.error(), DecodeError::negative_length);

    Reader list("\x80\x00\x00\x00"sv);
    EXPECT_EQ(list.count(4), std::nullopt);
    EXPECT_EQ(list.error(), DecodeError::negative_length);
}

TEST(Reader, LengthBeyondTheInputIsRefused) {
    Reader enough("\0\0\0\2ab"sv);
    EXPECT_EQ(enough.string(), "ab");
    Reader missing("\0\0\0\3ab"sv);
    EXPECT_EQ(missing.string(), "");
    EXPECT_EQ(missing.error(), DecodeError::length_exceeds_input);
}

TEST(Reader, CountIsBoundedByTheLeastSizeOfAnElement) {
    const std::string_view two_elements_of_four = "\0\0\0\2aaaabbbb"sv;
    EXPECT_EQ(Reader(two_elements_of_four).count(4), 2U);
    Reader too_small(two_elements_of_four);
    EXPECT_EQ(too_small.count(5), std::nullopt);
    EXPECT_EQ(too_small.error(), DecodeError::length_exceeds_input);
}

TEST(Reader, NullIsAValueOnlyWhereItMayBe) {
    Reader nullable("\xff\xff\xff\xff"sv);
    EXPECT_EQ(nullable.nullable(), std::nullopt);
    EXPECT_TRUE(nullable.ok());

    Reader string("\xff\xff\xff\xff"sv);
    EXPECT_EQ(string.string(), "");
    EXPECT_EQ(string.error(), DecodeError::unexpected_null);

    Reader list("\xff\xff\xff\xff"sv);
    EXPECT_EQ(list.count(4), std::nullopt);
    EXPECT_TRUE(list.ok());
}

TEST(Reader, BytesLeftOverAreAnError) {
    Reader in("\0\0\0\1x"sv);
    EXPECT_EQ(in.int32(), 1);
    EXPECT_EQ(in.remaining(), 1U);
    in.finish();
    EXPECT_EQ(in.error(), DecodeError::trailing_bytes);
}

TEST(DecodeErrors, EachHasItsOwnText) {
    std::vector<std::string_view> texts;
    for (std::uint8_t i = 1; i <= static_cast<std::uint8_t>(DecodeError::empty_frame); ++i) {
        const std::string_view text = describe(static_cast<DecodeError>(i));
        EXPECT_THAT(texts, testing::Not(testing::Contains(text)));
        EXPECT_NE(text, describe(static_cast<DecodeError>(200))) << int{i};
        texts.push_back(text);
    }
    EXPECT_EQ(texts.size(), 11U);
}

}  // namespace
}  // namespace leasehold::wire
