// Semaphores beside those of other clients: with Curator's in one count; never with kazoo's.
#include "tests/integration/fixture.hpp"
#include "tests/integration/peers.hpp"

#include <boost/asio/use_future.hpp>

#include <atomic>
#include <future>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace leasehold::integration {
namespace {

using Answer = std::future<result<ScopedLock>>;

constexpr LockOptions patiently(int permits) {
    LockOptions options{.wait = 60s, .budget = 7s};
    options.permits = permits;
    return options;
}

bool peer_still_waits(Peer& peer, const std::string& id) {
    return stays([&] { return !peer.was_granted(id); }, 150ms);
}

/// Curator's semaphore at a path has its permits in the child `leases`, and those who wait for more
/// in the queue of a mutex beside it: there ours count with them.
class CuratorsSemaphore : public ::testing::Test {
protected:
    void SetUp() override {
        if (!CuratorPeer::is_here()) {
            GTEST_SKIP() << "no jars of Curator; './dev setup' fetches them";
        }
        x_curator = std::make_unique<CuratorPeer>(hosts);
    }

    Peer& curator() { return *x_curator; }
    [[nodiscard]] Answer ask(const Client& who, int permits) {
        return who.async_acquire_permit(leases, patiently(permits), boost::asio::use_future);
    }
    [[nodiscard]] bool are_queued(int count) { return becomes_nodes(observer, leases, count); }

