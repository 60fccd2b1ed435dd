// Sets on real servers: all or nothing, in one order over all paths, beside single locks and those
// of other clients; and what they cost.
#include "tests/integration/fixture.hpp"
#include "tests/integration/peers.hpp"
#include "tests/support/cutting_proxy.hpp"

#include <boost/asio/use_future.hpp>

#include <atomic>
#include <cstdint>
#include <future>
#include <set>
#include <string>
#include <thread>
#include <vector>

namespace leasehold::integration {
namespace {

using wire::Opcode;

class Sets : public TwoClients {
protected:
    const std::vector<std::string> paths{path + "/one", path + "/two", path + "/three"};
};

TEST_P(Sets, MissingPathsAreMadeAndAllAreHeldUnderOneToken) {
    auto set = us.lock_all(paths, {.wait = 20s, .budget = 5s});
    ASSERT_TRUE(set.has_value()) << why(set);
    for (const std::string& each : paths) {
        ASSERT_TRUE(becomes_nodes(observer, each, 1));  // its server may be behind
        const auto contenders = observer.contenders(each);
        ASSERT_TRUE(contenders.has_value()) << why(contenders);
        ASSERT_EQ(contenders->size(), 1U);
        EXPECT_TRUE(fails_with(other.lock(each, {.wait = 0ms, .budget = 1s}), errc::wait_expired));
        const auto node = observer.zookeeper().get(each + "/" + contenders->front().node);
        ASSERT_TRUE(node.has_value()) << why(node);
        EXPECT_EQ(node->stat.czxid * 64, set->token());
    }
    ASSERT_TRUE(set->release().has_value());
    for (const std::string& each : paths) {
        EXPECT_TRUE(becomes_nodes(observer, each, 0));
    }
}

TEST_P(Sets, WaitsForTheLastOfSeveralSinglesAndIsBeforeThoseWhoComeLater) {
    auto first = other.lock(paths[0], {.wait = 20s, .budget = 5s});
    auto third = other.lock(paths[2], {.wait = 20s, .budget = 5s});
    ASSERT_TRUE(first.has_value() && third.has_value());
    auto set = us.async_lock_all(paths, {.wait = 30s, .budget = 3s}, boost::asio::use_future);
    ASSERT_TRUE(becomes_nodes(observer, paths[1], 1));
    auto late = observer.async_lock(paths[1], {.wait = 30s, .budget = 3s}, boost::asio::use_future);
    ASSERT_TRUE(becomes_nodes(observer, paths[1], 2));
    ASSERT_TRUE(third->release().has_value());
    EXPECT_EQ(set.wait_for(100ms), std::future_status::timeout);
    ASSERT_TRUE(first->release().has_value());
    auto granted = set.get();
    ASSERT_TRUE(granted.has_value()) << why(granted);
    EXPECT_EQ(late.wait_for(100ms), std::future_status::timeout);
    ASSERT_TRUE(granted->release().has_value());
    EXPECT_TRUE(late.get().has_value());
}

TEST_P(Sets, OnesThatCrossAllGetThrough) {
    constexpr int rounds = 10;
    std::atomic<int> inside{0};
    std::atomic<int> granted{0};
    std::atomic<bool> were_together{false};
    const auto work = [&](const Client& client, std::vector<std::string> wanted) {
        for (int i = 0; i < rounds; ++i) {
            auto set =
                client.lock_all(wanted, {.wait = 60s, .budget = 5s, .refuse_hopeless = false});
            if (!set) {
                continue;
            }
            were_together = were_together || inside.fetch_add(1) != 0;
            ++granted;
            inside.fetch_sub(1);
            (void)set->release();
        }
    };
    {
        // Any two of these have a path in common.
        std::jthread forth([&] { work(us, {paths[0], paths[1]}); });
        std::jthread back([&] { work(other, {paths[1], paths[2], paths[0]}); });
        std::jthread across([&] { work(observer, {paths[2], paths[0]}); });
    }
    EXPECT_EQ(granted, 3 * rounds);
    EXPECT_FALSE(were_together);
}

INSTANTIATE_TEST_SUITE_P(OnRealServers, Sets, ::testing::ValuesIn(flavours), flavour_name);

class SetCost : public ::testing::Test {
protected:
    CuttingProxy proxy{one_server().server().port()};
    Client us = connect(proxy.connect_string());
    Client other = connect(one_server().connect_string());
    const std::vector<std::string> paths{existing_path(other), existing_path(other),
                                         existing_path(other)};
};

TEST_F(SetCost, FreeOneIsOneWriteAndItsReleaseAnother) {
    proxy.clear();
    auto set = us.lock_all(paths, {.wait = 10s, .budget = 3s});
    ASSERT_TRUE(set.has_value()) << why(set);
    EXPECT_EQ(proxy.requests().size(), 1 + paths.size());
    EXPECT_EQ(proxy.requests(Opcode::multi), 1U);
    std::set<std::uint64_t> bursts;
    for (const ProxyFrame& frame : proxy.frames()) {
        if (frame.kind == FrameKind::request && frame.op != Opcode::ping) {
            bursts.insert(frame.burst);
        }
    }
    EXPECT_EQ(bursts.size(), 1U) << "all in one write";
    proxy.clear();
    ASSERT_TRUE(set->release().has_value());
    EXPECT_EQ(proxy.requests().size(), 1U);
    EXPECT_EQ(proxy.requests(Opcode::multi), 1U);
}

TEST_F(SetCost, TryOnABusyOneReadsOnly) {
    const auto held = other.lock(paths[1], {.wait = 10s, .budget = 5s});
    ASSERT_TRUE(held.has_value()) << why(held);
    proxy.clear();
    const auto set = us.lock_all(paths, {.wait = 0ms, .budget = 3s});
    EXPECT_TRUE(fails_with(set, errc::wait_expired));
    EXPECT_EQ(set.error().context().path, paths[1]);
    EXPECT_EQ(proxy.requests(Opcode::exists), paths.size());
    EXPECT_EQ(proxy.requests().size(), paths.size());
}

class SetInterop : public ::testing::Test {
protected:
    std::string hosts = one_server().connect_string();
    Client us = connect(hosts);
    Client observer = connect(hosts);
    const std::vector<std::string> paths{existing_path(observer), existing_path(observer)};
};

class SetInteropWithCurator : public SetInterop {
protected:
    void SetUp() override {
        if (!CuratorPeer::is_here()) {
            GTEST_SKIP() << "no jars of Curator; './dev setup' fetches them";
        }
    }
};

/// The peer holds the second path, and wants the first one while the set has it.
template <class Each>
void take_turns(Peer& peer, const Client& us, const Client& observer,
                const std::vector<std::string>& paths, Naming naming, Each lock) {
    lock("p1", paths[1]);
    peer.expect_granted("p1");
    const LockOptions options{.wait = 30s, .budget = 5s, .naming = naming};
    auto set = us.async_lock_all(paths, options, boost::asio::use_future);
    ASSERT_TRUE(becomes_nodes(observer, paths[0], 1));
    lock("p2", paths[0]);
    ASSERT_TRUE(becomes_nodes(observer, paths[0], 2));
    EXPECT_EQ(set.wait_for(100ms), std::future_status::timeout) << "granted beside the peer";
    peer.release("p1");
    auto granted = set.get();
    ASSERT_TRUE(granted.has_value()) << why(granted);
    EXPECT_FALSE(peer.was_granted("p2"));
    ASSERT_TRUE(granted->release().has_value());
    peer.expect_granted("p2");
    peer.release("p2");
}

TEST_F(SetInterop, TakesTurnsWithKazoo) {
    KazooPeer kazoo(hosts);
    take_turns(kazoo, us, observer, paths, Naming::kazoo,
               [&](const std::string& id, const std::string& path) { kazoo.lock(id, path); });
}

TEST_F(SetInteropWithCurator, TakesTurnsWithInterProcessMutex) {
    CuratorPeer curator(hosts);
    take_turns(curator, us, observer, paths, Naming::curator,
               [&](const std::string& id, const std::string& path) { curator.lock(id, path); });
}

}  // namespace
}  // namespace leasehold::integration
