// ScopedLock::downgrade in its two forms, and what everybody can see of it.
#include "tests/unit/client/fixture.hpp"

#include <boost/asio/use_future.hpp>
#include <gtest/gtest.h>

#include <utility>

namespace leasehold::testing_client {
namespace {

namespace asio = boost::asio;

class Downgrade : public ServedTest {
protected:
    Client x_client = connect();
    Client x_other = connect();
};

TEST_F(Downgrade, LetsReadersInAndIsForAllHandles) {
    const auto lock = x_client.lock("/orders/42", {.budget = 3s}).value();
    const auto inner = lock.again().value();
    EXPECT_EQ(x_other.lock_shared("/orders/42", {.wait = 0ms, .budget = 1s}).error(),
              errc::wait_expired);
    const auto deadline = lock.deadline();
    ASSERT_TRUE(inner.downgrade());
    for (const ScopedLock* handle : {&lock, &inner}) {
        EXPECT_TRUE(handle->valid());
        EXPECT_EQ(handle->kind(), LockKind::shared);
        EXPECT_EQ(handle->token(), 0);
        EXPECT_EQ(handle->deadline(), deadline);
    }
    const auto reader = x_other.lock_shared("/orders/42", {.wait = 0ms, .budget = 1s});
    ASSERT_TRUE(reader);
    EXPECT_TRUE(lock.valid());
    EXPECT_EQ(x_other.lock("/orders/42", {.wait = 0ms, .budget = 1s}).error(), errc::wait_expired);
}

TEST_F(Downgrade, CallInProgressSeesTheTokenGo) {
    const auto lock = x_client.lock("/orders/42").value();
    const auto tokens = lock.call([&](const CallContext& context) {
        const auto before = context.token();
        EXPECT_TRUE(lock.async_downgrade(asio::use_future).get());
        return std::pair(before, context.token());
    });
    ASSERT_TRUE(tokens);
    EXPECT_GT(tokens->first, 0);
    EXPECT_EQ(tokens->second, 0);
}

TEST_F(Downgrade, ShowsInTheListOfContenders) {
    const auto lock = x_client.lock("/orders/42", {.budget = 3s, .owner = "till"}).value();
    ASSERT_TRUE(lock.downgrade());
    const auto reader = x_other.lock_shared("/orders/42").value();
    auto writing = x_other.async_lock("/orders/42", {.wait = 30s, .budget = 1s}, asio::use_future);
    ASSERT_TRUE(eventually([&] { return nodes_under("/orders/42") == 3; }));
    const auto queue = x_client.contenders("/orders/42").value();
    ASSERT_EQ(queue.size(), 3u);
    EXPECT_TRUE(queue[0].is_downgraded);
    EXPECT_EQ(queue[0].lock_kind, LockKind::shared);
    EXPECT_EQ(queue[0].owner, "till") << "the record is still there";
    EXPECT_EQ(queue[0].token, 0);
    EXPECT_TRUE(queue[0].is_held);
    EXPECT_TRUE(queue[1].is_held);
    EXPECT_FALSE(queue[1].is_downgraded);
    EXPECT_FALSE(queue[2].is_held);
    EXPECT_EQ(queue[2].blocked_by, queue[1].node);
}

TEST_F(Downgrade, OfWhatIsNotExclusiveIsRefused) {
    const auto share = x_client.lock_shared("/orders/42").value();
    EXPECT_EQ(share.downgrade().error(), errc::invalid_argument);
    const auto permit = x_client.acquire_permit("/permits", {.permits = 2}).value();
    EXPECT_EQ(permit.downgrade().error(), errc::invalid_argument);
    EXPECT_GT(permit.token(), 0) << "it is as it was";
    EXPECT_EQ(permit.kind(), LockKind::permit);
}

TEST_F(Downgrade, OfALockThatHasEndedIsRefused) {
    auto lock = x_client.lock("/orders/42").value();
    ASSERT_TRUE(lock.release());
    EXPECT_EQ(lock.downgrade().error(), errc::lock_lost);
    const auto brief = x_client.lock("/orders/43", {.budget = 50ms}).value();
    EXPECT_EQ(brief.lost(asio::use_future).get().value(), Loss::budget);
    EXPECT_EQ(brief.downgrade().error(), errc::budget_exceeded);
    const ScopedLock moved = std::move(lock);
    EXPECT_EQ(lock.downgrade().error(), errc::closed);  // NOLINT(bugprone-use-after-move)
}

TEST_F(Downgrade, CloseAnswersIt) {
    const auto lock = x_client.lock("/orders/42").value();
    x_server.with([](FakeZooKeeper& zookeeper) {
        zookeeper.next(wire::Opcode::set_data, support::Fate::freeze_before);
    });
    auto answer = lock.async_downgrade(asio::use_future);
    static_cast<void>(x_client.close(100ms));
    EXPECT_FALSE(answer.get());
}

}  // namespace
}  // namespace leasehold::testing_client
