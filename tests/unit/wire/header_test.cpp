#include "sdk/wire/header.hpp"

#include "tests/unit/wire/samples.hpp"

#include <gtest/gtest.h>

namespace leasehold::wire {
namespace {

using namespace std::string_view_literals;

TEST(Requests, AreLengthXidOpcodeAndBody) {
    EXPECT_EQ(to_hex(encode_request(10, ExistsRequest{"/kz/p", false})),
              "000000120000000a00000003000000052f6b7a2f7000");
}

TEST(Requests, WithoutABodyAreTheirHeader) {
    EXPECT_EQ(to_hex(encode_request(ping_xid, PingRequest{})), "00000008fffffffe0000000b");
    EXPECT_EQ(to_hex(encode_request(1, CloseSessionRequest{})), "0000000800000001fffffff5");
    EXPECT_EQ(to_hex(encode_request(43, WhoAmIRequest{})), "000000080000002b0000006b");
}

TEST(Requests, TakeTheirOpcodeFromTheBody_EvenWhereLayoutsAreShared) {
    const auto op_of = [](const std::string& frame) {
        return split_request(std::string_view(frame).substr(4)).value().header.op;
    };
    EXPECT_EQ(op_of(encode_request(1, sample<CreateRequest>())), Opcode::create);
    EXPECT_EQ(op_of(encode_request(1, sample<Create2Request>())), Opcode::create2);
    EXPECT_EQ(op_of(encode_request(1, sample<CreateContainerRequest>())), Opcode::create_container);
    EXPECT_EQ(op_of(encode_request(1, sample<CreateTtlRequest>())), Opcode::create_ttl);
    EXPECT_EQ(op_of(encode_request(1, sample<RemoveRequest>())), Opcode::remove);
    EXPECT_EQ(op_of(encode_request(1, sample<CheckRequest>())), Opcode::check);
    EXPECT_EQ(op_of(encode_request(1, sample<GetChildrenRequest>())), Opcode::get_children);
    EXPECT_EQ(op_of(encode_request(1, sample<GetChildren2Request>())), Opcode::get_children2);
    EXPECT_EQ(op_of(encode_request(1, sample<CheckWatchesRequest>())), Opcode::check_watches);
    EXPECT_EQ(op_of(encode_request(1, sample<RemoveWatchesRequest>())), Opcode::remove_watches);
    EXPECT_EQ(op_of(encode_request(1, sample<MultiRequest>())), Opcode::multi);
    EXPECT_EQ(op_of(encode_request(1, sample<MultiReadRequest>())), Opcode::multi_read);
}

TEST(Requests, AppendedToABatch_KeepWhatIsThere) {
    std::string batch = encode_request(1, sample<CreateRequest>());
    append_request(batch, 2, sample<GetChildrenRequest>());
    EXPECT_EQ(batch, encode_request(1, sample<CreateRequest>()) +
                         encode_request(2, sample<GetChildrenRequest>()));
}

TEST(Requests, OfAnUnknownOperation_KeepTheirNumberAndBytes) {
    const std::string frame = encode_request(5, static_cast<Opcode>(99), Opaque{"opaque"});
    const result<RequestView> view = split_request(std::string_view(frame).substr(4));
    ASSERT_TRUE(view);
    EXPECT_EQ(view.value().header, (RequestHeader{5, static_cast<Opcode>(99)}));
    EXPECT_EQ(view.value().body, "opaque");
    EXPECT_EQ(name_of(view.value().header.op), "unknown");
}

TEST(Replies, SplitIntoHeaderAndBody) {
    const std::string frame =
        encode_reply(ReplyHeader{7, 9, ServerError::ok}, sample<GetDataReply>());
    const result<ReplyView> view = split_reply(std::string_view(frame).substr(4));
    ASSERT_TRUE(view);
    EXPECT_EQ(view.value().header, (ReplyHeader{7, 9, ServerError::ok}));
    EXPECT_EQ(decode<GetDataReply>(view.value().body).value(), sample<GetDataReply>());
}

TEST(Replies, WithAnErrorAreTheirHeader) {
    EXPECT_EQ(to_hex(encode_reply(ReplyHeader{1, -1, ServerError::unimplemented})),
              "0000001000000001fffffffffffffffffffffffa");
    std::string batch = "x";
    append_reply(batch, ReplyHeader{ping_xid, 25, ServerError::ok});
    EXPECT_EQ(to_hex(batch), "7800000010fffffffe000000000000001900000000");
}

TEST(Replies, KeepAnErrorNobodyKnows) {
    const std::string frame = encode_reply(ReplyHeader{1, 2, static_cast<ServerError>(-999)});
    const auto header = split_reply(std::string_view(frame).substr(4)).value().header;
    EXPECT_EQ(static_cast<std::int32_t>(header.err), -999);
    EXPECT_EQ(describe(header.err), "unknown server error");
}

TEST(Headers, TooShortAreTruncated) {
    const std::string zeros(reply_header_size, '\0');
    for (std::size_t size = 0; size < reply_header_size; ++size) {
        const std::string_view bytes = std::string_view(zeros).substr(0, size);
        const result<ReplyView> reply = split_reply(bytes);
        ASSERT_FALSE(reply) << size;
        EXPECT_EQ(reply.error(), DecodeError::truncated);
        EXPECT_EQ(split_request(bytes).has_value(), size >= 8) << size;
    }
}

TEST(Notifications, AreAReplyWithTheirOwnXid_WhateverTheZxid) {
    for (const std::int64_t zxid : {std::int64_t{-1}, std::int64_t{76}}) {
        const std::string frame =
            encode_reply(ReplyHeader{notification_xid, zxid, ServerError::ok},
                         WatcherEvent{WatchEventType::deleted, connected_state, "/a"});
        const auto view = split_reply(std::string_view(frame).substr(4)).value();
        EXPECT_EQ(view.header.xid, notification_xid);
        EXPECT_EQ(view.header.zxid, zxid);
        EXPECT_EQ(decode<WatcherEvent>(view.body).value().type, WatchEventType::deleted);
    }
}

}  // namespace
}  // namespace leasehold::wire
