// Several servers: what a client may rely on when it is attached to a follower, and what becomes of
// it when servers and links fail.
#include "tests/unit/server/client.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>

namespace leasehold::server {

using ::testing::ElementsAre;

namespace {

constexpr Duration tick = milliseconds{200};
constexpr int sync_limit = 5;
constexpr Duration patience = sync_limit * tick;

EnsembleOptions three(std::function<Duration(std::size_t, std::size_t)> delay = {}) {
    return {.servers = 3, .tick = tick, .sync_limit = sync_limit, .delay = std::move(delay)};
}

}  // namespace

/// Server 2 leads from the start.
class ThreeServers : public ::testing::Test {
protected:
    explicit ThreeServers(EnsembleOptions options = three()) : bench(std::move(options)) {}

    Ensemble& ensemble() { return bench.ensemble; }
    /// The ensemble has a leader whom all that are up follow.
    void let_recover() { bench.run_for(2 * patience); }

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

TEST_F(ThreeServers, AKilledLeaderIsReplacedAndItsSessionsStartAfresh) {
    Client client(bench, 0);
    client.connect(2000);
    client.create("/e", CreateMode::ephemeral);
    bench.run_for(milliseconds{1500});
    client.hang_up();
    ensemble().kill(bench.now, 2);
    EXPECT_EQ(Role::down, ensemble().role(2));
    EXPECT_FALSE(ensemble().accept(bench.now, 2));
    bench.run_for(tick);
    ASSERT_EQ(1U, ensemble().leader());
    EXPECT_GE(ensemble().expiry_of(client.session).value(), bench.now + seconds{2} - tick);
    EXPECT_EQ(std::int64_t{2} << 32U, ensemble().last_zxid());
    client.connect_to(0, 2000);
    EXPECT_TRUE(client.stat("/e"));
    ensemble().restart(bench.now, 2);
    let_recover();
    EXPECT_EQ(Role::following, ensemble().role(2));
    EXPECT_EQ(1U, ensemble().leader());
}

TEST_F(ThreeServers, WithoutAQuorumNothingIsCommittedAndNobodyIsServedForLong) {
    Client client(bench, 2);
    client.connect(4000);
    ensemble().kill(bench.now, 0);
    ensemble().kill(bench.now, 1);
    const std::int64_t before = ensemble().last_zxid();
    client.send(create_request("/a"));
    client.ping();
    EXPECT_FALSE(client.next_reply());
    EXPECT_FALSE(client.take_pong()) << "it waits behind the write";
    bench.run_for(patience + 2 * tick);
    EXPECT_TRUE(client.is_closed());
    EXPECT_EQ(before, ensemble().last_zxid());
    EXPECT_EQ(Role::looking, ensemble().role(2));
    EXPECT_EQ(std::nullopt, ensemble().leader());
    Client late(bench, 2);
    late.connect();
    EXPECT_FALSE(late.welcome);
    EXPECT_TRUE(late.is_closed());
}

TEST_F(ThreeServers, WhatTheNewLeaderHasLoggedIsCommittedByIt) {
    Client client(bench, 2);
    client.connect();
    ensemble().set_linked(bench.now, 2, 0, false);
    std::vector<std::string> committed;
    ensemble().set_on_commit([&](Instant, const Transaction& transaction) {
        for (const Change& change : transaction.changes) {
            committed.push_back(change.path);
        }
    });
    // Server 1 logs it, and its acknowledgement is the last thing that the leader never hears.
    ensemble().pause(bench.now, 2);
    client.send(create_request("/a"));
    ensemble().resume(bench.now, 2);
    ensemble().on_time(bench.now);
    EXPECT_THAT(committed, ElementsAre("/a"));
    ensemble().kill(bench.now, 2);
    ensemble().set_linked(bench.now, 2, 0, true);
    let_recover();
    EXPECT_EQ(1U, ensemble().leader());
    EXPECT_TRUE(ensemble().tree(0).find("/a"));
    EXPECT_THAT(committed, ElementsAre("/a"));
}

TEST_F(ThreeServers, APartitionedFollowerAnswersPingsUntilItGivesUpItsLeader) {
    Client client(bench, 0);
    client.connect(4000);
    ensemble().set_partitioned(bench.now, 0, true);
    const Instant cut = bench.now;
    while (!client.is_closed() && bench.now < cut + 4 * patience) {
        client.ping();
        if (bench.now < cut + patience - tick / 2) {
            EXPECT_TRUE(client.take_pong());
            EXPECT_TRUE(client.error_of(wire::ExistsRequest{"/"}) == ServerError::ok);
        }
        bench.run_for(milliseconds{10});
    }
    EXPECT_GE(bench.now, cut + patience - tick / 2);
    EXPECT_LE(bench.now, cut + patience + milliseconds{10});
    EXPECT_EQ(2U, ensemble().leader());
    EXPECT_EQ(Role::looking, ensemble().role(0));
    ensemble().set_partitioned(bench.now, 0, false);
    let_recover();
    EXPECT_EQ(Role::following, ensemble().role(0));
}

TEST_F(ThreeServers, TheLeaderExpiresASessionWhosePartitionedServerStillAnswersIt) {
    Client client(bench, 0);
    client.connect(500);
    client.create("/e", CreateMode::ephemeral);
    ensemble().set_partitioned(bench.now, 0, true);
    for (int i = 0; i < 90; ++i) {
        bench.run_for(milliseconds{10});
        client.ping();
    }
    EXPECT_TRUE(client.take_pong());
    EXPECT_FALSE(ensemble().tree(2).find("/e"));
    EXPECT_TRUE(ensemble().tree(0).find("/e"));
}

TEST_F(ThreeServers, ADeposedLeaderAnswersPingsAndSyncAndCommitsNothing) {
    Client client(bench, 2);
    client.connect(4000);
    Client other(bench, 0);
    other.connect(4000);
    ensemble().set_partitioned(bench.now, 2, true);
    const Instant cut = bench.now;
    Instant last_pong = cut;
    Instant new_leader = Instant::max();
    while (!client.is_closed() && bench.now < cut + 4 * patience) {
        client.ping();
        if (client.take_pong()) {
            last_pong = bench.now;
            EXPECT_EQ(ServerError::ok, client.error_of(wire::SyncRequest{"/"}));
        }
        if (ensemble().leader() != 2U && ensemble().leader()) {
            new_leader = std::min(new_leader, bench.now);
        }
        bench.run_for(milliseconds{10});
    }
    EXPECT_GE(last_pong, cut + patience - tick);
    EXPECT_LE(last_pong, cut + patience + tick);
    EXPECT_LE(new_leader, cut + patience + tick);
    EXPECT_EQ(Role::looking, ensemble().role(2));
}

TEST_F(ThreeServers, AnUncommittedWriteOfADeposedLeaderIsLost) {
    Client client(bench, 2);
    client.connect(4000);
    ensemble().set_partitioned(bench.now, 2, true);
    client.send(create_request("/lost"));
    let_recover();
    Client other(bench, ensemble().leader().value());
    other.connect();
    EXPECT_EQ(ServerError::ok, other.create("/kept"));
    ensemble().set_partitioned(bench.now, 2, false);
    let_recover();
    for (ServerId id = 0; id < 3; ++id) {
        EXPECT_TRUE(ensemble().tree(id).find("/kept"));
        EXPECT_FALSE(ensemble().tree(id).find("/lost"));
    }
}

TEST_F(ThreeServers, ALostMessageBreaksTheLinkAndTheFollowerRejoins) {
    Client client(bench, 0);
    client.connect(4000);
    ensemble().set_linked(bench.now, 0, 2, false);
    client.send(create_request("/a"));
    ensemble().set_linked(bench.now, 0, 2, true);
    EXPECT_TRUE(client.is_closed());
    EXPECT_EQ(Role::looking, ensemble().role(0));
    let_recover();
    EXPECT_EQ(Role::following, ensemble().role(0));
    EXPECT_FALSE(ensemble().committed().find("/a"));
}

TEST_F(ThreeServers, ACutThatLosesNothingIsNotNoticed) {
    Client client(bench, 0);
    client.connect(4000);
    ensemble().set_linked(bench.now, 0, 2, false);
    ensemble().set_linked(bench.now, 0, 2, true);
    EXPECT_EQ(ServerError::ok, client.create("/a"));
}

TEST_F(ThreeServers, APausedServerDoesOnResumeWhatCameToIt) {
    Client client(bench, 0);
    client.connect(4000);
    ensemble().pause(bench.now, 0);
    client.ping();
    EXPECT_FALSE(client.take_pong());
    bench.run_for(tick);
    ensemble().resume(bench.now, 0);
    EXPECT_TRUE(client.take_pong());
    EXPECT_EQ(Role::following, ensemble().role(0));
}

TEST_F(ThreeServers, APausedLeaderIsReplacedAndStepsDownOnResume) {
    ensemble().pause(bench.now, 2);
    bench.run_for(patience + 2 * tick);
    EXPECT_EQ(1U, ensemble().leader());
    ensemble().resume(bench.now, 2);
    let_recover();
    EXPECT_EQ(Role::following, ensemble().role(2));
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
