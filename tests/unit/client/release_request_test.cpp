// Holders are asked to let go, and hear it.
#include "tests/unit/client/fixture.hpp"

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/use_future.hpp>
#include <gtest/gtest.h>

#include <atomic>
#include <future>
#include <string>

namespace leasehold::testing_client {
namespace {

namespace asio = boost::asio;

class ReleaseRequest : public ServedTest {
protected:
    static constexpr LockOptions watchful{.budget = 8s, .watch_own_node = true};

    std::string data(std::string_view node) {
        return x_server.with([&](FakeZooKeeper& zookeeper) {
            return zookeeper.tree().find(std::string(node))->data;
        });
    }

    Client x_holder = connect();
    Client x_other = connect();
};

TEST_F(ReleaseRequest, IsToldOnTheNotifierThread_AndTheHolderLetsGo) {
    auto lock = x_holder.lock("/orders/42", watchful).value();
    std::promise<std::string> told;
    lock.on_requested([&] { told.set_value(thread_name()); });
    auto waiting = x_other.async_lock("/orders/42", {.wait = 30s, .budget = 1s}, asio::use_future);
    EXPECT_EQ(x_other.request_release("/orders/42").value(), 1u);
    EXPECT_EQ(told.get_future().get(), notifier_thread);
    EXPECT_TRUE(lock.valid()) << "it is only asked";
    ASSERT_TRUE(lock.release().has_value());
    EXPECT_TRUE(waiting.get().has_value());
}

TEST_F(ReleaseRequest, IsShownToEverybody) {
    const auto lock = x_holder.lock("/orders/42", watchful).value();
    EXPECT_FALSE(x_other.contenders("/orders/42").value().front().is_asked);
    ASSERT_EQ(x_other.request_release("/orders/42").value(), 1u);
    const auto holder = x_other.contenders("/orders/42").value().front();
    EXPECT_TRUE(holder.is_asked);
    EXPECT_EQ(holder.owner, "unit") << "the record is as it was";
}

TEST_F(ReleaseRequest, HandlerThatComesLateHearsItToo_AndEachHandleHasItsOwn) {
    const auto lock = x_holder.lock("/orders/42", watchful).value();
    const auto second = lock.again().value();
    Event first_told;
    lock.on_requested([&] { first_told.set(); });
    ASSERT_EQ(x_other.request_release("/orders/42").value(), 1u);
    ASSERT_TRUE(first_told.happens());
    const auto third = lock.again().value();
    for (const ScopedLock* late : {&second, &third}) {
        Event told;
        late->on_requested([told]() mutable { told.set(); });
        EXPECT_TRUE(told.happens());
    }
}

TEST_F(ReleaseRequest, AsksAllWhoShareAndNobodyWhoWaits) {
    const auto first = x_holder.lock_shared("/orders/42", watchful).value();
    const auto second = x_other.lock_shared("/orders/42", watchful).value();
    auto waiting = x_other.async_lock("/orders/42", {.wait = 30s, .budget = 1s}, asio::use_future);
    ASSERT_TRUE(eventually([&] { return nodes_under("/orders/42") == 3; }));
    EXPECT_EQ(x_other.request_release("/orders/42").value(), 2u);
    const auto queue = x_other.contenders("/orders/42").value();
    ASSERT_EQ(queue.size(), 3u);
    EXPECT_TRUE(queue[0].is_asked && queue[1].is_asked);
    EXPECT_FALSE(queue[2].is_asked);
}

TEST_F(ReleaseRequest, AsksNobodyWhereNobodyHolds) {
    EXPECT_EQ(x_other.request_release("/orders/42").value(), 0u);
    EXPECT_EQ(x_other.request_release("orders").error(), errc::invalid_argument);
}

TEST_F(ReleaseRequest, MarksACuratorNodeAsCuratorDoes_AndLeavesKazoosAlone) {
    const auto make = [&](const std::string& prefix, const std::string& text) {
        return x_server.with([&](FakeZooKeeper& zookeeper) {
            return zookeeper.make(BootClock::now(), prefix, wire::CreateMode::persistent_sequential,
                                  text);
        });
    };
    x_server.with([](FakeZooKeeper& zookeeper) {
        zookeeper.make(BootClock::now(), "/c");
        zookeeper.make(BootClock::now(), "/k");
    });
    const std::string curator = make("/c/_c_f81d4fae-lock-", "10.0.0.7");
    const std::string kazoo = make("/k/0123__lock__", "till-7");
    EXPECT_EQ(x_other.request_release("/c").value(), 1u);
    EXPECT_EQ(data(curator), "__REVOKE__");
    EXPECT_TRUE(x_other.contenders("/c").value().front().is_asked);
    EXPECT_EQ(x_other.request_release("/k").value(), 0u);
    EXPECT_EQ(data(kazoo), "till-7");
}

TEST_F(ReleaseRequest, CanBeCancelled) {
    const auto lock = x_holder.lock("/orders/42", watchful).value();
    x_server.set_deaf(true);
    asio::cancellation_signal signal;
    std::promise<result<std::size_t>> answer;
    x_other.async_request_release(
        "/orders/42", asio::bind_cancellation_slot(signal.slot(), [&](result<std::size_t> asked) {
            answer.set_value(std::move(asked));
        }));
    signal.emit(asio::cancellation_type::total);
    EXPECT_EQ(answer.get_future().get().error(), errc::cancelled);
}

TEST_F(ReleaseRequest, LeaderIsAskedToResign) {
    auto leader = x_holder.elect("/leader").value();
    Event told;
    leader.on_requested([&] { told.set(); });
    EXPECT_EQ(x_other.request_release("/leader").value(), 1u);
    EXPECT_TRUE(told.happens());
    EXPECT_TRUE(leader.resign().has_value());
}

}  // namespace
}  // namespace leasehold::testing_client
