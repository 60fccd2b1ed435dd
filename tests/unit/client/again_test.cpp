// Several handles to one hold: re-entry goes by handle, not by thread.
#include "tests/unit/client/fixture.hpp"

#include <boost/asio/use_future.hpp>
#include <gtest/gtest.h>

#include <thread>
#include <utility>
#include <vector>

namespace leasehold::testing_client {
namespace {

namespace asio = boost::asio;

class Again : public ServedTest {
protected:
    Client x_client = connect();
};

TEST_F(Again, IsTheSameHold) {
    const auto lock = x_client.lock("/orders/42", {.budget = 3s}).value();
    const auto inner = lock.again().value();
    EXPECT_TRUE(inner.valid());
    EXPECT_EQ(inner.token(), lock.token());
    EXPECT_EQ(inner.deadline(), lock.deadline());
    EXPECT_EQ(inner.node(), lock.node());
    EXPECT_EQ(inner.path(), lock.path());
    EXPECT_EQ(inner.kind(), lock.kind());
    EXPECT_EQ(nodes_under("/orders/42"), 1u);
    EXPECT_EQ(x_client.stats().locks_held, 1u);
}

TEST_F(Again, LockGoesWithItsLastHandleInAnyOrder) {
    auto outer = x_client.lock("/orders/42").value();
    auto inner = outer.again().value();
    const auto stop = outer.stop_token();
    EXPECT_TRUE(outer.release());
    EXPECT_FALSE(outer.valid());
    EXPECT_TRUE(eventually([&] { return stop.stop_requested(); }));
    EXPECT_EQ(outer.lost(asio::use_future).get().value(), Loss::released);
    EXPECT_TRUE(outer.release()) << "releasing twice is no mistake, and takes nothing of the other";
    EXPECT_TRUE(inner.valid());
    EXPECT_FALSE(inner.stop_token().stop_requested());
    EXPECT_EQ(nodes_under("/orders/42"), 1u);
    EXPECT_TRUE(inner.release());
    EXPECT_EQ(nodes_under("/orders/42"), 0u);
}

TEST_F(Again, HandleThatGoesOutOfScopeLeavesTheOthersTheLock) {
    const auto lock = x_client.lock("/orders/42").value();
    {
        const auto inner = lock.again().value();
        const auto innermost = inner.again().value();
        EXPECT_TRUE(innermost.valid());
    }
    ASSERT_TRUE(x_client.zookeeper().sync("/"));  // behind whatever was sent
    EXPECT_TRUE(lock.valid());
    EXPECT_EQ(nodes_under("/orders/42"), 1u);
}

TEST_F(Again, EveryHandleHearsOfTheEnd) {
    const auto lock = x_client.lock("/orders/42", {.budget = 200ms}).value();
    const auto inner = lock.again().value();
    auto lost = lock.lost(asio::use_future);
    auto inner_lost = inner.lost(asio::use_future);
    EXPECT_EQ(lost.get().value(), Loss::budget);
    EXPECT_EQ(inner_lost.get().value(), Loss::budget);
    EXPECT_FALSE(inner.valid());
    EXPECT_TRUE(eventually(
        [&] { return lock.stop_token().stop_requested() && inner.stop_token().stop_requested(); }));
}

TEST_F(Again, ExtensionIsForAllHandles) {
    const auto lock = x_client.lock("/orders/42", {.budget = 3s}).value();
    const auto inner = lock.again().value();
    const auto extended = inner.extend(5s);
    ASSERT_TRUE(extended);
    EXPECT_EQ(lock.deadline(), *extended);
    EXPECT_EQ(inner.deadline(), *extended);
}

TEST_F(Again, LockThatHasEndedHasNoFurtherHandles) {
    auto lock = x_client.lock("/orders/42").value();
    EXPECT_TRUE(lock.release());
    EXPECT_EQ(lock.again().error(), errc::lock_lost);
    const auto brief = x_client.lock("/orders/43", {.budget = 50ms}).value();
    EXPECT_EQ(brief.lost(asio::use_future).get().value(), Loss::budget);
    EXPECT_EQ(brief.again().error(), errc::budget_exceeded);
    const ScopedLock moved = std::move(lock);
    EXPECT_EQ(lock.again().error(), errc::closed);  // NOLINT(bugprone-use-after-move)
}

TEST_F(Again, ClosedClientEndsAllHandles) {
    const auto lock = x_client.lock("/orders/42").value();
    const auto inner = lock.again().value();
    EXPECT_TRUE(x_client.close());
    EXPECT_FALSE(lock.valid());
    EXPECT_FALSE(inner.valid());
    EXPECT_FALSE(lock.again());
}

TEST_F(Again, HandlesAreCapped) {
    const auto lock = x_client.lock("/orders/42").value();
    std::vector<ScopedLock> handles;
    for (int i = 1; i < 1024; ++i) {
        handles.push_back(lock.again().value());
    }
    EXPECT_EQ(lock.again().error(), errc::overloaded);
    handles.pop_back();
    EXPECT_TRUE(lock.again());
}

TEST_F(Again, HandlesComeAndGoOnManyThreads) {
    const auto lock = x_client.lock("/orders/42", {.budget = 10s}).value();
    std::vector<std::thread> threads;
    for (int thread = 0; thread < 4; ++thread) {
        threads.emplace_back([&lock] {
            for (int i = 0; i < 200; ++i) {
                const auto inner = lock.again();
                EXPECT_TRUE(inner && inner->valid());
            }
        });
    }
    for (std::thread& thread : threads) {
        thread.join();
    }
    EXPECT_TRUE(lock.valid());
    EXPECT_EQ(nodes_under("/orders/42"), 1u);
}

}  // namespace
}  // namespace leasehold::testing_client
