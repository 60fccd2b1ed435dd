// Connecting, expiry, four-letter words, releases, and faults made on request.
#include "sdk/server/digest.hpp"
#include "tests/unit/server/client.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace leasehold::server {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

namespace {

std::string hex(const std::string& bytes) {
    std::string text;
    for (const char byte : bytes) {
        constexpr const char* digits = "0123456789abcdef";
        text += digits[static_cast<unsigned char>(byte) >> 4U];
        text += digits[static_cast<unsigned char>(byte) & 15U];
    }
    return text;
}

}  // namespace

TEST(Password, IsWhatARealServerMakesOfTheSession) {
    EXPECT_EQ("efd8bce8504938cee5e295fd19a269f9", hex(password_of(0x01000018b4d30000)));
    EXPECT_EQ("b3f504dfc4a074f14957c96bad081424", hex(password_of(0x0100001ad37f0000)));
}

TEST(DigestId, IsWhatARealServerMakesOfTheCredentials) {
    EXPECT_EQ("user:smGaoVKd/cQkjm7b88GyorAUz20=", digest_id("user:pass"));
    const std::string long_one = "u:" + std::string(100, 'x');
    EXPECT_EQ(2U + 28U, digest_id(long_one).size());
}

class OneServer : public ::testing::Test {
protected:
    explicit OneServer(EnsembleOptions options = {}) : bench(std::move(options)), client(bench) {}

    Bench bench;
    Client client;
};

