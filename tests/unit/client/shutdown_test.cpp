// ~Client returns within a second, whatever hangs, and touches nothing afterwards.
#include "tests/unit/client/fixture.hpp"

#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/use_future.hpp>
#include <gtest/gtest.h>

#include <chrono>
#include <cstddef>
#include <functional>
#include <future>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <utility>

namespace leasehold::testing_client {
namespace {

namespace asio = boost::asio;
using std::chrono::steady_clock;

std::size_t our_threads() {
    return threads_named("leasehold").size();
}

/// A thread that has been joined is listed until the kernel has buried it.
bool no_thread_is_left() {
    return eventually([] { return our_threads() == 0; });
}

class Shutdown : public ServedTest {
protected:
    /// The promise of the SDK: as it stands, whatever the machine.
    void destroy_within_a_second() {
        const auto start = steady_clock::now();
        x_client.reset();
        EXPECT_LE(steady_clock::now() - start, 1s);
    }

    std::optional<Client> x_client = connect();
};

TEST_F(Shutdown, LeavesNoThreadNoSessionAndNoNode) {
    const auto lock = x_client->lock("/orders/42").value();
    Event called;
    x_client->async_wait_connected([&](const result<void>&) { called.set(); });
    ASSERT_TRUE(called.happens());
    EXPECT_GE(our_threads(), 2u);
    destroy_within_a_second();
    EXPECT_TRUE(no_thread_is_left());
    EXPECT_EQ(sessions(), 0u);
    EXPECT_EQ(nodes_under("/orders/42"), 0u);
    EXPECT_FALSE(lock.valid());
}

TEST_F(Shutdown, WithAServerThatDoesNotAnswer) {
    const auto lock = x_client->lock("/orders/42").value();
    x_server.set_deaf(true);
    destroy_within_a_second();
    EXPECT_FALSE(lock.valid());
    EXPECT_TRUE(no_thread_is_left());
}

TEST_F(Shutdown, WhileConnecting) {
    x_client = Client::connect("127.0.0.1:" + std::to_string(support::free_ports(1).front()),
                               fast_options())
                   .value();
    destroy_within_a_second();
    EXPECT_TRUE(no_thread_is_left());
}

TEST_F(Shutdown, WithAStopCallbackThatNeverReturns) {
    Event let_go;
    Event inside;
    const auto hang = [&] {
        inside.set();
        let_go.wait();
    };
    std::optional<std::stop_callback<decltype(hang)>> on_stop;
    {
        const auto lock = x_client->lock("/orders/42", {.budget = 100ms}).value();
        on_stop.emplace(lock.stop_token(), hang);
        ASSERT_TRUE(inside.happens());
        destroy_within_a_second();
    }
    EXPECT_EQ(sessions(), 0u);
    let_go.set();
    on_stop.reset();  // waits until the callback has returned
    EXPECT_TRUE(no_thread_is_left());
}

TEST_F(Shutdown, WithACallbackThatNeverReturns) {
    const auto let_go = std::make_shared<Event>();
    const auto inside = std::make_shared<Event>();
    x_client->async_wait_connected([let_go, inside](const result<void>&) {
        inside->set();
        let_go->wait();
    });
    ASSERT_TRUE(inside->happens());
    destroy_within_a_second();
    let_go->set();
    EXPECT_TRUE(no_thread_is_left());
}

TEST_F(Shutdown, WithALogHandlerThatNeverReturns) {
    struct Handler {
        std::shared_ptr<Event> let_go = std::make_shared<Event>();
        std::shared_ptr<Event> inside = std::make_shared<Event>();
        void operator()(const LogRecord&) const {
            const auto keep = let_go;
            inside->set();
            keep->wait();
        }
    };
    const Handler handler;
    ClientOptions options = fast_options();
    options.on_log = handler;
    x_client = connect(options);
    ASSERT_TRUE(handler.inside->happens());
    destroy_within_a_second();
    handler.let_go->set();
    EXPECT_TRUE(no_thread_is_left());
}

TEST_F(Shutdown, InsideOneOfItsOwnCallbacks) {
    Event done;
    x_client->async_wait_connected([&](const result<void>&) {
        destroy_within_a_second();
        done.set();
    });
    EXPECT_TRUE(done.happens());
    EXPECT_EQ(sessions(), 0u);
    EXPECT_TRUE(no_thread_is_left());
}

TEST_F(Shutdown, InsideAStopCallback) {
    Event done;
    auto lock = x_client->lock("/orders/42", {.budget = 100ms}).value();
    const std::stop_callback on_stop(lock.stop_token(), [&] {
        destroy_within_a_second();
        done.set();
    });
    EXPECT_TRUE(done.happens());
    EXPECT_TRUE(no_thread_is_left());
}

TEST_F(Shutdown, InsideTheStateHandler) {
    Event done;
    x_client->on_state_change([&](ClientState) {
        if (!done.is_set()) {
            destroy_within_a_second();
            done.set();
        }
    });
    x_server.cut();
    EXPECT_TRUE(done.happens());
    EXPECT_TRUE(no_thread_is_left());
}

TEST_F(Shutdown, CompletesEverythingUnderWay) {
    const auto held = x_client->lock("/orders/42").value();
    auto waiting = x_client->async_lock("/orders/42", {.wait = 60s}, asio::use_future);
    auto lost = held.lost(asio::use_future);
    auto watched = x_client->zookeeper().exists_watched("/w").value();
    auto event = watched.watch.async_wait(asio::use_future);
    x_server.set_deaf(true);
    auto node = x_client->zookeeper().async_get("/a", asio::use_future);
    auto list = x_client->async_contenders("/a", asio::use_future);
    auto extended = held.async_extend(1s, asio::use_future);
    destroy_within_a_second();
    EXPECT_EQ(waiting.get().error(), errc::closed);
    EXPECT_EQ(lost.get().value(), Loss::closed);
    EXPECT_FALSE(event.get());
    EXPECT_EQ(node.get().error(), errc::closed);
    EXPECT_EQ(list.get().error(), errc::closed);
    static_cast<void>(extended.get());
}

TEST_F(Shutdown, UnblocksWhoeverWaits) {
    const auto held = x_client->lock("/orders/42").value();
    std::promise<Error> answer;
    std::thread waiter([&] {
        const auto lock = x_client->lock("/orders/42", {.wait = 60s});
        answer.set_value(lock.error());
    });
    ASSERT_TRUE(eventually([&] { return x_client->stats().locks_waiting == 1; }));
    EXPECT_TRUE(x_client->close());
    EXPECT_EQ(answer.get_future().get(), errc::closed);
    waiter.join();
}

TEST_F(Shutdown, OverAndOverInTheMiddleOfWork) {
    for (int i = 0; i < 50; ++i) {
        auto client = connect();
        static_cast<void>(client.async_lock("/orders/42", {.wait = 60s}, asio::use_future));
        static_cast<void>(client.zookeeper().async_get("/a", asio::use_future));
    }
    EXPECT_EQ(sessions(), 1u);
    EXPECT_EQ(nodes_under("/orders/42"), 0u);
}

}  // namespace
}  // namespace leasehold::testing_client
