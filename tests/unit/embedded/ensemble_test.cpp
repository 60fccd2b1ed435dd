// Switches that only an ensemble has a use for: leaders, quorums, partitions.
#include "tests/unit/embedded/fixture.hpp"

namespace leasehold::embedded_test {
namespace {

/// Options of a client that knows one server only.
Client connect_to(const EmbeddedServer& server, std::size_t number) {
    auto client = Client::connect("127.0.0.1:" + std::to_string(server.port(number)),
                                  server.client_options(40s))
                      .value();
    client.wait_connected(patient(15s)).value();
    return client;
}

std::size_t a_follower(const EmbeddedServer& server) {
    return (server.leader() + 1) % server.size();
}

TEST_F(EmbeddedEnsemble, HasALeaderFromTheStart_AndServesOnEveryServer) {
    EXPECT_LT(server.leader(), 3U);
    for (std::size_t number = 0; number < server.size(); ++number) {
        const Client client = connect_to(server, number);
        auto lock = client.lock("/lock", {.wait = 10s, .budget = 10s});
        ASSERT_TRUE(lock) << why(lock);
    }
    EXPECT_TRUE(connect(server).lock("/lock")) << "the default budget fits";
}

TEST_F(EmbeddedEnsemble, KilledLeader_IsReplaced_AndTheSessionLivesOn) {
    const Client client = connect(server, server.client_options(40s));
    const auto lock = client.lock("/lock", {.wait = 5s, .budget = 20s}).value();
    const std::size_t old = server.leader();
    server.kill(old);
    EXPECT_TRUE(eventually([&] { return server.leader() < 3; }));
    EXPECT_NE(server.leader(), old);
    EXPECT_TRUE(client.zookeeper().exists("/").has_value());
    EXPECT_TRUE(lock.valid());
    EXPECT_EQ(client.stats().sessions, 1U);
    server.restart(old);
    const Client back = connect_to(server, old);
    EXPECT_EQ(back.zookeeper().children("/lock").value().names.size(), 1U) << "it caught up";
}

TEST_F(EmbeddedEnsemble, WithoutAQuorum_NothingIsServed) {
    server.kill(0);
    server.kill(1);
    EXPECT_TRUE(eventually([&] { return server.leader() == EmbeddedServer::every_server; }));
    const Client client = Client::connect(server.connect_string(), server.client_options()).value();
    EXPECT_EQ(client.wait_connected(200ms).error(), errc::no_server);
    EXPECT_EQ(server.expire_all_sessions(), 0U);
    server.restart();
    EXPECT_TRUE(client.wait_connected(patient(30s)));
}

TEST_F(EmbeddedEnsemble, PartitionedFollower_IsLeftByItsClients) {
    const std::size_t alone = a_follower(server);
    const Client client = connect(server, server.client_options(40s));
    const Client lonely = connect_to(server, alone);
    server.partition(alone);
    EXPECT_LT(server.leader(), 3U) << "the others are a quorum";
    EXPECT_TRUE(eventually([&] { return lonely.state() != ClientState::connected; }));
    EXPECT_TRUE(client.zookeeper().create("/node"));
    server.partition(alone, false);
    EXPECT_TRUE(lonely.wait_connected(patient(30s)));
    EXPECT_TRUE(lonely.zookeeper().exists("/node").value().has_value());
}

TEST_F(EmbeddedEnsemble, PausedFollower_DoesNotHinderTheOthers) {
    const std::size_t stopped = a_follower(server);
    server.pause(stopped);
    const Client client = connect(server);
    EXPECT_TRUE(client.zookeeper().create("/node"));
    server.kill(stopped);
    server.restart(stopped);
    const Client back = connect_to(server, stopped);
    EXPECT_TRUE(back.zookeeper().exists("/node").value().has_value());
}

TEST_F(EmbeddedEnsemble, SwitchesOfOneServer_LeaveTheOthersAlone) {
    const Client one = connect_to(server, 0);
    const Client two = connect_to(server, 1);
    server.half_open(true, 0);
    server.refuse_connections(true, 0);
    server.cut(0);
    EXPECT_TRUE(two.zookeeper().create("/node"));
    EXPECT_EQ(two.stats().reconnects, 0U);
    EXPECT_TRUE(eventually([&] { return one.state() != ClientState::connected; }));
    server.half_open(false, 0);
    server.refuse_connections(false, 0);
    EXPECT_TRUE(one.wait_connected(patient(30s)));
}

TEST_F(EmbeddedEnsemble, ExpiredSession_IsGoneOnEveryServer) {
    const Client client = connect_to(server, a_follower(server));
    ASSERT_TRUE(client.zookeeper().create("/mine", "", ephemeral));
    EXPECT_EQ(server.expire_all_sessions(), 1U);
    EXPECT_TRUE(server.ephemerals().empty());
    EXPECT_TRUE(eventually([&] { return client.stats().sessions == 2; }));
}

}  // namespace
}  // namespace leasehold::embedded_test
