// Those who look on: each change of the leader is told once, whatever happens to the connection.
#include "tests/support/answers.hpp"
#include "tests/unit/client/fixture.hpp"

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/use_future.hpp>
#include <gtest/gtest.h>

#include <chrono>
#include <future>
#include <memory>
#include <optional>
#include <string>
#include <utility>

namespace leasehold::testing_client {
namespace {

namespace asio = boost::asio;
using support::fails_with;
using support::why;

using Answer = result<std::optional<ContenderInfo>>;

class Observers : public ServedTest {
protected:
    /// The payload of who was told, "nobody", or the error.
    [[nodiscard]] static std::string told(const Answer& answer) {
        if (!answer) {
            return why(answer);
        }
        return *answer ? (*answer)->payload : "nobody";
    }
    [[nodiscard]] std::string next(milliseconds limit = 15s) {
        return told(x_observer.next(patient(limit)));
    }
    [[nodiscard]] std::future<Answer> start_next() {
        return x_observer.async_next(asio::use_future);
    }
    [[nodiscard]] Leadership elect(const std::string& payload) {
        auto led = x_leaders.elect(path, {.payload = payload}).value();
        EXPECT_TRUE(x_leaders.zookeeper().sync()) << "behind the watch of its own node";
        return led;
    }
    [[nodiscard]] std::size_t watches() {
        return x_server.with([](FakeZooKeeper& zookeeper) { return zookeeper.watches().size(); });
    }
    /// Of the observing client. The leaders' own one watches its own node.
    [[nodiscard]] bool becomes_watches(std::size_t count) {
        return eventually([&] { return x_client.stats().watches == count; });
    }
    void expire_observer() {
        const std::int64_t session = x_session;
        x_server.with(
            [&](FakeZooKeeper& zookeeper) { zookeeper.expire(BootClock::now(), session); });
    }

