// Several servers that work: what a client may rely on, and what not, when it is attached to a
// follower.
#include "tests/unit/server/client.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace leasehold::server {

using ::testing::ElementsAre;

namespace {

constexpr Duration tick = milliseconds{200};
constexpr int sync_limit = 5;

EnsembleOptions three(std::function<Duration(std::size_t, std::size_t)> delay = {}) {
    return {.servers = 3, .tick = tick, .sync_limit = sync_limit, .delay = std::move(delay)};
}

}  // namespace

/// Server 2 leads from the start.
class ThreeServers : public ::testing::Test {
protected:
    explicit ThreeServers(EnsembleOptions options = three()) : bench(std::move(options)) {}

    Ensemble& ensemble() { return bench.ensemble; }

    Bench bench;
};

TEST_F(ThreeServers, OneLeadsAndTheOthersFollow) {
    EXPECT_EQ(2U, ensemble().leader());
    EXPECT_EQ(Role::leading, ensemble().role(2));
    EXPECT_EQ(Role::following, ensemble().role(0));
}

TEST_F(ThreeServers, AWriteThroughAFollowerIsSeenThereBeforeItsReply) {
    Client client(bench, 0);
    client.connect();
    const std::string path = client.created("/n-", CreateMode::ephemeral_sequential);
    EXPECT_EQ("/n-0000000000", path);
    EXPECT_TRUE(client.stat(path));
    EXPECT_TRUE(ensemble().tree(1).find(path));
    EXPECT_TRUE(ensemble().tree(2).find(path));
}

TEST_F(ThreeServers, AllServersHaveTheSameTree) {
    Client one(bench, 0);
    Client two(bench, 1);
    one.connect();
    two.connect();
    one.create("/a");
    two.create("/a/b");
    one.ask(wire::SetDataRequest{"/a", "x"});
    for (ServerId id = 0; id < 3; ++id) {
        const Znode* node = ensemble().tree(id).find("/a");
        ASSERT_NE(nullptr, node);
        EXPECT_EQ("x", node->data);
        EXPECT_EQ(ensemble().tree(2).find("/a")->stat, node->stat);
    }
}

TEST_F(ThreeServers, WatchesFireOnTheServerThatHasThem) {
    Client watcher(bench, 0);
    Client writer(bench, 1);
    watcher.connect();
    writer.connect();
    writer.create("/a");
    watcher.ask(wire::GetDataRequest{"/a", true});
    writer.ask(wire::RemoveRequest{"/a"});
    const auto events = watcher.take_events();
    ASSERT_EQ(1U, events.size());
    EXPECT_EQ(wire::WatchEventType::deleted, events[0].type);
    EXPECT_EQ(0U, ensemble().watches(0));
}

TEST_F(ThreeServers, PasswordsAndSessionsAreKnownEverywhere) {
    Client client(bench, 0);
    client.connect();
    const std::int64_t session = client.session;
    client.hang_up();
    client.connect_to(1);
    EXPECT_EQ(session, client.welcome->session_id);
    client.password[0] = static_cast<char>(client.password[0] + 1);
    client.connect_to(2);
    EXPECT_EQ(0, client.welcome->session_id);
    EXPECT_TRUE(client.is_closed());
}

TEST_F(ThreeServers, AMovedSessionIsNoticedByAWriteAlone) {
    Client old_place(bench, 0);
    old_place.connect();
    Client new_place(bench, 1);
    new_place.session = old_place.session;
    new_place.password = old_place.password;
    new_place.connect();
    ASSERT_NE(0, new_place.welcome->session_id);
    old_place.ping();
    EXPECT_TRUE(old_place.take_pong());
    EXPECT_EQ(ServerError::no_node, old_place.error_of(wire::ExistsRequest{"/a"}));
    EXPECT_EQ(ServerError::ok, old_place.error_of(wire::SyncRequest{"/a"}));
    old_place.send(create_request("/a"));
    EXPECT_FALSE(old_place.next_reply());
    EXPECT_TRUE(old_place.is_closed());
    EXPECT_FALSE(ensemble().committed().find("/a"));
    EXPECT_EQ(ServerError::ok, new_place.create("/a"));
}

TEST_F(ThreeServers, AMovedSessionIsNoticedOnTheLeaderByAPing) {
    Client old_place(bench, 2);
    old_place.connect();
    Client new_place(bench, 1);
    new_place.session = old_place.session;
    new_place.password = old_place.password;
    new_place.connect();
    old_place.ping();
    EXPECT_FALSE(old_place.take_pong());
    EXPECT_TRUE(old_place.is_closed());
}

