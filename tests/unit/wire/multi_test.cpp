#include "sdk/wire/multi.hpp"

#include "tests/unit/wire/allocation_probe.hpp"
#include "tests/unit/wire/samples.hpp"

#include <gtest/gtest.h>

namespace leasehold::wire {
namespace {

using namespace std::string_view_literals;

constexpr std::string_view end_hex = "ffffffff01ffffffff";

TEST(Multi, WithoutOperationsIsItsEnd) {
    EXPECT_EQ(to_hex(encoded(MultiRequest{})), end_hex);
    EXPECT_EQ(to_hex(encoded(MultiReply{})), end_hex);
    EXPECT_EQ(decode<MultiRequest>(encoded(MultiRequest{})).value(), MultiRequest{});
}

TEST(Multi, EachOperationHasItsTypeInFront) {
    const MultiRequest request{{{CheckRequest{"/a", 7}}, {RemoveRequest{"/b"}}}};
    EXPECT_EQ(to_hex(encoded(request)),
              "0000000d00ffffffff"
              "000000022f6100000007"
              "0000000200ffffffff"
              "000000022f62ffffffff" +
                  std::string(end_hex));
}

TEST(Multi, TellsOperationsApartThatShareALayout) {
    const MultiRequest request{{{Create2Request{"/a", "", sample_acls()}},
                                {CreateContainerRequest{"/a", "", sample_acls()}},
                                {CreateRequest{"/a", "", sample_acls()}}}};
    const result<MultiRequest> decoded = decode<MultiRequest>(encoded(request));
    ASSERT_TRUE(decoded);
    ASSERT_EQ(decoded.value().ops.size(), 3U);
    EXPECT_EQ(decoded.value().ops[0].type(), Opcode::create2);
    EXPECT_EQ(decoded.value().ops[1].type(), Opcode::create_container);
    EXPECT_EQ(decoded.value().ops[2].type(), Opcode::create);
    EXPECT_EQ(decoded.value(), request);
}

TEST(Multi, ReadsMixedIntoAWriteAreDecoded_BecauseServersAnswerThemWithAnError) {
    const MultiRequest request{{{GetDataRequest{"/a"}}, {RemoveRequest{"/a"}}}};
    EXPECT_EQ(decode<MultiRequest>(encoded(request)).value(), request);
}

TEST(Multi, OperationOfUnknownLayoutIsRefused) {
    for (const std::string_view type : {"\0\0\0\x63"sv, "\0\0\0\x09"sv, "\xff\xff\xff\xff"sv}) {
        const std::string bytes = std::string(type) + std::string("\0\xff\xff\xff\xff", 5) +
                                  encoded(RemoveRequest{"/a"}) + encoded(multi_end);
        const result<MultiRequest> decoded = decode<MultiRequest>(bytes);
        ASSERT_FALSE(decoded) << to_hex(type);
        EXPECT_EQ(decoded.error(), DecodeError::invalid_multi);
    }
}

TEST(Multi, WithoutAnEndIsTruncated) {
    std::string bytes = encoded(MultiRequest{{{RemoveRequest{"/a"}}}});
    bytes.resize(bytes.size() - encoded(multi_end).size());
    const result<MultiRequest> decoded = decode<MultiRequest>(bytes);
    ASSERT_FALSE(decoded);
    EXPECT_EQ(decoded.error(), DecodeError::truncated);
}

TEST(Multi, BytesBehindTheEndAreRefused) {
    const result<MultiReply> decoded = decode<MultiReply>(encoded(MultiReply{}) + "x");
    ASSERT_FALSE(decoded);
    EXPECT_EQ(decoded.error(), DecodeError::trailing_bytes);
}

TEST(MultiReply, TakesACreate2ResultInBothForms) {
    const MultiReply old_server{{{CreateReply{"/a/n-0000000001"}}}};
    const MultiReply new_server{{{Create2Reply{"/a/n-0000000001", sample_stat()}}}};
    EXPECT_EQ(encoded(old_server).substr(0, 4), "\0\0\0\x01"sv);
    EXPECT_EQ(encoded(new_server).substr(0, 4), "\0\0\0\x0f"sv);
    EXPECT_EQ(decode<MultiReply>(encoded(old_server)).value(), old_server);
    EXPECT_EQ(decode<MultiReply>(encoded(new_server)).value(), new_server);
}

TEST(MultiReply, OfAFailureNamesTheErrorTwice) {
    const MultiReply reply{{multi_failure(ServerError::bad_version)}};
    EXPECT_EQ(to_hex(encoded(reply)), "ffffffff00ffffff99ffffff99" + std::string(end_hex));
}

TEST(MultiReply, VerdictIsTheFirstErrorThatIsOne) {
    const MultiReply failed{{multi_failure(ServerError::ok),
                             multi_failure(ServerError::bad_version),
                             multi_failure(ServerError::runtime_inconsistency)}};
    EXPECT_EQ(first_error(failed), ServerError::bad_version);
    EXPECT_EQ(first_error(MultiReply{}), ServerError::ok);
    EXPECT_EQ(first_error(MultiReply{{{CheckReply{}}, {sample<CreateReply>()}}}), ServerError::ok);
    EXPECT_EQ(first_error(MultiReply{{multi_failure(ServerError::ok)}}), ServerError::ok);
}

TEST(MultiReply, OfAMultiReadMixesResultsAndErrors) {
    const MultiReply reply{{{GetDataReply{"changed", sample_stat()}},
                            multi_failure(ServerError::no_node),
                            {GetChildrenReply{{"a", "b"}}}}};
    EXPECT_EQ(decode<MultiReply>(encoded(reply)).value(), reply);
    EXPECT_EQ(first_error(reply), ServerError::no_node);
}

TEST(MultiReply, MemoryIsBoundedByTheFrame) {
    std::string bytes;
    for (int i = 0; i < 10'000; ++i) {
        bytes += encoded(MultiHeader{Opcode::check, false, 0});
    }
    const AllocationProbe probe;
    EXPECT_FALSE(decode<MultiReply>(bytes));
    EXPECT_LE(probe.largest(), bytes.size() * 64);
}

}  // namespace
}  // namespace leasehold::wire