    const std::string path = "/service/leader";
    Client x_leaders = connect();
    Client x_client = connect();
    std::int64_t x_session = x_server.with([](FakeZooKeeper& zookeeper) {
        return zookeeper.session_of(zookeeper.connections().back());
    });
    LeaderObserver x_observer = x_client.observe(path).value();
};

TEST_F(Observers, NothingIsAskedBeforeTheFirstCall) {
    EXPECT_EQ(requests(wire::Opcode::get_children), 0u);
    EXPECT_TRUE(fails_with(x_client.observe("service"), errc::invalid_argument));
    EXPECT_TRUE(fails_with(x_client.observe("/"), errc::invalid_argument));
    EXPECT_EQ(x_client.stats().watches, 0u);
}

TEST_F(Observers, FirstCall_AnswersWithWhoeverLeads) {
    const auto led = elect("a");
    const auto seen = x_observer.next(15s);
    ASSERT_TRUE(seen && *seen) << why(seen);
    EXPECT_EQ(path + "/" + (*seen)->node, led.node());
    EXPECT_EQ((*seen)->payload, "a");
    EXPECT_EQ((*seen)->owner, "unit");
    EXPECT_TRUE((*seen)->is_held);
    EXPECT_EQ(x_client.stats().watches, 1u) << "armed before it was told";
}

TEST_F(Observers, FirstCall_AnswersWithNobody_AndTheNextWithWhoeverComes) {
    EXPECT_EQ(next(), "nobody") << "no path";
    auto coming = start_next();
    const auto led = elect("a");
    EXPECT_EQ(told(coming.get()), "a");
}

TEST_F(Observers, EmptyPath_IsWatchedToo) {
    ASSERT_TRUE(x_client.zookeeper().create("/service"));
    ASSERT_TRUE(x_client.zookeeper().create(path));
    EXPECT_EQ(next(), "nobody");
    EXPECT_TRUE(fails_with(x_observer.next(20ms), errc::timed_out));
    const auto led = elect("a");
    EXPECT_EQ(next(), "a");
}

TEST_F(Observers, EachCall_TellsOfTheNextLeader) {
    std::optional<Leadership> led(elect("a"));
    EXPECT_EQ(next(), "a");
    auto change = start_next();
    ASSERT_TRUE(led->resign());
    EXPECT_EQ(told(change.get()), "nobody");
    led.emplace(elect("b"));
    EXPECT_EQ(next(), "b");
    ASSERT_TRUE(led->resign());
    led.emplace(elect("c"));
    EXPECT_EQ(next(), "c") << "nobody between the two may not be seen";
}

TEST_F(Observers, LeaderThatStays_IsNotToldAgain) {
    const auto led = elect("a");
    EXPECT_EQ(next(), "a");
    const auto again = x_observer.next(50ms);
    EXPECT_TRUE(fails_with(again, errc::timed_out));
    EXPECT_EQ(again.error().context().path, path);
    const Client other = connect();
    auto standing = other.async_elect(path, {}, asio::use_future);
    ASSERT_TRUE(eventually([&] { return nodes_under(path) == 2; }));
    const auto before = x_client.stats().requests;
    EXPECT_TRUE(fails_with(x_observer.next(50ms), errc::timed_out));
    EXPECT_EQ(x_client.stats().requests, before) << "a new candidate costs nothing";
}

TEST_F(Observers, LeaderThatTellsOtherThingsOfItself_IsToldAgain) {
    auto first = elect("a");
    auto standing = x_leaders.async_elect(path, {.payload = "b"}, asio::use_future);
    EXPECT_EQ(next(), "a");
    ASSERT_TRUE(first.resign());
    const auto second = standing.get();
    ASSERT_TRUE(second) << why(second);
    EXPECT_EQ(next(), "b") << "the node may be the same";
}

TEST_F(Observers, Election_CostsAnObserverThreeRequests) {
    auto first = elect("a");
    EXPECT_EQ(next(), "a");
    const Client other = connect();
    auto standing = other.async_elect(path, {.payload = "b"}, asio::use_future);
    ASSERT_TRUE(eventually([&] { return nodes_under(path) == 2; }));
    const auto before = x_client.stats().requests;
    ASSERT_TRUE(first.resign());
    EXPECT_EQ(next(), "b");
    EXPECT_LE(x_client.stats().requests - before, 3u);
}

TEST_F(Observers, SecondCallAtOnce_IsRefused) {
    EXPECT_EQ(next(), "nobody");
    auto waiting = start_next();
    const auto second = x_observer.next(15s);
    EXPECT_TRUE(fails_with(second, errc::overloaded));
    EXPECT_EQ(second.error().context().path, path);
    const auto led = elect("a");
    EXPECT_EQ(told(waiting.get()), "a") << "the first goes on";
}

TEST_F(Observers, CancelledCall_LosesNothing) {
    EXPECT_EQ(next(), "nobody");
    asio::cancellation_signal signal;
    std::promise<Answer> promise;
    x_observer.async_next(asio::bind_cancellation_slot(
        signal.slot(), [&](Answer answer) { promise.set_value(std::move(answer)); }));
    signal.emit(asio::cancellation_type::total);
    EXPECT_TRUE(fails_with(promise.get_future().get(), errc::cancelled));
    const auto led = elect("a");
    EXPECT_EQ(next(), "a");
    EXPECT_TRUE(fails_with(x_observer.next(20ms), errc::timed_out));
}

/// Who asks without patience gets the answer that the call before it had no time for.
TEST_F(Observers, CallThatTimesOut_LosesNothing) {
    const auto led = elect("a");
    Answer last = errc::timed_out;
    EXPECT_TRUE(eventually([&] {
        last = x_observer.next(0ms);
        return last || last.error() != errc::timed_out;
    })) << why(last);
    EXPECT_EQ(told(last), "a");
    for (int i = 0; i < 50; ++i) {
        x_server.with([&](FakeZooKeeper& zookeeper) {
            zookeeper.write(BootClock::now(), std::string(led.node()), std::to_string(i));
        });
        ASSERT_TRUE(eventually([&] {
            last = x_observer.next(1ms);
            return last || last.error() != errc::timed_out;
        })) << "change "
            << i << " was never told";
        ASSERT_TRUE(last && *last) << why(last);
        EXPECT_EQ((*last)->host, std::to_string(i));
    }
}

// ---- the handle ----

TEST_F(Observers, DestroyedObserver_EndsItsCallAndLeavesNoWatch) {
    const auto led = elect("a");
    const auto before = watches();
    {
        auto observer = x_client.observe(path).value();
        EXPECT_EQ(told(observer.next(15s)), "a");
        EXPECT_EQ(watches(), before + 1);
        auto waiting = observer.async_next(asio::use_future);
        static_cast<void>(x_client.stats());  // the call has begun
        { const LeaderObserver gone = std::move(observer); }
        EXPECT_TRUE(fails_with(waiting.get(), errc::cancelled));
    }
    EXPECT_TRUE(becomes_watches(0));
    EXPECT_TRUE(eventually([&] { return watches() == before; }));
}

TEST_F(Observers, DestroyedWhileItReads_LeavesNoWatch) {
    const auto led = elect("a");
    const auto before = watches();
    for (int i = 0; i < 20; ++i) {
        auto observer = std::make_unique<LeaderObserver>(x_client.observe(path).value());
        auto waiting = observer->async_next(asio::use_future);
        if (i % 2 == 0) {
            static_cast<void>(x_client.stats());  // a round trip to the I/O thread
        }
        observer.reset();
        const auto answer = waiting.get();
        EXPECT_TRUE(answer || answer.error() == errc::cancelled) << why(answer);
    }
    ASSERT_TRUE(x_client.zookeeper().sync());
    EXPECT_TRUE(becomes_watches(0));
    EXPECT_TRUE(eventually([&] { return watches() == before; }));
}

TEST_F(Observers, MovedObserver_GoesOn_AndTheOldHandleIsRefused) {
    EXPECT_EQ(next(), "nobody");
    LeaderObserver moved = std::move(x_observer);
    const auto led = elect("a");
    EXPECT_EQ(told(moved.next(15s)), "a");
    // NOLINTBEGIN(bugprone-use-after-move)
    EXPECT_TRUE(fails_with(x_observer.next(0ms), errc::closed));
    EXPECT_TRUE(fails_with(start_next().get(), errc::closed));
    // NOLINTEND(bugprone-use-after-move)
    x_observer = std::move(moved);
    EXPECT_TRUE(fails_with(x_observer.next(20ms), errc::timed_out)) << "it remembers";
    x_observer = x_client.observe(path).value();
    EXPECT_TRUE(becomes_watches(0)) << "what was assigned over is dropped";
    EXPECT_EQ(next(), "a");
}

TEST_F(Observers, ClosedClient_EndsTheCallAndRefusesTheNext) {
    EXPECT_EQ(next(), "nobody");
    auto waiting = start_next();
    ASSERT_TRUE(x_client.close());
    EXPECT_TRUE(fails_with(waiting.get(), errc::closed));
    EXPECT_TRUE(fails_with(x_observer.next(15s), errc::closed));
}

TEST_F(Observers, OutlivesItsClientHandle) {
    auto lonely = std::make_unique<Client>(connect());
    auto observer = lonely->observe(path).value();
    EXPECT_EQ(told(observer.next(15s)), "nobody");
    lonely.reset();
    EXPECT_TRUE(fails_with(observer.next(15s), errc::closed));
}

TEST_F(Observers, CallInsideACallbackOfTheClient_IsNotOnItsIoThread) {
    const auto led = elect("a");
    std::promise<std::string> answer;
    x_client.zookeeper().async_sync(
        "/", [&](const result<void>&) { answer.set_value(told(x_observer.next(15s))); });
    EXPECT_EQ(answer.get_future().get(), "a");
}

// ---- what goes wrong ----

TEST_F(Observers, CutConnection_IsGoneOnOver) {
    auto led = elect("a");
    EXPECT_EQ(next(), "a");
    auto waiting = start_next();
    x_server.cut();
    ASSERT_TRUE(eventually([&] { return x_client.stats().reconnects == 1; }));
    ASSERT_TRUE(led.resign());
    EXPECT_EQ(told(waiting.get()), "nobody");
}

TEST_F(Observers, ChangeDuringTheCut_IsTold) {
    auto led = elect("a");
    EXPECT_EQ(next(), "a");
    x_server.with([&](FakeZooKeeper& zookeeper) {
        zookeeper.remove(BootClock::now(), std::string(led.node()));
    });
    x_server.cut();
    EXPECT_EQ(next(), "nobody");
}

TEST_F(Observers, CutReads_AreReadAgain) {
    const auto led = elect("a");
    for (const auto op : {wire::Opcode::get_children, wire::Opcode::get_data}) {
        x_server.with(
            [&](FakeZooKeeper& zookeeper) { zookeeper.next(op, support::Fate::close_unheard); });
        auto observer = x_client.observe(path).value();
        EXPECT_EQ(told(observer.next(patient(15s))), "a");
    }
}

TEST_F(Observers, ExpiredSession_IsGoneOnOver) {
    auto led = elect("a");
    EXPECT_EQ(next(), "a");
    auto waiting = start_next();
    expire_observer();
    ASSERT_TRUE(eventually([&] { return x_client.stats().sessions == 2; }));
    ASSERT_TRUE(eventually([&] { return x_client.stats().watches == 1; })) << "armed anew";
    EXPECT_EQ(waiting.wait_for(0ms), std::future_status::timeout) << "the leader is the same";
    ASSERT_TRUE(led.resign());
    EXPECT_EQ(told(waiting.get()), "nobody");
}

TEST_F(Observers, SessionThatExpiresWhileNobodyAsks_IsGoneOnOver) {
    auto led = elect("a");
    EXPECT_EQ(next(), "a");
    expire_observer();
    ASSERT_TRUE(eventually([&] { return x_client.stats().sessions == 2; }));
    ASSERT_TRUE(led.resign());
    EXPECT_EQ(next(), "nobody");
}

TEST_F(Observers, ServersRefusal_IsAnErrorAndTheNextCallAsksAgain) {
    const auto led = elect("a");
    x_server.with([](FakeZooKeeper& zookeeper) {
        zookeeper.fail_next(wire::Opcode::get_data, wire::ServerError::no_auth);
    });
    const auto refused = x_observer.next(15s);
    EXPECT_TRUE(fails_with(refused, zk_errc::no_auth));
    EXPECT_EQ(refused.error().context().path, path);
    EXPECT_EQ(next(), "a");
}

}  // namespace
}  // namespace leasehold::testing_client
