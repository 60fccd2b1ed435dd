// A lock is taken and given back on every kind of server: one holder at a time, rising tokens,
// and nothing left behind.
#include "tests/integration/fixture.hpp"

#include <boost/asio/use_future.hpp>

#include <future>
#include <thread>

namespace leasehold::integration {
namespace {

class Acquire : public ::testing::TestWithParam<Flavour> {
protected:
    ZooKeeperEnsemble& servers() { return GetParam().servers(); }
    Client client() { return connect(servers().connect_string(), options_for(GetParam())); }
};

INSTANTIATE_TEST_SUITE_P(Servers, Acquire, ::testing::ValuesIn(flavours), flavour_name);

TEST_P(Acquire, FreeLock_IsGrantedWithANodeOfOurSession) {
    const Client us = client();
    const Client observer = client();
    const std::string path = fresh_path();

    auto lock = us.lock(path, {.wait = 10s, .budget = 3s});
    ASSERT_TRUE(lock.has_value()) << why(lock);
    EXPECT_TRUE(lock->valid());
    EXPECT_GT(lock->token(), 0);
    EXPECT_EQ(lock->path(), path);
    EXPECT_GT(lock->remaining(), Duration::zero());
    EXPECT_LE(lock->remaining(), 3s);
    const auto node = observer.zookeeper().get(lock->node());
    ASSERT_TRUE(node.has_value()) << why(node);
    EXPECT_NE(node->stat.ephemeral_owner, 0);
    EXPECT_EQ(lock->token() / 64, node->stat.czxid);
    EXPECT_EQ(us.stats().locks_held, 1U);

    const auto released = lock->release();
    ASSERT_TRUE(released.has_value()) << why(released);
    EXPECT_FALSE(lock->valid());
    EXPECT_TRUE(becomes_nodes(observer, path, 0)) << "on the observer's server a moment later";
    EXPECT_EQ(us.stats().locks_held, 0U);
    EXPECT_EQ(us.stats().nodes_to_delete, 0U);
}

TEST_P(Acquire, HandleOutOfScope_ReleasesWithoutBeingAsked) {
    const Client us = client();
    const Client observer = client();
    const std::string path = fresh_path();
    {
        const auto lock = us.lock(path, {.wait = 10s, .budget = 3s});
        ASSERT_TRUE(lock.has_value()) << why(lock);
        EXPECT_TRUE(becomes_nodes(observer, path, 1));
    }
    EXPECT_TRUE(becomes_nodes(observer, path, 0));
}

TEST_P(Acquire, BusyLock_ReportsHolderAndPositionAndLeavesNoNode) {
    const Client holder = connect(servers().connect_string(), [&] {
        ClientOptions options = options_for(GetParam());
        options.owner = "order-service-7";
        return options;
    }());
    const Client waiter = client();
    const std::string path = fresh_path();
    const auto held = holder.lock(path, {.wait = 10s, .budget = 7s});
    ASSERT_TRUE(held.has_value()) << why(held);

    const auto refused = waiter.lock(path, {.wait = 300ms, .budget = 1s});
    ASSERT_TRUE(fails_with(refused, errc::wait_expired));
    EXPECT_EQ(refused.error().context().path, path);
    EXPECT_EQ(refused.error().context().position, 1U);
    EXPECT_NE(refused.error().message().find("order-service-7"), std::string::npos)
        << refused.error().message();
    EXPECT_TRUE(held->valid());
    EXPECT_TRUE(becomes_nodes(holder, path, 1)) << "the waiter's node has to go";
}

TEST_P(Acquire, ReleasedLock_GoesToTheWaiter) {
    const Client first = client();
    const Client second = client();
    const std::string path = fresh_path();
    auto held = first.lock(path, {.wait = 10s, .budget = 7s});
    ASSERT_TRUE(held.has_value()) << why(held);

    auto waiting = second.async_lock(path, {.wait = 30s, .budget = 1s}, boost::asio::use_future);
    ASSERT_TRUE(becomes_nodes(first, path, 2));
    EXPECT_EQ(waiting.wait_for(100ms), std::future_status::timeout) << "granted beside a holder";
    const std::int64_t token = held->token();
    ASSERT_TRUE(held->release().has_value());
    const auto granted = waiting.get();
    ASSERT_TRUE(granted.has_value()) << why(granted);
    EXPECT_GT(granted->token(), token);
}

TEST_P(Acquire, Tokens_RiseOverHoldersSessionsAndRecreatedParents) {
    const Client first = client();
    const Client observer = client();
    const std::string path = fresh_path();
    std::vector<std::int64_t> tokens;
    const auto hold_once = [&](const Client& by) {
        auto lock = by.lock(path, {.wait = 10s, .budget = 2s});
        ASSERT_TRUE(lock.has_value()) << why(lock);
        tokens.push_back(lock->token());
        ASSERT_TRUE(lock->release().has_value());
    };
    hold_once(first);
    hold_once(first);
    hold_once(observer);
    {
        const Client second = client();
        hold_once(second);
        ASSERT_TRUE(second.close().has_value());
    }
    // The sequence numbers of a new parent begin at zero again; the tokens must not.
    const auto removed = observer.zookeeper().remove(path);
    ASSERT_TRUE(removed.has_value() || removed.error() == zk_errc::no_node) << why(removed);
    hold_once(first);
    for (std::size_t i = 1; i < tokens.size(); ++i) {
        EXPECT_LT(tokens[i - 1], tokens[i]) << "grant " << i;
    }
    EXPECT_EQ(tokens.size(), 5U);
}

TEST_P(Acquire, AfterClose_NothingIsLeftOnTheServers) {
    const std::string path = fresh_path();
    {
        const Client holder = client();
        const Client waiter = client();
        auto held = holder.lock(path, {.wait = 10s, .budget = 7s, .watch_own_node = true});
        ASSERT_TRUE(held.has_value()) << why(held);
        auto waiting =
            waiter.async_lock(path, {.wait = 30s, .budget = 1s}, boost::asio::use_future);
        ASSERT_TRUE(becomes_nodes(holder, path, 2));
        ASSERT_TRUE(waiter.close().has_value());
        EXPECT_TRUE(fails_with(waiting.get(), errc::closed));
        ASSERT_TRUE(holder.close().has_value());
        EXPECT_FALSE(held->valid());
    }
    EXPECT_TRUE(nothing_left(servers()));
}

}  // namespace
}  // namespace leasehold::integration
