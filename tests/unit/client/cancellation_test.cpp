// Every operation can be cancelled by itself, is answered at once, and leaves nothing behind.
#include "tests/unit/client/fixture.hpp"

#include <boost/asio/awaitable.hpp>
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/bind_executor.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/experimental/awaitable_operators.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <gtest/gtest.h>

#include <future>
#include <memory>
#include <string>
#include <utility>

namespace leasehold::testing_client {
namespace {

namespace asio = boost::asio;
using asio::cancellation_type;

/// An operation that was started with a signal of its own.
template <class T>
class Cancellable {
public:
    template <class Start>
    explicit Cancellable(Start start) {
        auto promise = std::make_shared<std::promise<result<T>>>();
        x_answer = promise->get_future();
        start(asio::bind_cancellation_slot(x_signal.slot(), [promise](result<T> answer) {
            promise->set_value(std::move(answer));
        }));
    }
    result<T> cancel(cancellation_type type = cancellation_type::total) {
        x_signal.emit(type);
        return x_answer.get();
    }
    result<T> answer() { return x_answer.get(); }
    void emit() { x_signal.emit(cancellation_type::total); }

private:
    asio::cancellation_signal x_signal;
    std::future<result<T>> x_answer;
};

class Cancellation : public ServedTest {
protected:
    Client x_client = connect();
};

TEST_F(Cancellation, OfALockThatIsQueued) {
    const auto held = x_client.lock("/orders/42").value();
    const Client other = connect();
    Cancellable<ScopedLock> waiting([&](auto token) {
        other.async_lock("/orders/42", {.wait = 60s, .budget = 1s}, std::move(token));
    });
    ASSERT_TRUE(eventually([&] { return nodes_under("/orders/42") == 2; }));
    const auto answer = waiting.cancel();
    EXPECT_EQ(answer.error(), errc::cancelled);
    EXPECT_EQ(answer.error().context().path, "/orders/42");
    EXPECT_TRUE(eventually([&] { return nodes_under("/orders/42") == 1; }));
    EXPECT_TRUE(eventually([&] { return other.stats().watches == 0; }));
    EXPECT_TRUE(held.valid());
}

TEST_F(Cancellation, OfEveryType) {
    const auto held = x_client.lock("/orders/42").value();
    for (const auto type : {cancellation_type::terminal, cancellation_type::partial,
                            cancellation_type::total, cancellation_type::all}) {
        Cancellable<ScopedLock> waiting([&](auto token) {
            x_client.async_lock("/orders/42", {.wait = 60s, .budget = 1s}, std::move(token));
        });
        EXPECT_EQ(waiting.cancel(type).error(), errc::cancelled);
    }
}

TEST_F(Cancellation, WhileTheCreateIsUnderWay) {
    x_server.set_deaf(true);
    Cancellable<ScopedLock> waiting([&](auto token) {
        x_client.async_lock("/orders/42", {.wait = 60s, .budget = 1s}, std::move(token));
    });
    EXPECT_EQ(waiting.cancel().error(), errc::cancelled);
    x_server.set_deaf(false);
    EXPECT_TRUE(eventually([&] {
        return requests(wire::Opcode::create) > 0 && nodes_under("/orders/42") == 0 &&
               x_client.stats().nodes_to_delete == 0;
    })) << "the node that was created for nobody is deleted";
}

TEST_F(Cancellation, WhileThereIsNoServer) {
    auto lonely = Client::connect("127.0.0.1:" + std::to_string(support::free_ports(1).front()),
                                  fast_options())
                      .value();
    Cancellable<ScopedLock> lock(
        [&](auto token) { lonely.async_lock("/a", {.wait = 60s}, std::move(token)); });
    EXPECT_EQ(lock.cancel().error(), errc::cancelled);
    Cancellable<void> connected([&](auto token) { lonely.async_wait_connected(std::move(token)); });
    EXPECT_EQ(connected.cancel().error(), errc::cancelled);
    Cancellable<NodeData> node(
        [&](auto token) { lonely.zookeeper().async_get("/a", std::move(token)); });
    EXPECT_EQ(node.cancel().error(), errc::cancelled);
    Cancellable<std::vector<ContenderInfo>> list(
        [&](auto token) { lonely.async_contenders("/a", std::move(token)); });
    EXPECT_EQ(list.cancel().error(), errc::cancelled);
}

TEST_F(Cancellation, OfWhatALockIsAsked) {
    auto lock = x_client.lock("/orders/42").value();
    Cancellable<Loss> lost([&](auto token) { lock.lost(std::move(token)); });
    EXPECT_EQ(lost.cancel().error(), errc::cancelled);
    EXPECT_TRUE(lock.valid());

    x_server.set_deaf(true);
    Cancellable<void> released([&](auto token) { lock.async_release(std::move(token)); });
    EXPECT_EQ(released.cancel().error(), errc::cancelled);
    x_server.set_deaf(false);
    EXPECT_TRUE(eventually([&] { return nodes_under("/orders/42") == 0; })) << "it goes on";
}

TEST_F(Cancellation, OfAWatch) {
    auto watched = x_client.zookeeper().exists_watched("/a").value();
    Cancellable<WatchEvent> event([&](auto token) { watched.watch.async_wait(std::move(token)); });
    EXPECT_EQ(event.cancel().error(), errc::cancelled);
    ASSERT_TRUE(x_client.zookeeper().create("/a"));
    EXPECT_EQ(watched.watch.wait(15s).value().type, WatchEventType::created) << "it stayed armed";
}

TEST_F(Cancellation, OfTheClose) {
    x_server.set_deaf(true);
    Cancellable<void> closed([&](auto token) { x_client.async_close(300ms, std::move(token)); });
    EXPECT_EQ(closed.cancel().error(), errc::cancelled);
    EXPECT_TRUE(eventually([&] { return x_client.state() == ClientState::closed; }));
}

TEST_F(Cancellation, ThatComesTooLateIsHarmless) {
    Cancellable<ScopedLock> lock(
        [&](auto token) { x_client.async_lock("/orders/42", {}, std::move(token)); });
    auto granted = lock.answer();
    ASSERT_TRUE(granted);
    lock.emit();
    EXPECT_TRUE(x_client.zookeeper().sync());
    EXPECT_TRUE(granted->valid());
}

TEST_F(Cancellation, AfterTheClientIsGoneIsHarmless) {
    auto lonely = std::make_unique<Client>(connect());
    Cancellable<void> connected([&](auto token) { lonely->async_close(1s, std::move(token)); });
    EXPECT_TRUE(connected.answer());
    lonely.reset();
    connected.emit();
}

/// Cancelled and granted in the same moment, many times over: whoever wins, no node is left and no
/// answer is missing.
TEST_F(Cancellation, RacingWithTheGrant) {
    for (int i = 0; i < 200; ++i) {
        Cancellable<ScopedLock> lock([&](auto token) {
            x_client.async_lock("/orders/42", {.wait = 10s, .budget = 1s}, std::move(token));
        });
        if (i % 2 == 0) {
            static_cast<void>(x_client.stats());  // a round trip to the I/O thread
        }
        const auto answer = lock.cancel();
        EXPECT_TRUE(answer || answer.error() == errc::cancelled) << answer.error().message();
    }
    EXPECT_TRUE(eventually([&] { return nodes_under("/orders/42") == 0; }));
    const ClientStats stats = x_client.stats();
    EXPECT_EQ(stats.locks_held, 0u);
    EXPECT_EQ(stats.locks_waiting, 0u);
}

asio::awaitable<std::string> first_of(const Client& client) {
    using namespace asio::experimental::awaitable_operators;
    asio::steady_timer timer(co_await asio::this_coro::executor);
    timer.expires_after(20ms);
    auto either = co_await (client.async_lock("/orders/42", {.wait = 60s}, asio::use_awaitable) ||
                            timer.async_wait(asio::use_awaitable));
    co_return either.index() == 1 ? "timer" : "lock";
}

TEST_F(Cancellation, ByATimerInACoroutine) {
    const auto held = x_client.lock("/orders/42").value();
    asio::io_context io;
    std::string first;
    asio::co_spawn(io, first_of(x_client),
                   [&](std::exception_ptr, std::string answer) { first = std::move(answer); });
    io.run();
    EXPECT_EQ(first, "timer");
    EXPECT_TRUE(eventually([&] { return x_client.stats().locks_waiting == 0; }));
}

}  // namespace
}  // namespace leasehold::testing_client
