// Several servers that are killed, paused and cut off: who leads, who is served for how long, and
// what is committed.
#include "tests/unit/server/client.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace leasehold::server {

using ::testing::ElementsAre;

namespace {

constexpr Duration tick = milliseconds{200};
constexpr int sync_limit = 5;
constexpr Duration patience = sync_limit * tick;

EnsembleOptions three() {
    return {.servers = 3, .tick = tick, .sync_limit = sync_limit};
}

}  // namespace

/// Server 2 leads from the start.
class FailingServers : public ::testing::Test {
protected:
    FailingServers() : bench(three()) {}

    Ensemble& ensemble() { return bench.ensemble; }
    /// The ensemble has a leader whom all that are up follow.
    void let_recover() { bench.run_for(2 * patience); }

    Bench bench;
};

TEST_F(FailingServers, AKilledLeaderIsReplacedAndItsSessionsStartAfresh) {
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

TEST_F(FailingServers, WithoutAQuorumNothingIsCommittedAndNobodyIsServedForLong) {
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

TEST_F(FailingServers, WhatTheNewLeaderHasLoggedIsCommittedByIt) {
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

TEST_F(FailingServers, APartitionedFollowerAnswersPingsUntilItGivesUpItsLeader) {
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

TEST_F(FailingServers, TheLeaderExpiresASessionWhosePartitionedServerStillAnswersIt) {
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

TEST_F(FailingServers, ADeposedLeaderAnswersPingsAndSyncAndCommitsNothing) {
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

TEST_F(FailingServers, AnUncommittedWriteOfADeposedLeaderIsLost) {
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

TEST_F(FailingServers, ALostMessageBreaksTheLinkAndTheFollowerRejoins) {
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

TEST_F(FailingServers, ACutThatLosesNothingIsNotNoticed) {
    Client client(bench, 0);
    client.connect(4000);
    ensemble().set_linked(bench.now, 0, 2, false);
    ensemble().set_linked(bench.now, 0, 2, true);
    EXPECT_EQ(ServerError::ok, client.create("/a"));
}

TEST_F(FailingServers, APausedServerDoesOnResumeWhatCameToIt) {
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

TEST_F(FailingServers, APausedLeaderIsReplacedAndStepsDownOnResume) {
    ensemble().pause(bench.now, 2);
    bench.run_for(patience + 2 * tick);
    EXPECT_EQ(1U, ensemble().leader());
    ensemble().resume(bench.now, 2);
    let_recover();
    EXPECT_EQ(Role::following, ensemble().role(2));
}

}  // namespace leasehold::server
