// Whatever bytes come, they cost at most the connection they came through.
#include "tests/unit/server/client.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>

namespace leasehold::server {

namespace {

std::string connect_frame() {
    return wire::encode_frame(
        wire::ConnectRequest{.timeout_ms = 10'000, .password = std::string(16, '\0')});
}

std::string int32(std::int32_t value) {
    std::string bytes;
    wire::Writer(bytes).int32(value);
    return bytes;
}

}  // namespace

class BadInput : public ::testing::Test {
protected:
    BadInput() : good(bench) {
        good.connect();
        good.create("/kept");
    }

    ConnectionId accept() { return bench.ensemble.accept(bench.now, 0).value(); }
    bool closes(ConnectionId id, std::string_view bytes) {
        bench.ensemble.receive(bench.now, id, bytes);
        return bench.ensemble.take_output(id).is_closed;
    }

    Bench bench;
    Client good;
};

TEST_F(BadInput, AFrameOfAnImpossibleLengthClosesTheConnection) {
    for (const std::int32_t length : {-1, 0, INT32_MIN, INT32_MAX, 1'048'576}) {
        EXPECT_TRUE(closes(accept(), int32(length))) << length;
        const ConnectionId id = accept();
        EXPECT_FALSE(closes(id, connect_frame()));
        EXPECT_TRUE(closes(id, int32(length))) << length;
    }
}

TEST_F(BadInput, ALongFrameIsWaitedForAndNotAllocated) {
    EXPECT_FALSE(closes(accept(), int32(1'048'575)));
}

TEST_F(BadInput, GarbageInPlaceOfTheConnectRequestClosesTheConnection) {
    EXPECT_TRUE(closes(accept(), int32(8) + "garbage!"));
    EXPECT_TRUE(closes(accept(), wire::encode_request(1, create_request("/a"))));
    EXPECT_TRUE(closes(accept(), "GET / HTTP/1.1\r\n\r\n"));
}

TEST_F(BadInput, ASecondConnectRequestClosesTheConnection) {
    EXPECT_TRUE(closes(accept(), connect_frame() + connect_frame()));
}

TEST_F(BadInput, ARequestWithoutAHeaderClosesTheConnection) {
    EXPECT_TRUE(closes(accept(), connect_frame() + int32(4) + int32(1)));
}

TEST_F(BadInput, CountsThatTheBytesCannotHoldAreRefusedWithoutAllocating) {
    for (const std::int32_t count : {-2, INT32_MIN, INT32_MAX, 1'000'000}) {
        const std::string paths = std::string(8, '\0') + int32(count);
        good.send_bytes(wire::encode_request(1, Opcode::set_watches, wire::Opaque{paths}));
        EXPECT_EQ(ServerError::marshalling_error, good.next_reply()->header.err);
        const std::string acls = int32(2) + "/a" + int32(0) + int32(count);
        good.send_bytes(wire::encode_request(2, Opcode::create, wire::Opaque{acls}));
        EXPECT_EQ(ServerError::marshalling_error, good.next_reply()->header.err);
        good.send_bytes(wire::encode_request(3, Opcode::exists, wire::Opaque{int32(count)}));
        EXPECT_EQ(ServerError::marshalling_error, good.next_reply()->header.err);
    }
}

TEST_F(BadInput, MutatedStreamsCostNobodyElseAnything) {
    const unsigned seed = 20240601;
    SCOPED_TRACE("seed " + std::to_string(seed));
    std::mt19937_64 random(seed);
    wire::MultiRequest multi;
    multi.ops = {{create_request("/m")}, {wire::SetDataRequest{"/m", "x"}}};
    const std::string stream =
        connect_frame() + wire::encode_request(1, create_request("/a", CreateMode::ephemeral)) +
        wire::encode_request(2, multi) + wire::encode_request(3, wire::GetDataRequest{"/a", true}) +
        wire::encode_request(4, wire::SetWatchesRequest{0, {"/a"}, {"/b"}, {"/c"}}) +
        wire::encode_request(5, wire::GetChildren2Request{"/", true}) +
        wire::encode_request(wire::auth_xid, wire::AuthPacket{0, "digest", "a:b"}) +
        wire::encode_request(6, wire::SetAclRequest{"/a", anyone()}) +
        wire::encode_request(7, wire::AddWatchRequest{"/a"});
    const auto victim = *bench.ensemble.committed().find("/kept");
    for (int round = 0; round < 20'000; ++round) {
        std::string bytes = stream;
        for (std::uint64_t left = 1 + random() % 4; left != 0; --left) {
            const std::size_t at = random() % bytes.size();
            switch (random() % 3) {
                case 0: bytes[at] = static_cast<char>(random()); break;
                case 1: bytes.erase(at, 1 + random() % 8); break;
                default: bytes.insert(at, 1 + random() % 8, static_cast<char>(random())); break;
            }
        }
        const ConnectionId id = accept();
        for (std::size_t at = 0; at < bytes.size();) {
            const std::size_t size = 1 + random() % 64;
            bench.ensemble.receive(bench.now, id, std::string_view(bytes).substr(at, size));
            at += size;
        }
        bench.ensemble.hang_up(bench.now, id);
        static_cast<void>(bench.ensemble.take_ready());
        if (round % 100 == 0) {
            good.ping();
            bench.run_for(milliseconds{100});
        }
    }
    EXPECT_EQ(ServerError::ok, good.error_of(wire::GetDataRequest{"/kept"}));
    EXPECT_EQ(victim.stat, bench.ensemble.committed().find("/kept")->stat);
    EXPECT_EQ(1U, bench.ensemble.connections(0).size());
    EXPECT_EQ(0U, bench.ensemble.watches(0));
}

}  // namespace leasehold::server
