// Each switch of one server does what its documentation says, to a real client.
#include "tests/unit/embedded/fixture.hpp"

#include <boost/asio/use_future.hpp>

#include <future>

namespace leasehold::embedded_test {
namespace {

TEST_F(Embedded, ServesAClient_WithTheOptionsItGives) {
    const Client client = connect(server);
    auto lock = client.lock("/orders/42");
    ASSERT_TRUE(lock) << why(lock);
    EXPECT_FALSE(lock->is_shortened()) << "the default budget fits into the session timeout";
    EXPECT_EQ(server.nodes("/orders/42").size(), 1U);
    EXPECT_EQ(server.ephemerals(), std::vector{std::string(lock->node())});
    EXPECT_EQ(server.sessions().size(), 1U);
    EXPECT_EQ(server.leader(), 0U);
    EXPECT_EQ(server.connect_string(), "127.0.0.1:" + std::to_string(server.port()));
}

TEST_F(Embedded, ExpiredSession_LosesItsNodesAndItsLocks) {
    const Client client = connect(server);
    const auto lock = client.lock("/lock").value();
    const std::vector<std::int64_t> sessions = server.sessions();
    ASSERT_EQ(sessions.size(), 1U);

    EXPECT_TRUE(server.expire_session(sessions.front()));
    EXPECT_TRUE(server.ephemerals().empty()) << "in effect when the switch returns";
    EXPECT_EQ(std::count(server.sessions().begin(), server.sessions().end(), sessions.front()), 0);
    EXPECT_TRUE(eventually([&] { return !lock.valid(); }));
    EXPECT_TRUE(eventually([&] { return client.stats().sessions == 2; })) << "it opens the next";
    EXPECT_FALSE(server.expire_session(sessions.front())) << "there is no such session any more";
}

TEST_F(Embedded, AllSessionsExpired_IsCounted) {
    const Client one = connect(server);
    const Client other = connect(server);
    EXPECT_EQ(server.expire_all_sessions(), 2U);
    EXPECT_TRUE(eventually([&] { return one.stats().sessions + other.stats().sessions == 4; }));
}

TEST_F(Embedded, DroppedReplyOfACreate_LeavesTheNode) {
    const Client client = connect(server);
    server.drop_next_reply(Operation::create);
    EXPECT_EQ(server.drops_left(), 1U);
    const auto created = client.zookeeper().create("/node", "data");
    EXPECT_TRUE(fails_with(created, errc::connection_lost));
    EXPECT_EQ(server.nodes("/").size(), 2U) << "/zookeeper and /node";
    EXPECT_EQ(server.drops_left(), 0U);
    EXPECT_TRUE(client.zookeeper().create("/other")) << "it was for one request";
}

TEST_F(Embedded, DroppedRequestOfACreate_LeavesNothing) {
    const Client client = connect(server);
    server.drop_next_request(Operation::create);
    const auto created = client.zookeeper().create("/node", "data");
    EXPECT_TRUE(fails_with(created, errc::connection_lost));
    EXPECT_EQ(server.nodes("/"), std::vector<std::string>{"zookeeper"});
}

TEST_F(Embedded, DroppedReplyOfEachOperation_IsOfThatOperationAlone) {
    const Client client = connect(server);
    const ZooKeeper zookeeper = client.zookeeper();
    ASSERT_TRUE(zookeeper.create("/node"));
    Multi multi;
    multi.check("/node");
    const auto lost = [&](Operation operation, auto&& request) {
        server.drop_next_reply(operation);
        EXPECT_TRUE(zookeeper.create("/between", "", ephemeral));
        EXPECT_TRUE(zookeeper.remove("/between")) << "nothing happens to other operations";
        EXPECT_EQ(server.drops_left(), 1U);
        const std::size_t reconnects = client.stats().reconnects;
        const auto answer = request();
        EXPECT_TRUE(eventually([&] { return client.stats().reconnects > reconnects; }));
        EXPECT_EQ(server.drops_left(), 0U);
        return answer;
    };
    EXPECT_TRUE(fails_with(lost(Operation::set, [&] { return zookeeper.set("/node", "x"); }),
                           errc::connection_lost));
    EXPECT_EQ(zookeeper.get("/node").value().data, "x") << "it was carried out";
    EXPECT_TRUE(fails_with(lost(Operation::multi, [&] { return zookeeper.multi(multi); }),
                           errc::connection_lost));
    (void)lost(Operation::get, [&] { return zookeeper.get("/node"); });
    (void)lost(Operation::exists, [&] { return zookeeper.exists("/node"); });
    (void)lost(Operation::children, [&] { return zookeeper.children("/node"); });
    (void)lost(Operation::sync, [&] { return zookeeper.sync("/"); });
    server.drop_next_reply(Operation::remove);
    EXPECT_TRUE(fails_with(zookeeper.remove("/node"), errc::connection_lost));
    EXPECT_EQ(server.nodes("/"), std::vector<std::string>{"zookeeper"});
    server.drop_next_reply(Operation::any);
    EXPECT_TRUE(fails_with(zookeeper.create("/any"), errc::connection_lost));
}

TEST_F(Embedded, DroppedReplyOfAConnect_LeavesASessionThatNobodyKnows) {
    server.drop_next_reply(Operation::connect);
    const Client client = connect(server);
    EXPECT_EQ(server.sessions().size(), 2U);
    EXPECT_EQ(client.stats().sessions, 1U);
}

TEST_F(Embedded, DroppedReplyOfACloseSession_ClosesItAllTheSame) {
    {
        const Client client = connect(server);
        ASSERT_TRUE(client.zookeeper().create("/e", "", ephemeral));
        server.drop_next_reply(Operation::close_session);
        (void)client.close();
    }
    EXPECT_TRUE(server.sessions().empty());
    EXPECT_TRUE(server.ephemerals().empty());
}

TEST_F(Embedded, CutConnections_KeepTheirSessions) {
    const Client client = connect(server);
    const auto lock = client.lock("/lock").value();
    const auto sessions = server.sessions();
    server.cut();
    EXPECT_TRUE(eventually([&] { return client.stats().reconnects == 1; }));
    EXPECT_TRUE(client.wait_connected(patient(15s)));
    EXPECT_EQ(server.sessions(), sessions);
    EXPECT_TRUE(lock.valid());
}

TEST_F(Embedded, Delay_IsThatOfEachReply_AndEndsWhenItIsTakenBack) {
    const Client client = connect(server, server.client_options(40s));
    server.delay(300ms);
    const Instant begin = BootClock::now();
    ASSERT_TRUE(client.zookeeper().create("/late"));
    EXPECT_GE(BootClock::now() - begin, 300ms);

    server.delay(1h);
    auto slow = client.zookeeper().async_create("/slow", "", {}, boost::asio::use_future);
    EXPECT_TRUE(eventually([&] { return server.nodes("/").size() == 3; }))
        << "it is carried out at once";
    EXPECT_EQ(slow.wait_for(0s), std::future_status::timeout);
    server.delay(0s);
    EXPECT_TRUE(slow.get());
}

TEST_F(Embedded, HalfOpenConnection_LetsNothingThroughUntilItIsUndone) {
    const Client client = connect(server, server.client_options(40s));
    server.half_open();
    auto waiting = client.zookeeper().async_create("/node", "", {}, boost::asio::use_future);
    EXPECT_TRUE(eventually([&] { return client.stats().pending_requests > 0; }));
    EXPECT_EQ(waiting.wait_for(200ms), std::future_status::timeout);
    EXPECT_EQ(server.nodes("/").size(), 1U);
    EXPECT_EQ(server.connections(), 1U) << "it is still there";
    server.half_open(false);
    EXPECT_TRUE(waiting.get());
}

TEST_F(Embedded, HalfOpenServer_EndsTheLease_AndExpiresTheSession) {
    const Client client = connect(server, server.client_options(1s));
    const auto lock = client.lock(
        "/lock",
        {.wait = 5s, .budget = 300ms, .on_budget = OnBudget::hold_until_return, .max_hold = 60s});
    ASSERT_TRUE(lock) << why(lock);
    server.half_open();
    EXPECT_TRUE(eventually([&] { return !lock->valid(); }));
    EXPECT_TRUE(eventually([&] { return server.sessions().empty(); }));
    EXPECT_TRUE(server.ephemerals().empty());
    server.half_open(false);
    EXPECT_TRUE(eventually([&] { return client.stats().sessions == 2; }));
}

TEST_F(Embedded, PausedServer_AnswersNothing_AndEverythingWhenItGoesOn) {
    const Client client = connect(server, server.client_options(40s));
    server.pause();
    auto waiting = client.zookeeper().async_create("/node", "", {}, boost::asio::use_future);
    EXPECT_TRUE(eventually([&] { return client.stats().pending_requests > 0; }));
    EXPECT_EQ(waiting.wait_for(200ms), std::future_status::timeout);
    EXPECT_EQ(server.connections(), 1U);
    server.resume();
    EXPECT_TRUE(waiting.get());
    server.resume();  // of a server that runs: nothing
    EXPECT_TRUE(client.zookeeper().remove("/node"));
}

TEST_F(Embedded, PausedServer_ExpiresWhatIsOverdueWhenItGoesOn) {
    const Client client = connect(server, server.client_options(400ms));
    const auto sessions = server.sessions();
    server.pause();
    EXPECT_TRUE(eventually([&] {
        return client.state() == ClientState::connecting || client.state() == ClientState::jeopardy;
    }));
    const Instant overdue = BootClock::now() + 1s;  // its timeout, and two ticks
    support::wait_until(overdue);
    EXPECT_EQ(server.sessions(), sessions) << "its clocks stand still";
    server.resume();
    EXPECT_NE(server.sessions(), sessions);
    EXPECT_TRUE(eventually([&] { return client.stats().sessions == 2; }));
}

TEST_F(Embedded, RefusedConnections_LeaveThoseThatThereAre) {
    const Client before = connect(server);
    server.refuse_connections();
    const Client late = Client::connect(server.connect_string(), server.client_options()).value();
    EXPECT_EQ(late.wait_connected(100ms).error(), errc::no_server);
    EXPECT_TRUE(before.zookeeper().create("/node"));
    EXPECT_EQ(server.connections(), 1U);
    server.refuse_connections(false);
    EXPECT_TRUE(late.wait_connected(patient(15s)));
}

TEST_F(Embedded, KilledServer_ComesBackOnItsPortWithWhatItHad) {
    const Client client = connect(server);
    ASSERT_TRUE(client.zookeeper().create("/node", "data"));
    ASSERT_TRUE(client.zookeeper().create("/mine", "", ephemeral));
    const std::uint16_t port = server.port();
    server.kill();
    EXPECT_EQ(server.connections(), 0U);
    EXPECT_EQ(server.leader(), EmbeddedServer::every_server);
    EXPECT_FALSE(server.expire_session(1));
    EXPECT_TRUE(eventually([&] { return client.state() != ClientState::connected; }));
    server.restart();
    EXPECT_EQ(server.port(), port);
    ASSERT_TRUE(client.wait_connected(patient(15s)));
    EXPECT_EQ(client.zookeeper().get("/node").value().data, "data");
    EXPECT_EQ(server.ephemerals(), std::vector<std::string>{"/mine"}) << "the session lives on";
    EXPECT_EQ(client.stats().sessions, 1U);
}

TEST_F(Embedded, Watches_AreCounted) {
    const Client client = connect(server);
    ASSERT_TRUE(client.zookeeper().create("/node"));
    auto watched = client.zookeeper().get_watched("/node");
    ASSERT_TRUE(watched);
    EXPECT_EQ(server.watches(), 1U);
    ASSERT_TRUE(client.zookeeper().set("/node", "x"));
    EXPECT_TRUE(watched->watch.wait(patient(15s)));
    EXPECT_EQ(server.watches(), 0U);
}

TEST_F(Embedded, SwitchesForAServerThatThereIsNot_DoNothing) {
    const Client client = connect(server);
    server.kill(7);
    server.pause(7);
    server.cut(7);
    server.half_open(true, 7);
    server.partition(7);
    server.refuse_connections(true, 7);
    EXPECT_EQ(server.port(7), 0U);
    EXPECT_TRUE(client.zookeeper().create("/node"));
}

}  // namespace
}  // namespace leasehold::embedded_test