TEST_F(OneServer, TimeoutsAreClampedOnEveryConnect) {
    client.connect(1);
    EXPECT_EQ(4000, client.welcome->timeout_ms);
    client.connect(99'999'999);
    EXPECT_EQ(40'000, client.welcome->timeout_ms);
    client.connect(5000);
    EXPECT_EQ(5000, client.welcome->timeout_ms);
    EXPECT_EQ(std::int64_t{1}, client.session >> 56U);
}

TEST(SessionIds, AreNeverThoseOfALaterRunOnTheSameMachine) {
    // Both runs have the wall clock of the same Instant 0, which may be when the machine was
    // booted.
    Bench earlier({.wall_clock_base_ms = 1'767'225'600'000});
    Bench later({.wall_clock_base_ms = 1'767'225'600'000});
    later.run_for(seconds{5});
    Client old(earlier);
    Client young(later);
    old.connect();
    young.connect();
    EXPECT_GT(young.session, old.session);
}

TEST_F(OneServer, TheReadOnlyByteIsLeftOutForAClientWithoutIt) {
    client.send_connect();
    client.pull();
    EXPECT_TRUE(client.welcome->read_only.has_value());
    const auto id = bench.ensemble.accept(bench.now, 0).value();
    wire::ConnectRequest request{.timeout_ms = 5000, .password = ""};
    request.read_only.reset();
    bench.ensemble.receive(bench.now, id, wire::encode_frame(request));
    EXPECT_EQ(4U + 36U, bench.ensemble.take_output(id).bytes.size());
}

TEST_F(OneServer, AnUnknownSessionAndAWrongPasswordAreRefusedAlike) {
    client.connect();
    Client thief(bench);
    thief.session = client.session;
    thief.connect();
    EXPECT_EQ(0, thief.welcome->session_id);
    EXPECT_EQ(0, thief.welcome->timeout_ms);
    EXPECT_EQ(std::string(16, '\0'), thief.welcome->password);
    EXPECT_TRUE(thief.is_closed());
    EXPECT_TRUE(client.is_closed()) << "the victim's connection goes first";
    Client stranger(bench);
    stranger.session = 0x0100000000001234;
    stranger.password = password_of(stranger.session);
    stranger.connect();
    EXPECT_EQ(0, stranger.welcome->session_id);
    client.connect();
    EXPECT_NE(0, client.welcome->session_id);
}

TEST_F(OneServer, AClientThatHasSeenMoreIsClosedWithoutAByte) {
    client.last_zxid = bench.ensemble.last_zxid() + 1;
    client.connect();
    EXPECT_FALSE(client.welcome);
    EXPECT_TRUE(client.is_closed());
}

TEST_F(OneServer, ReattachingClosesTheOlderConnection) {
    client.connect();
    Client again(bench);
    again.session = client.session;
    again.password = client.password;
    again.connect();
    EXPECT_EQ(client.session, again.welcome->session_id);
    EXPECT_TRUE(client.is_closed());
    EXPECT_EQ(1U, bench.ensemble.connections(0).size());
}

TEST_F(OneServer, ASessionExpiresBetweenItsTimeoutAndOneTickLater) {
    client.connect(5000);
    client.create("/e", CreateMode::ephemeral);
    const Instant expiry = bench.ensemble.expiry_of(client.session).value();
    EXPECT_GT(expiry, bench.now + seconds{5});
    EXPECT_LE(expiry, bench.now + seconds{7});
    EXPECT_EQ(expiry, bench.ensemble.next_wakeup());
    bench.run_until(expiry - milliseconds{1});
    EXPECT_FALSE(client.is_closed());
    bench.run_until(expiry);
    EXPECT_TRUE(client.is_closed());
    EXPECT_FALSE(bench.ensemble.committed().find("/e"));
    EXPECT_THAT(bench.ensemble.sessions(), IsEmpty());
    EXPECT_EQ(client.session, bench.ensemble.session_of(client.id)) << "it is remembered";
}

TEST_F(OneServer, EveryRequestPutsExpiryOffAndAuthDoesNot) {
    client.connect(5000);
    const Instant at_first = bench.ensemble.expiry_of(client.session).value();
    bench.run_for(seconds{4});
    client.send_bytes(wire::encode_request(wire::auth_xid, wire::AuthPacket{0, "digest", "a:b"}));
    EXPECT_EQ(at_first, bench.ensemble.expiry_of(client.session));
    client.ping();
    EXPECT_LT(at_first, bench.ensemble.expiry_of(client.session));
}

TEST_F(OneServer, ReattachingWithAShorterTimeoutExpiresEarlier) {
    client.connect(40'000);
    client.connect(4000);
    EXPECT_LE(bench.ensemble.expiry_of(client.session).value(), bench.now + seconds{6});
    bench.run_for(seconds{6});
    EXPECT_TRUE(client.is_closed());
}

TEST_F(OneServer, CloseSessionAnswersAndDropsWhatIsBehindIt) {
    client.connect();
    client.create("/e", CreateMode::ephemeral);
    client.send_bytes(wire::encode_request(7, wire::CloseSessionRequest{}) +
                      wire::encode_request(8, create_request("/late")));
    const auto reply = client.next_reply();
    ASSERT_TRUE(reply);
    EXPECT_EQ(7, reply->header.xid);
    EXPECT_EQ(ServerError::ok, reply->header.err);
    EXPECT_FALSE(client.next_reply());
    EXPECT_TRUE(client.is_closed());
    EXPECT_FALSE(bench.ensemble.committed().find("/e"));
    EXPECT_FALSE(bench.ensemble.committed().find("/late"));
    EXPECT_FALSE(bench.ensemble.expiry_of(client.session));
}

TEST_F(OneServer, AnOperationThatNoClientMaySendCostsTheConnectionAndNotTheSession) {
    client.connect();
    for (const Opcode op : {Opcode::check, Opcode{108}, Opcode::notification,
                            Opcode::create_session, Opcode::delete_container}) {
        const std::int64_t before = bench.ensemble.last_zxid();
        const Reply reply = client.ask(op, wire::CheckRequest{"/"});
        EXPECT_EQ(ServerError::unimplemented, reply.header.err);
        EXPECT_EQ(-1, reply.header.zxid);
        EXPECT_TRUE(client.is_closed());
        EXPECT_EQ(before, bench.ensemble.last_zxid());
        client.connect();
        EXPECT_NE(0, client.welcome->session_id);
    }
}

TEST_F(OneServer, KillKeepsTheTreeAndRestartGivesSessionsTheirWholeTimeout) {
    client.connect(5000);
    client.create("/e", CreateMode::ephemeral);
    bench.run_for(seconds{4});
    bench.ensemble.kill(bench.now, 0);
    EXPECT_TRUE(client.is_closed());
    bench.run_for(seconds{60});
    bench.ensemble.restart(bench.now, 0);
    client.connect(5000);
    EXPECT_NE(0, client.welcome->session_id);
    EXPECT_TRUE(client.stat("/e"));
}

TEST_F(OneServer, FourLetterWordsAreAnswered) {
    client.connect();
    client.stat("/x", true);
    client.create("/e", CreateMode::ephemeral);
    const auto ask = [&](std::string_view word) {
        const auto id = bench.ensemble.accept(bench.now, 0).value();
        bench.ensemble.receive(bench.now, id, word.substr(0, 2));
        bench.ensemble.receive(bench.now, id, word.substr(2));
        const Ensemble::Output output = bench.ensemble.take_output(id);
        EXPECT_TRUE(output.is_closed);
        return output.bytes;
    };
    EXPECT_EQ("imok", ask("ruok"));
    EXPECT_THAT(ask("srvr"), HasSubstr("Zookeeper version: 3.8.0-"));
    EXPECT_THAT(ask("srvr"), HasSubstr("\nMode: standalone\n"));
    EXPECT_THAT(ask("mntr"), HasSubstr("zk_ephemerals_count\t1\n"));
    EXPECT_THAT(ask("mntr"), HasSubstr("zk_num_alive_connections\t2\n"));
    EXPECT_THAT(ask("wchs"), HasSubstr("connections watching"));
    EXPECT_THAT(ask("cons"), HasSubstr("sid=0x1"));
}

class OldServer : public OneServer {
protected:
    OldServer() : OneServer({.release = {3, 4, 8}, .answers_close_session = false}) {}
};

TEST_F(OldServer, LaterOperationsAreUnknownAndTheCloseReplyNeverComes) {
    client.connect();
    EXPECT_EQ(ServerError::unimplemented,
              client.error_of(wire::Create2Request{"/a", "", anyone()}));
    EXPECT_TRUE(client.is_closed());
    client.connect();
    EXPECT_EQ(ServerError::bad_arguments, client.create("/a", CreateMode::container));
    EXPECT_EQ(ServerError::no_node, client.create("/absent/a", CreateMode::container));
    EXPECT_FALSE(bench.ensemble.committed().find("/zookeeper/config"));
    client.send(wire::CloseSessionRequest{});
    EXPECT_FALSE(client.next_reply());
    EXPECT_TRUE(client.is_closed());
}

class ReadOnlyServer : public OneServer {
protected:
    ReadOnlyServer() : OneServer({.release = {3, 6, 3}, .is_read_only = true}) {}
};

TEST_F(ReadOnlyServer, TakesOnlyClientsThatSaySoAndRefusesTheirWrites) {
    client.connect();
    EXPECT_FALSE(client.welcome);
    EXPECT_TRUE(client.is_closed());
    const auto id = bench.ensemble.accept(bench.now, 0).value();
    bench.ensemble.receive(
        bench.now, id,
        wire::encode_frame(wire::ConnectRequest{.timeout_ms = 5000, .read_only = true}));
    const std::string bytes = bench.ensemble.take_output(id).bytes;
    EXPECT_EQ(true, wire::decode<wire::ConnectResponse>(bytes.substr(4)).value().read_only);
    bench.ensemble.receive(bench.now, id, wire::encode_request(1, create_request("/a")));
    const std::string reply = bench.ensemble.take_output(id).bytes.substr(4);
    EXPECT_EQ(ServerError::not_read_only, wire::split_reply(reply).value().header.err);
}

class Exact : public OneServer {
protected:
    Exact() : OneServer({.expires_at_once = true}) {}
};

TEST_F(Exact, ASessionExpiresAtTheFirstLegalInstant) {
    client.connect(5000);
    bench.run_for(milliseconds{1234});
    client.ping();
    const Instant touched = bench.now;
    bench.run_for(seconds{5} - Duration{1});
    EXPECT_FALSE(client.is_closed());
    EXPECT_EQ(touched + seconds{5}, bench.ensemble.expiry_of(client.session));
    bench.run_for(Duration{1});
    EXPECT_TRUE(client.is_closed());
}

class Fates : public OneServer {
protected:
    Fates() {
        client.connect();
        bench.ensemble.set_fate([this](const Arrival& arrival) {
            x_seen.push_back(arrival.op);
            return arrival.op == Opcode::create ? fate : Fate::serve;
        });
    }
    bool is_made() { return bench.ensemble.committed().find("/a") != nullptr; }

    Fate fate = Fate::serve;
    std::vector<Opcode> x_seen;
};

TEST_F(Fates, CloseBefore) {
    fate = Fate::close_before;
    client.send(create_request("/a"));
    EXPECT_TRUE(client.is_closed());
    EXPECT_FALSE(is_made());
}

TEST_F(Fates, CloseUnheard) {
    fate = Fate::close_unheard;
    client.send(create_request("/a"));
    EXPECT_FALSE(client.next_reply());
    EXPECT_TRUE(client.is_closed());
    EXPECT_TRUE(is_made());
}

TEST_F(Fates, CloseAfter) {
    fate = Fate::close_after;
    client.send(create_request("/a"));
    EXPECT_TRUE(client.next_reply());
    EXPECT_TRUE(client.is_closed());
}

TEST_F(Fates, FreezeBefore) {
    fate = Fate::freeze_before;
    client.send(create_request("/a"));
    client.ping();
    EXPECT_FALSE(client.take_pong());
    EXPECT_FALSE(client.is_closed());
    EXPECT_FALSE(is_made());
    EXPECT_THAT(x_seen, ElementsAre(Opcode::create));
}

TEST_F(Fates, FreezeUnheard) {
    fate = Fate::freeze_unheard;
    client.send(create_request("/a"));
    EXPECT_FALSE(client.next_reply());
    EXPECT_FALSE(client.is_closed());
    EXPECT_TRUE(is_made());
}

}  // namespace leasehold::server
