// Client::lock_upgradable and ScopedLock::upgrade in their two forms, and what everybody can see.
#include "tests/unit/client/fixture.hpp"

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/use_future.hpp>
#include <gtest/gtest.h>

#include <future>
#include <utility>

namespace leasehold::testing_client {
namespace {

namespace asio = boost::asio;

class Upgrade : public ServedTest {
protected:
    Client x_client = connect();
    Client x_other = connect();
};

TEST_F(Upgrade, WaitsForReadersAndIsForAllHandles) {
    const auto lock = x_client.lock_upgradable("/orders/42", {.budget = 9s}).value();
    const auto inner = lock.again().value();
    EXPECT_EQ(lock.kind(), LockKind::upgradable);
    EXPECT_EQ(lock.token(), 0);
    auto reader = x_other.lock_shared("/orders/42", {.budget = 9s}).value();
    EXPECT_EQ(x_other.lock_upgradable("/orders/42", {.wait = 0ms, .budget = 1s}).error(),
              errc::wait_expired);
    EXPECT_EQ(lock.upgrade({.wait = 0ms}).error(), errc::wait_expired);
    EXPECT_EQ(lock.kind(), LockKind::upgradable) << "the share is kept";
    auto upgrading = lock.async_upgrade({.wait = 30s}, asio::use_future);
    ASSERT_TRUE(eventually([&] { return nodes_under("/orders/42") == 3; }));
    ASSERT_TRUE(reader.release());
    ASSERT_TRUE(upgrading.get());
    for (const ScopedLock* handle : {&lock, &inner}) {
        EXPECT_TRUE(handle->valid());
        EXPECT_EQ(handle->kind(), LockKind::exclusive);
        EXPECT_GT(handle->token(), 0);
    }
    EXPECT_EQ(x_other.lock_shared("/orders/42", {.wait = 0ms, .budget = 1s}).error(),
              errc::wait_expired);
    ASSERT_TRUE(lock.downgrade());
    EXPECT_EQ(inner.kind(), LockKind::upgradable);
    EXPECT_TRUE(x_other.lock_shared("/orders/42", {.wait = 0ms, .budget = 1s}));
}

TEST_F(Upgrade, CancelledKeepsTheShareAndLeavesNothing) {
    const auto lock = x_client.lock_upgradable("/orders/42", {.budget = 9s}).value();
    const auto reader = x_other.lock_shared("/orders/42", {.budget = 9s}).value();
    asio::cancellation_signal stop;
    std::promise<result<void>> answer;
    lock.async_upgrade({.wait = 30s},
                       asio::bind_cancellation_slot(
                           stop.slot(), [&](result<void> done) { answer.set_value(done); }));
    ASSERT_TRUE(eventually([&] { return nodes_under("/orders/42") == 3; }));
    stop.emit(asio::cancellation_type::all);
    EXPECT_EQ(answer.get_future().get().error(), errc::cancelled);
    EXPECT_TRUE(eventually([&] { return nodes_under("/orders/42") == 2; }));
    EXPECT_TRUE(lock.valid());
    EXPECT_EQ(lock.kind(), LockKind::upgradable);
}

TEST_F(Upgrade, OfWhatIsNotUpgradableIsRefused) {
    const auto lock = x_client.lock("/orders/42").value();
    EXPECT_EQ(lock.upgrade().error(), errc::invalid_argument);
    const auto share = x_client.lock_shared("/orders/43").value();
    EXPECT_EQ(share.upgrade().error(), errc::invalid_argument);
    const auto upgradable = x_client.lock_upgradable("/orders/44").value();
    EXPECT_EQ(upgradable.upgrade({.wait = -1ms}).error(), errc::invalid_argument);
}

TEST_F(Upgrade, ReleaseTakesBothNodes) {
    auto lock = x_client.lock_upgradable("/orders/42").value();
    ASSERT_TRUE(lock.upgrade());
    EXPECT_EQ(nodes_under("/orders/42"), 2u);
    ASSERT_TRUE(lock.release());
    EXPECT_EQ(nodes_under("/orders/42"), 0u);
}

TEST_F(Upgrade, ShowsInTheListOfContenders) {
    const auto lock = x_client.lock_upgradable("/orders/42").value();
    const auto queue = x_client.contenders("/orders/42").value();
    ASSERT_EQ(queue.size(), 1u);
    EXPECT_EQ(queue[0].lock_kind, LockKind::upgradable);
    EXPECT_TRUE(queue[0].is_held);
    EXPECT_EQ(queue[0].token, 0);
}

TEST_F(Upgrade, BothNodesAreShownAsTheyAre) {
    const auto lock = x_client.lock_upgradable("/orders/42", {.budget = 9s}).value();
    auto reader = x_other.lock_shared("/orders/42", {.budget = 9s}).value();
    auto upgrading = lock.async_upgrade({.wait = 30s}, asio::use_future);
    ASSERT_TRUE(eventually([&] { return nodes_under("/orders/42") == 3; }));
    const auto waiting = x_other.contenders("/orders/42").value();
    ASSERT_EQ(waiting.size(), 3u);
    EXPECT_TRUE(waiting[0].is_held && waiting[1].is_held && !waiting[2].is_held);
    EXPECT_EQ(waiting[2].blocked_by, waiting[1].node) << "not its own first node";
    EXPECT_EQ(waiting[2].lock_kind, LockKind::exclusive);
    ASSERT_TRUE(reader.release());
    ASSERT_TRUE(upgrading.get());
    const auto alone = x_other.contenders("/orders/42").value();
    ASSERT_EQ(alone.size(), 2u);
    EXPECT_TRUE(alone[0].is_held && alone[1].is_held);
    EXPECT_EQ(alone[1].blocked_by, "");
    EXPECT_GT(alone[1].token, 0);
    EXPECT_LE(alone[1].token, lock.token()) << "at least, and not more than it is";
}

TEST_F(Upgrade, ReaderThatWaitsBetweenItsNodesIsShownToWait) {
    const auto lock = x_client.lock_upgradable("/orders/42", {.budget = 9s}).value();
    asio::cancellation_signal stop;
    std::promise<result<ScopedLock>> answer;
    x_other.async_lock("/orders/42", {.wait = 30s, .budget = 9s},
                       asio::bind_cancellation_slot(stop.slot(), [&](result<ScopedLock> done) {
                           answer.set_value(std::move(done));
                       }));
    ASSERT_TRUE(eventually([&] { return nodes_under("/orders/42") == 2; }));
    auto reading =
        x_other.async_lock_shared("/orders/42", {.wait = 30s, .budget = 9s}, asio::use_future);
    ASSERT_TRUE(eventually([&] { return nodes_under("/orders/42") == 3; }));
    ASSERT_TRUE(lock.upgrade());
    stop.emit(asio::cancellation_type::all);
    EXPECT_EQ(answer.get_future().get().error(), errc::cancelled);
    const auto is_shown = [&] {
        const auto queue = x_other.contenders("/orders/42").value();
        return queue.size() == 3 && queue[0].is_held && !queue[1].is_held && queue[2].is_held &&
               queue[1].blocked_by == queue[2].node && queue[2].blocked_by.empty();
    };
    EXPECT_TRUE(eventually(is_shown)) << "once it has said so";
    ASSERT_TRUE(lock.downgrade());
    const auto read = reading.get();
    EXPECT_TRUE(read);
    const auto queue = x_other.contenders("/orders/42").value();
    ASSERT_EQ(queue.size(), 2u);
    EXPECT_TRUE(queue[0].is_held && queue[1].is_held);
}

}  // namespace
}  // namespace leasehold::testing_client