    const std::string hosts = one_server().connect_string();
    Client us = connect(hosts);
    Client other = connect(hosts);
    Client observer = connect(hosts);
    const std::string root = fresh_path();
    const std::string leases = root + "/leases";

private:
    std::unique_ptr<CuratorPeer> x_curator;
};

TEST_F(CuratorsSemaphore, OursWaitForTheirs) {
    curator().permit("c1", root, 2);
    curator().expect_granted("c1");
    curator().permit("c2", root, 2);
    curator().expect_granted("c2");
    auto first = ask(us, 2);
    ASSERT_TRUE(are_queued(3));
    auto second = ask(other, 2);
    ASSERT_TRUE(are_queued(4));
    EXPECT_TRUE(still_waits(first)) << "granted beside two of Curator's";
    curator().release("c2");
    const auto granted = first.get();
    ASSERT_TRUE(granted.has_value()) << why(granted);
    EXPECT_GT(granted->token(), 0);
    EXPECT_TRUE(still_waits(second)) << "granted beside ours and Curator's";
    curator().release("c1");
    const auto last = second.get();
    ASSERT_TRUE(last.has_value()) << why(last);
    EXPECT_GT(last->token(), granted->token());
}

TEST_F(CuratorsSemaphore, TheirsWaitForOurs) {
    auto first = us.acquire_permit(leases, patiently(2));
    auto second = other.acquire_permit(leases, patiently(2));
    ASSERT_TRUE(first.has_value() && second.has_value()) << why(first) << why(second);
    curator().permit("c1", root, 2);
    ASSERT_TRUE(are_queued(3));
    EXPECT_TRUE(peer_still_waits(curator(), "c1"));
    EXPECT_TRUE(first->valid() && second->valid()) << "too slow to tell";
    ASSERT_TRUE(first->release().has_value());
    curator().expect_granted("c1");
    EXPECT_TRUE(second->valid());
    curator().release("c1");
}

/// Curator's counts those behind it as well, so it runs when no more than its permits are there in
/// all; and tells nobody that it does.
TEST_F(CuratorsSemaphore, OursBehindTheirsThatWaits_HasItsPermitAsSoonAsOneIsFree) {
    auto first = us.acquire_permit(leases, patiently(2));
    auto second = other.acquire_permit(leases, patiently(2));
    ASSERT_TRUE(first.has_value() && second.has_value()) << why(first) << why(second);
    curator().permit("c1", root, 2);
    ASSERT_TRUE(are_queued(3));
    auto behind = ask(us, 2);
    ASSERT_TRUE(are_queued(4));
    ASSERT_TRUE(first->release().has_value());
    EXPECT_TRUE(still_waits(behind)) << "Curator's is first";
    ASSERT_TRUE(second->release().has_value());
    auto granted = behind.get();
    ASSERT_TRUE(granted.has_value()) << why(granted);
    curator().expect_granted("c1");
    EXPECT_TRUE(granted->valid()) << "two permits";
    curator().release("c1");
}

TEST_F(CuratorsSemaphore, AndOursTogether_AreNeverMoreThanTheirNumberAtOnce) {
    constexpr int permits = 2;
    constexpr int rounds = 12;
    std::atomic<int> now{0};
    std::atomic<int> most{0};
    const auto enter = [&] {
        const int count = ++now;
        for (int before = most; count > before && !most.compare_exchange_weak(before, count);) {
        }
    };
    const auto take_turns = [&](const Client& who) {
        for (int round = 0; round < rounds; ++round) {
            auto permit = who.acquire_permit(leases, patiently(permits));
            ASSERT_TRUE(permit.has_value()) << why(permit);
            enter();
            wait_until(BootClock::now() + 3ms);
            EXPECT_TRUE(permit->valid()) << "too slow to tell";
            --now;
            ASSERT_TRUE(permit->release().has_value());
        }
    };
    std::thread first([&] { take_turns(us); });
    std::thread second([&] { take_turns(other); });
    for (int round = 0; round < rounds; ++round) {
        const std::string id = "c" + std::to_string(round);
        curator().permit(id, root, permits);
        curator().expect_granted(id);
        enter();
        wait_until(BootClock::now() + 3ms);
        --now;
        curator().release(id);
    }
    first.join();
    second.join();
    EXPECT_LE(most, permits);
    EXPECT_TRUE(are_queued(0));
}

/// It waits for us behind it, and we for it: with more permits some of ours run meanwhile, and it
/// gets its turn.
TEST_F(CuratorsSemaphore, OfOnePermit_IsNoneForUs) {
    curator().permit("c1", root, 1);
    curator().expect_granted("c1");
    const auto refused = us.acquire_permit(leases, patiently(1));
    EXPECT_TRUE(fails_with(refused, errc::mixed_queue));
    EXPECT_NE(why(refused).find("InterProcessSemaphoreV2"), std::string::npos) << why(refused);
    EXPECT_TRUE(are_queued(1)) << "only theirs";
    EXPECT_EQ(observer.zookeeper().get(leases).value().data, "") << "nothing was written";
    curator().release("c1");
}

TEST_F(CuratorsSemaphore, AtThePathItself_IsAnotherQueue_AndWeRefuse) {
    curator().permit("c1", root, 2);
    curator().expect_granted("c1");
    const int children = nodes_under(observer, root);
    const auto refused = us.acquire_permit(root, patiently(2));
    EXPECT_TRUE(fails_with(refused, errc::mixed_queue));
    EXPECT_NE(why(refused).find("`leases`"), std::string::npos) << why(refused);
    EXPECT_TRUE(becomes_nodes(observer, root, children)) << "only theirs";
    EXPECT_EQ(observer.zookeeper().get(root).value().data, "") << "nothing was written";
    EXPECT_TRUE(fails_with(us.lock(leases, {.wait = 10s, .budget = 3s}), errc::mixed_queue));
    EXPECT_TRUE(are_queued(1)) << "only theirs";
    curator().release("c1");
}

class KazoosSemaphore : public ::testing::Test {
protected:
    const std::string hosts = one_server().connect_string();
    Client us = connect(hosts);
    Client observer = connect(hosts);
    KazooPeer kazoo{hosts};
    const std::string path = fresh_path();
};

/// Its permits are nodes without a number, made after it has counted: nobody could queue with it.
TEST_F(KazoosSemaphore, IsRefusedAndLeftAsItIs) {
    kazoo.permit("k1", path, 3);
    kazoo.expect_granted("k1");
    const auto refused = us.acquire_permit(path, patiently(3));
    EXPECT_TRUE(fails_with(refused, errc::mixed_queue));
    EXPECT_NE(why(refused).find("kazoo's Semaphore"), std::string::npos) << why(refused);
    EXPECT_TRUE(becomes_nodes(observer, path, 1)) << "only kazoo's";
    EXPECT_EQ(observer.zookeeper().get(path).value().data, "3");
    kazoo.release("k1");
}

/// The number stands where kazoo has it: with different ones neither joins the other's.
TEST_F(KazoosSemaphore, OfAnotherNumber_IsRefusedByBoth) {
    {
        const auto held = us.acquire_permit(path, patiently(2));
        ASSERT_TRUE(held.has_value()) << why(held);
        kazoo.permit("k1", path, 3);
        EXPECT_NE(kazoo.expect_failed("k1").find("2, expected: 3"), std::string::npos);
        EXPECT_EQ(nodes_under(observer, path), 1);
    }
    const std::string theirs = fresh_path();
    kazoo.permit("k2", theirs, 3);
    kazoo.expect_granted("k2");
    kazoo.release("k2");
    EXPECT_TRUE(fails_with(us.acquire_permit(theirs, patiently(2)), errc::permits_disagree));
    EXPECT_TRUE(becomes_nodes(observer, theirs, 0));
}

/// What it does if it comes later, as it is documented: it counts ours, but nobody counts its.
TEST_F(KazoosSemaphore, ThatComesLater_CountsOurs) {
    auto held = us.acquire_permit(path, patiently(1));
    ASSERT_TRUE(held.has_value()) << why(held);
    kazoo.permit("k1", path, 1);
    EXPECT_TRUE(peer_still_waits(kazoo, "k1"));
    EXPECT_TRUE(held->valid()) << "too slow to tell";
    EXPECT_EQ(nodes_under(observer, path), 1) << "it waits elsewhere";
    ASSERT_TRUE(held->release().has_value());
    kazoo.expect_granted("k1");
    EXPECT_TRUE(fails_with(us.acquire_permit(path, patiently(1)), errc::mixed_queue));
    kazoo.release("k1");
}

}  // namespace
}  // namespace leasehold::integration
