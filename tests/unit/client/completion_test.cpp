// Where handlers run: on their own executor, else on the callback thread, and never on the I/O
// thread or inside the call.
#include "tests/unit/client/fixture.hpp"

#include <boost/asio/any_completion_handler.hpp>
#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/bind_executor.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/deferred.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/strand.hpp>
#include <boost/asio/system_executor.hpp>
#include <boost/asio/thread_pool.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/use_future.hpp>
#include <gtest/gtest.h>

#include <atomic>
#include <future>
#include <memory>
#include <string>
#include <thread>

namespace leasehold::testing_client {
namespace {

namespace asio = boost::asio;

/// Runs everything where it is handed over, whatever it was asked for.
struct InlineExecutor {
    template <class F>
    void execute(F f) const {
        std::move(f)();
    }
    friend bool operator==(const InlineExecutor&, const InlineExecutor&) noexcept { return true; }
};

class Completion : public ServedTest {
protected:
    /// The name of the thread that a handler made by `bind` runs on.
    template <class Bind>
    std::string thread_of(Bind bind) {
        std::promise<std::string> ran_on;
        const auto caller = std::this_thread::get_id();
        std::atomic<bool> is_inside{true};
        x_client.async_wait_connected(bind([&](const result<void>& connected) {
            EXPECT_TRUE(connected);
            EXPECT_FALSE(is_inside && std::this_thread::get_id() == caller) << "inside the call";
            ran_on.set_value(thread_name());
        }));
        is_inside = false;
        return ran_on.get_future().get();
    }