TEST_F(ThreeServers, AClientOfAFollowerTouchesTheLeaderThroughPingRepliesAlone) {
    Client client(bench, 0);
    client.connect(2000);
    const auto expiry = [&] { return ensemble().expiry_of(client.session).value(); };
    const Instant at_first = expiry();
    bench.run_for(milliseconds{410});  // between two pings of the leader
    client.ping();
    client.ask(create_request("/a"));
    EXPECT_TRUE(client.take_pong());
    EXPECT_EQ(at_first, expiry());
    bench.run_for(tick / 2);
    EXPECT_GT(expiry(), at_first);
}

TEST_F(ThreeServers, ReattachingThroughAFollowerTouchesTheLeaderAtOnce) {
    Client client(bench, 0);
    client.connect(2000);
    const Instant at_first = ensemble().expiry_of(client.session).value();
    bench.run_for(seconds{1});
    client.hang_up();
    client.connect_to(1, 2000);
    EXPECT_GE(ensemble().expiry_of(client.session).value(), at_first + seconds{1});
}

TEST_F(ThreeServers, ASilentSessionIsExpiredWithinATickAndEverywhere) {
    Client client(bench, 0);
    client.connect(2000);
    client.create("/e", CreateMode::ephemeral);
    const Instant touched = bench.now;
    Instant gone{};
    ensemble().set_on_commit([&](Instant at, const Transaction& transaction) {
        if (transaction.kind == TransactionKind::close_session) {
            gone = at;
        }
    });
    bench.run_for(seconds{5});
    EXPECT_GT(gone, touched + seconds{2});
    EXPECT_LE(gone, touched + seconds{2} + tick + tick / 2);
    EXPECT_TRUE(client.is_closed());
    EXPECT_FALSE(ensemble().tree(0).find("/e"));
    EXPECT_THAT(ensemble().sessions(), ElementsAre());
}

TEST_F(ThreeServers, ASessionExpiresWhenTold) {
    Client client(bench, 1);
    client.connect();
    EXPECT_TRUE(ensemble().expire(bench.now, client.session));
    EXPECT_TRUE(client.is_closed());
    EXPECT_FALSE(ensemble().expire(bench.now, client.session));
    client.connect_to(0);
    EXPECT_EQ(0, client.welcome->session_id);
}

class SlowLinks : public ThreeServers {
protected:
    SlowLinks() : ThreeServers(three([](auto, auto) { return milliseconds{10}; })) {}
};

TEST_F(SlowLinks, AReadWaitsBehindThePendingWriteOfItsSessionAlone) {
    Client writer(bench, 0);
    Client reader(bench, 0);
    writer.send_connect();
    reader.send_connect();
    bench.run_for(milliseconds{100});
    writer.pull();
    reader.pull();
    writer.send(create_request("/a"));
    writer.send(wire::ExistsRequest{"/a"});
    reader.send(wire::ExistsRequest{"/a"});
    EXPECT_EQ(ServerError::no_node, reader.next_reply()->header.err);
    EXPECT_FALSE(writer.next_reply());
    bench.run_for(milliseconds{29});
    EXPECT_FALSE(writer.next_reply());
    bench.run_for(milliseconds{11});
    EXPECT_EQ(ServerError::ok, writer.next_reply()->header.err);
    EXPECT_EQ(ServerError::ok, writer.next_reply()->header.err);
}

TEST_F(SlowLinks, SyncOnAFollowerWaitsForWhatTheLeaderHasProposed) {
    Client writer(bench, 2);
    Client reader(bench, 0);
    writer.send_connect();
    reader.send_connect();
    bench.run_for(milliseconds{100});
    reader.pull();
    writer.pull();
    writer.send(create_request("/a"));
    reader.send(wire::SyncRequest{"/a"});
    reader.send(wire::ExistsRequest{"/a"});
    EXPECT_FALSE(reader.next_reply());
    bench.run_for(milliseconds{50});
    EXPECT_EQ(ServerError::ok, reader.next_reply()->header.err);
    EXPECT_EQ(ServerError::ok, reader.next_reply()->header.err);
}

TEST_F(SlowLinks, RequestsBehindTheConnectRequestWaitForItsAnswer) {
    Client client(bench, 0);
    client.send_connect();
    client.send(create_request("/a"));
    bench.run_for(milliseconds{100});
    EXPECT_EQ(ServerError::ok, client.next_reply()->header.err);
    EXPECT_NE(0, client.session);
}

}  // namespace leasehold::server
