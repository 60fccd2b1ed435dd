// An ensemble loses members while locks are held and waited for: the session moves to another
// server, leases stay within their deadlines, and nobody holds beside anybody.
#include "tests/integration/fixture.hpp"

#include <boost/asio/use_future.hpp>

#include <algorithm>
#include <future>

namespace leasehold::integration {
namespace {

/// These tests kill servers, so each has its own three. Sessions are long: with 40 s, 38 s of lease
/// are in hand after each acknowledgement, and an election on a busy machine takes a few.
class Ensemble : public ::testing::Test {
protected:
    static constexpr milliseconds session_timeout = 40s;
    static constexpr LockOptions long_hold{.wait = 60s, .budget = 35s};

    /// One that is attached to this server, and may move to the others.
    Client client_at(std::size_t index, milliseconds timeout = session_timeout) {
        // The order of the hosts is shuffled, so the first attachment is asked for until it fits.
        for (int attempt = 0; attempt < 50; ++attempt) {
            const int before = attached_sessions(servers.server(index).port());
            Client client = connect(servers.connect_string(), ensemble_options(timeout));
            if (attached_sessions(servers.server(index).port()) > before) {
                return client;
            }
        }
        throw std::runtime_error("no client came to the server that it should");
    }

    ZooKeeperEnsemble servers{ServerOptions{.nodes = 3}};
    const std::string path = fresh_path();
};

TEST_F(Ensemble, HoldersFollowerIsKilled_TheSessionMovesAndTheLockStays) {
    const std::size_t follower = servers.a_follower();
    const Client us = client_at(follower);
    auto lock = us.lock(path, long_hold);
    ASSERT_TRUE(lock.has_value()) << why(lock);
    servers.server(follower).kill();
    ASSERT_TRUE(eventually([&] { return us.stats().reconnects >= 1; }));
    EXPECT_TRUE(lock->valid());
    EXPECT_EQ(us.stats().sessions, 1U);
    const Client observer = connect(servers.connect_string(), ensemble_options());
    ASSERT_TRUE(observer.zookeeper().sync().has_value());
    EXPECT_EQ(nodes_under(observer, path), 1);
    ASSERT_TRUE(lock->release(patient(10s)).has_value());
    EXPECT_TRUE(becomes_nodes(observer, path, 0));
    servers.heal();
    EXPECT_TRUE(eventually([&] { return us.state() == ClientState::connected; }));
}

TEST_F(Ensemble, WaitersFollowerIsKilled_TheWaiterKeepsItsPlace) {
    const std::size_t follower = servers.a_follower();
    const Client holder = client_at(servers.leader());
    const Client us = client_at(follower);
    auto held = holder.lock(path, long_hold);
    ASSERT_TRUE(held.has_value()) << why(held);
    auto waiting = us.async_lock(path, {.wait = 60s, .budget = 5s}, boost::asio::use_future);
    ASSERT_TRUE(becomes_nodes(holder, path, 2));
    const auto before = holder.zookeeper().children(path).value().names;
    servers.server(follower).kill();
    // The predecessor goes while the waiter looks for another server.
    ASSERT_TRUE(held->release(patient(10s)).has_value());
    const auto granted = waiting.get();
    ASSERT_TRUE(granted.has_value()) << why(granted);
    EXPECT_EQ(us.stats().sessions, 1U);
    const std::string name(granted->node().substr(path.size() + 1));
    EXPECT_NE(std::find(before.begin(), before.end(), name), before.end()) << "the same node";
    EXPECT_GT(granted->token(), held->token());
}

TEST_F(Ensemble, LeaderIsKilled_HolderAndWaiterGoOn) {
    const std::size_t leader = servers.leader();
    const Client holder = client_at(leader);
    const Client us = client_at((leader + 1) % 3);
    auto held = holder.lock(path, long_hold);
    ASSERT_TRUE(held.has_value()) << why(held);
    auto waiting = us.async_lock(path, {.wait = 60s, .budget = 5s}, boost::asio::use_future);
    ASSERT_TRUE(becomes_nodes(holder, path, 2));
    servers.server(leader).kill();
    EXPECT_NE(servers.leader(), leader);
    ASSERT_TRUE(eventually(
        [&] { return holder.stats().reconnects >= 1 && us.stats().reconnects >= 1; }, 25s));
    EXPECT_EQ(waiting.wait_for(0s), std::future_status::timeout) << "granted beside a holder";
    EXPECT_TRUE(held->valid());
    ASSERT_TRUE(held->release(patient(10s)).has_value());
    const auto granted = waiting.get();
    ASSERT_TRUE(granted.has_value()) << why(granted);
    EXPECT_GT(granted->token(), held->token()) << "tokens rise over leaders";
    EXPECT_EQ(holder.stats().sessions, 1U);
    EXPECT_EQ(us.stats().sessions, 1U);
}

TEST_F(Ensemble, FrozenFollower_IsLeftForAnotherInTime) {
    // A silent server is left after a third of the timeout, which is why this one is shorter.
    const std::size_t follower = servers.a_follower();
    const Client us = client_at(follower, 15s);
    auto lock = us.lock(path, {.wait = 30s, .budget = 12s});
    ASSERT_TRUE(lock.has_value()) << why(lock);
    servers.server(follower).pause();
    EXPECT_TRUE(eventually([&] { return us.stats().reconnects >= 1; }, 25s));
    EXPECT_TRUE(lock->valid()) << "there was time enough to move";
    EXPECT_EQ(us.stats().sessions, 1U);
    ASSERT_TRUE(lock->release(patient(10s)).has_value());
    servers.server(follower).resume();
}

TEST_F(Ensemble, WithoutAQuorum_NobodyIsGrantedAnythingAndAllGoesOnAfterwards) {
    const std::size_t leader = servers.leader();
    const Client us = client_at(leader);
    auto lock = us.lock(path, long_hold);
    ASSERT_TRUE(lock.has_value()) << why(lock);
    servers.server((leader + 1) % 3).kill();
    servers.server((leader + 2) % 3).kill();
    const auto refused = us.lock(path + "-other", {.wait = 1500ms, .budget = 1s});
    ASSERT_FALSE(refused.has_value()) << "granted by a server without a quorum";
    EXPECT_TRUE(refused.error() == errc::wait_expired || refused.error() == errc::no_server)
        << why(refused);
    EXPECT_TRUE(lock->valid()) << "the lease does not depend on the servers";
    servers.heal();
    ASSERT_TRUE(eventually([&] { return us.state() == ClientState::connected; }, 25s));
    ASSERT_TRUE(lock->release(patient(10s)).has_value());
    EXPECT_EQ(us.stats().sessions, 1U);
    auto again = us.lock(path + "-other", {.wait = 10s, .budget = 1s});
    ASSERT_TRUE(again.has_value()) << why(again);
    EXPECT_TRUE(eventually([&] { return us.stats().nodes_to_delete == 0; }));
}

TEST_F(Ensemble, BudgetIsHonouredWhileServersAreBeingKilled) {
    const std::size_t follower = servers.a_follower();
    const Client us = client_at(follower);
    const Client observer = client_at(servers.leader());
    auto lock = us.lock(path, {.wait = 10s, .budget = 1s});
    ASSERT_TRUE(lock.has_value()) << why(lock);
    const Instant due = lock->deadline();
    servers.server(follower).kill();
    wait_until(due);
    EXPECT_FALSE(lock->valid());
    EXPECT_TRUE(becomes_nodes(observer, path, 0)) << "first thing on the next connection";
    EXPECT_EQ(us.stats().sessions, 1U);
}

}  // namespace
}  // namespace leasehold::integration
