// The real ZooKeeper 3.4.8, with NIO and with Netty: the server of the outage that leasehold is
// for. Needs its jars, which './dev setup' fetches.
#include "tests/integration/old_servers.hpp"

#include <boost/asio/use_future.hpp>

#include <future>

namespace leasehold::integration {
namespace {

class OldZooKeeper : public OldServers {
protected:
    Client client() { return connect(servers->connect_string(), standalone_options()); }

    const LockOptions usual{.wait = 20s, .budget = 5s};
};

INSTANTIATE_TEST_SUITE_P(Kinds, OldZooKeeper, ::testing::Values(false, true),
                         [](const auto& kind) { return kind.param ? "Netty" : "Nio"; });

TEST_P(OldZooKeeper, LocksAreHandedOver_AndNoConnectionIsLostToAnUnknownOperation) {
    const Client us = client();
    const Client other = client();
    const std::string path = fresh_path();
    for (int round = 0; round < 20; ++round) {
        auto held = us.lock(path, usual);
        ASSERT_TRUE(held.has_value()) << why(held);
        auto waiting = other.async_lock(path, usual, boost::asio::use_future);
        ASSERT_TRUE(becomes_nodes(us, path, 2));
        EXPECT_TRUE(fails_with(other.lock(path, {.wait = 50ms, .budget = 1s}), errc::wait_expired));
        const std::int64_t token = held->token();
        ASSERT_TRUE(held->release().has_value());
        auto granted = waiting.get();
        ASSERT_TRUE(granted.has_value()) << why(granted);
        EXPECT_GT(granted->token(), token);
        ASSERT_TRUE(granted->release().has_value());
    }
    EXPECT_TRUE(becomes_nodes(us, path, 0));
    EXPECT_EQ(us.stats().connects, us.stats().sessions + 1) << "the question for the version";
    EXPECT_EQ(us.stats().reconnects + other.stats().reconnects, 0U);
}

TEST_P(OldZooKeeper, BudgetEndsAHoldThatHangs) {
    const Client us = client();
    const Client other = client();
    const std::string path = fresh_path();
    auto held = us.lock(path, {.wait = 5s, .budget = 500ms});
    ASSERT_TRUE(held.has_value()) << why(held);
    auto next = other.lock(path, usual);
    ASSERT_TRUE(next.has_value()) << why(next);
    EXPECT_FALSE(held->valid());
    EXPECT_GT(next->token(), held->token());
}

TEST_P(OldZooKeeper, CloseLeavesNoSessionAndNoNode) {
    const Client observer = client();
    const std::string path = fresh_path();
    const ServerCounts before = servers->counts().value();
    {
        const Client us = client();
        auto held = us.lock(path, usual);
        ASSERT_TRUE(held.has_value()) << why(held);
        EXPECT_EQ(servers->counts()->ephemerals, before.ephemerals + 1);
        EXPECT_EQ(servers->counts()->sessions, before.sessions + 1);
        const auto closed = us.close();
        EXPECT_TRUE(closed.has_value()) << why(closed);
    }
    EXPECT_EQ(servers->counts()->ephemerals, before.ephemerals);
    EXPECT_EQ(servers->counts()->sessions, before.sessions);
    EXPECT_EQ(nodes_under(observer, path), 0);
}

TEST_P(OldZooKeeper, SessionAndItsWatchesAreUsedAgainSoThatTheServerLeaksNothing) {
    const Client holder = client();
    const Client us = client();
    const std::string path = fresh_path();
    auto held = holder.lock(path, {.wait = 5s, .budget = 9s});
    ASSERT_TRUE(held.has_value()) << why(held);
    for (int round = 0; round < 100; ++round) {
        EXPECT_TRUE(fails_with(us.lock(path, {.wait = 20ms, .budget = 1s}), errc::wait_expired));
    }
    ASSERT_TRUE(becomes_nodes(holder, path, 1));
    // 3.4 cannot remove a watch: the one on the holder is kept, not joined by a hundred others.
    EXPECT_LE(servers->counts()->watches, 1);
    EXPECT_EQ(us.stats().sessions, 1U);
    ASSERT_TRUE(held->release().has_value());
    EXPECT_TRUE(eventually([&] { return servers->counts()->watches == 0; }));
}

}  // namespace
}  // namespace leasehold::integration