    Client x_client = connect();
};

/// They belong to all of the program, and would have our name and our signal mask: whatever it
/// starts there could not be ended by a signal.
TEST_F(Completion, ThreadsOfAsiosOwnAreNotStartedByOurs) {
    EXPECT_TRUE(x_client.async_wait_connected(asio::use_future).get());
    EXPECT_EQ(threads_named(io_thread).size(), 1u);
    EXPECT_LE(threads_named(callback_thread).size(), 1u);
}

TEST_F(Completion, HandlerWithoutAnExecutorRunsOnTheCallbackThread) {
    EXPECT_EQ(thread_of([](auto handler) { return handler; }), callback_thread);
}

TEST_F(Completion, SystemExecutorCountsAsNone) {
    EXPECT_EQ(thread_of([](auto handler) {
                  return asio::bind_executor(asio::system_executor(), std::move(handler));
              }),
              callback_thread);
}

TEST_F(Completion, BoundHandlerRunsOnItsExecutor) {
    asio::io_context io;
    auto work = asio::make_work_guard(io);
    std::thread runner([&] {
        pthread_setname_np(pthread_self(), "users-own");
        io.run();
    });
    EXPECT_EQ(thread_of([&](auto handler) { return asio::bind_executor(io, std::move(handler)); }),
              "users-own");
    const auto strand = asio::make_strand(io);
    EXPECT_EQ(
        thread_of([&](auto handler) { return asio::bind_executor(strand, std::move(handler)); }),
        "users-own");
    const asio::any_io_executor erased = strand;
    EXPECT_EQ(
        thread_of([&](auto handler) { return asio::bind_executor(erased, std::move(handler)); }),
        "users-own");
    work.reset();  // not stop(): run() waits for those who still post
    runner.join();
}

TEST_F(Completion, InlineExecutorDoesNotBringUserCodeOntoTheIoThread) {
    EXPECT_EQ(thread_of([](auto handler) {
                  return asio::bind_executor(InlineExecutor{}, std::move(handler));
              }),
              callback_thread);
}

TEST_F(Completion, EmptyExecutorCountsAsNone) {
    EXPECT_EQ(thread_of([](auto handler) {
                  return asio::any_completion_handler<void(result<void>)>(std::move(handler));
              }),
              callback_thread);
}

TEST_F(Completion, ErasedHandlerStillRunsOnItsExecutor) {
    asio::thread_pool pool(1);
    asio::post(pool, [] { pthread_setname_np(pthread_self(), "users-pool"); });
    EXPECT_EQ(thread_of([&](auto handler) {
                  return asio::any_completion_handler<void(result<void>)>(
                      asio::bind_executor(pool, std::move(handler)));
              }),
              "users-pool");
    pool.join();
}

TEST_F(Completion, OperationThatFailsAtOnceDoesNotCompleteInsideTheCall) {
    asio::io_context io;
    bool completed = false;
    x_client.async_lock("no path", {}, asio::bind_executor(io, [&](result<ScopedLock> lock) {
                            EXPECT_EQ(lock.error(), errc::invalid_argument);
                            completed = true;
                        }));
    EXPECT_FALSE(completed);
    io.run();  // ours is the only work: it ends when the handler has run
    EXPECT_TRUE(completed);
}

TEST_F(Completion, PendingOperationKeepsTheUsersContextBusy) {
    auto held = x_client.lock("/orders/42").value();
    asio::io_context io;
    bool completed = false;
    x_client.async_lock("/orders/42", {.wait = 10s, .budget = 1s},
                        asio::bind_executor(io, [&](result<ScopedLock> lock) {
                            EXPECT_TRUE(lock);
                            completed = true;
                        }));
    EXPECT_EQ(io.poll(), 0u);
    EXPECT_FALSE(io.stopped());
    EXPECT_TRUE(held.release());
    io.run();
    EXPECT_TRUE(completed);
}

TEST_F(Completion, Future) {
    auto lock = x_client.async_lock("/orders/42", {}, asio::use_future).get();
    ASSERT_TRUE(lock);
    EXPECT_TRUE(lock->valid());
    EXPECT_TRUE(lock->async_release(asio::use_future).get());
}

TEST_F(Completion, DeferredOperationStartsAfterItsArgumentsAreGone) {
    auto path = std::make_unique<std::string>("/orders/42");
    auto owner = std::make_unique<std::string>("somebody");
    auto operation = x_client.async_lock(*path, {.owner = *owner}, asio::deferred);
    path->assign("/wrong/wrong");
    path.reset();
    owner.reset();
    EXPECT_EQ(nodes_under("/orders/42"), 0u) << "started before it was asked to";
    auto lock = std::move(operation)(asio::use_future).get();
    ASSERT_TRUE(lock);
    EXPECT_EQ(lock->path(), "/orders/42");
    EXPECT_EQ(x_client.contenders("/orders/42").value().at(0).owner, "somebody");
}

asio::awaitable<result<std::int64_t>> in_coroutine(const Client& client) {
    BOOST_OUTCOME_CO_TRY(
        auto lock, co_await client.async_lock("/orders/42", {.wait = 2s}, asio::use_awaitable));
    BOOST_OUTCOME_CO_TRYV(co_await client.zookeeper().async_sync("/", asio::use_awaitable));
    BOOST_OUTCOME_CO_TRYV(co_await lock.async_extend(5s, asio::use_awaitable));
    const std::int64_t token = lock.token();
    BOOST_OUTCOME_CO_TRYV(co_await lock.async_release(asio::use_awaitable));
    co_return token;
}

TEST_F(Completion, Coroutine) {
    asio::io_context io;
    result<std::int64_t> token;
    asio::co_spawn(io, in_coroutine(x_client),
                   [&](std::exception_ptr failure, result<std::int64_t> answer) {
                       EXPECT_FALSE(failure);
                       token = std::move(answer);
                   });
    io.run();
    ASSERT_TRUE(token) << token.error().message();
    EXPECT_GT(*token, 0);
}

// ---- what a user blocks ----

TEST_F(Completion, BlockedCallbackThreadDelaysNoHeartbeatAndNoRelease) {
    Event let_go;
    Event inside;
    x_client.async_wait_connected([&](const result<void>&) {
        inside.set();
        let_go.wait();
    });
    ASSERT_TRUE(inside.happens());
    const auto pings = x_client.stats().pings;
    auto lock = x_client.lock("/orders/42", {.budget = 300ms});
    ASSERT_TRUE(lock);
    EXPECT_TRUE(eventually([&] { return nodes_under("/orders/42") == 0; }));
    EXPECT_TRUE(eventually([&] { return x_client.stats().pings > pings + 3; }));
    EXPECT_TRUE(x_client.lock("/orders/43"));
    let_go.set();
}

TEST_F(Completion, BlockedContextOfTheUsersDelaysNobodyElse) {
    asio::io_context never_run;
    x_client.async_lock("/orders/42", {.budget = 300ms},
                        asio::bind_executor(never_run, [](result<ScopedLock>) {}));
    EXPECT_TRUE(eventually([&] { return requests(wire::Opcode::create) > 0; }));
    EXPECT_TRUE(eventually([&] { return nodes_under("/orders/42") == 0; }))
        << "the lock that nobody took delivery of is released at its budget";
    EXPECT_TRUE(x_client.lock("/orders/42"));
}

TEST_F(Completion, BlockingCallsAreAllowedInsideACallback) {
    std::promise<bool> locked;
    x_client.async_wait_connected(
        [&](const result<void>&) { locked.set_value(x_client.lock("/orders/42").has_value()); });
    EXPECT_TRUE(locked.get_future().get());
}

/// Takes a job on whatever thread hands it over, and blocks that thread with a call of ours.
struct CallingExecutor {
    const Client* client;
    std::promise<result<void>>* answer;
    std::atomic<bool>* has_asked;

    template <class F>
    void execute(F f) const {
        // Asio comes here twice: to post, and to dispatch what it posted.
        if (!has_asked->exchange(true)) {
            answer->set_value(client->wait_connected(1s));
        }
        std::move(f)();
    }
    friend bool operator==(const CallingExecutor&, const CallingExecutor&) noexcept { return true; }
    // Promises what it does not keep: everything runs inside execute().
    [[nodiscard]] CallingExecutor require(asio::execution::blocking_t::never_t) const {
        return *this;
    }
    [[nodiscard]] static constexpr auto query(asio::execution::blocking_t) {
        return asio::execution::blocking_t(asio::execution::blocking.never);
    }
    [[nodiscard]] asio::execution_context& query(asio::execution::context_t) const {
        return asio::query(asio::system_executor(), asio::execution::context);
    }
};

TEST_F(Completion, BlockingCallOnTheIoThreadIsRefused) {
    std::promise<result<void>> answer;
    std::atomic<bool> has_asked = false;
    Event ran;
    x_client.async_wait_connected(asio::bind_executor(
        CallingExecutor{&x_client, &answer, &has_asked}, [&](const result<void>&) { ran.set(); }));
    EXPECT_EQ(answer.get_future().get().error(), errc::would_deadlock);
    EXPECT_TRUE(ran.happens());
}

}  // namespace
}  // namespace leasehold::testing_client
