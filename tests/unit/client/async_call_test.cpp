#include "tests/unit/client/fixture.hpp"

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/bind_executor.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/thread_pool.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/use_future.hpp>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <system_error>
#include <type_traits>
#include <utility>

namespace leasehold::testing_client {
namespace {

namespace asio = boost::asio;
using asio::awaitable;

// ---- coroutines to call ----

awaitable<int> seven() {
    co_return 7;
}

awaitable<void> nothing() {
    co_return;
}

awaitable<std::unique_ptr<int>> move_only() {
    co_return std::make_unique<int>(7);
}

awaitable<result<int>> refused() {
    co_return errc::not_permitted;
}

awaitable<int> hang(bool* was_cancelled = nullptr) {
    asio::steady_timer timer(co_await asio::this_coro::executor);
    timer.expires_after(1h);
    try {
        co_await timer.async_wait(asio::use_awaitable);
    } catch (const boost::system::system_error&) {
        if (was_cancelled != nullptr) {
            *was_cancelled = true;
        }
        throw;
    }
    co_return 7;
}

/// Goes on after it was cancelled, until the lock has ended.
awaitable<int> ignore_cancellation(CallContext context) {
    co_await asio::this_coro::reset_cancellation_state(asio::disable_cancellation());
    asio::steady_timer timer(co_await asio::this_coro::executor);
    while (context.valid()) {
        timer.expires_after(1ms);
        co_await timer.async_wait(asio::use_awaitable);
    }
    co_return 7;
}

awaitable<int> throw_system_error() {
    throw std::system_error(std::make_error_code(std::errc::connection_refused), "rpc");
    co_return 7;
}

awaitable<int> throw_boost_error() {
    throw boost::system::system_error(asio::error::connection_reset, "rpc");
    co_return 7;
}

awaitable<int> throw_something() {
    throw std::domain_error("of the user's");
    co_return 7;
}

awaitable<int> throw_no_exception() {
    throw 42;
    co_return 7;
}

class AsyncCall : public ServedTest {
protected:
    /// Runs `async_call(source)` as a handler of an io_context does.
    template <class Held, class Source>
    auto call(const Held& held, Source source) {
        asio::io_context io;
        using Answer = decltype(held.async_call(std::move(source), asio::use_future).get());
        std::optional<Answer> answer;
        held.async_call(std::move(source), asio::bind_executor(io, [&](Answer outcome) {
                            EXPECT_FALSE(answer);
                            answer.emplace(std::move(outcome));
                        }));
        EXPECT_FALSE(answer) << "completed inside the call";
        io.run();
        EXPECT_TRUE(answer) << "never completed";
        return std::move(*answer);
    }
    [[nodiscard]] ScopedLock lock(const LockOptions& options = {}) {
        return x_client.lock("/orders/42", options).value();
    }

    Client x_client = connect();
};

TEST_F(AsyncCall, ValuesOfEveryKindComeBack) {
    const auto held = lock();
    static_assert(std::is_same_v<decltype(call(held, nothing())), result<void>>);
    static_assert(std::is_same_v<decltype(call(held, refused())), result<int>>);
    EXPECT_EQ(call(held, seven()).value(), 7);
    EXPECT_TRUE(call(held, nothing()));
    EXPECT_EQ(*call(held, move_only()).value(), 7);
    EXPECT_EQ(call(held, refused()).error(), errc::not_permitted);
    EXPECT_TRUE(held.valid());
}

/// Uses what it was made with after its first suspension.
struct WithContext {
    std::shared_ptr<std::int64_t> token;

    awaitable<bool> operator()(const CallContext& context) const {
        asio::steady_timer timer(co_await asio::this_coro::executor);
        timer.expires_after(1ms);
        co_await timer.async_wait(asio::use_awaitable);
        co_return context.valid() && context.token() == *token;
    }
};

TEST_F(AsyncCall, CallableIsGivenTheContextAndKeptAlive) {
    const auto held = lock();
    const auto token = std::make_shared<std::int64_t>(held.token());
    WithContext with_context;
    with_context.token = token;
    EXPECT_TRUE(call(held, std::move(with_context)).value());
    EXPECT_EQ(call(held, [] { return seven(); }).value(), 7);
}

TEST_F(AsyncCall, HangingCoroutineIsCancelledAtTheCallDeadline) {
    const auto held = lock({.budget = 400ms, .reserve = 200ms});
    const auto deadline = held.deadline();
    bool was_cancelled = false;
    const auto answer = call(held, hang(&was_cancelled));
    EXPECT_TRUE(was_cancelled);
    EXPECT_EQ(answer.error(), errc::budget_exceeded);
    EXPECT_EQ(answer.error().context().path, "/orders/42");
    EXPECT_GE(BootClock::now(), deadline - 200ms);
    EXPECT_TRUE(eventually([&] { return nodes_under("/orders/42") == 0; }));
}

TEST_F(AsyncCall, LeadersCoroutineIsCancelledForWantOfEvidenceAndNotByABudget) {
    ClientOptions options = fast_options();
    options.session_timeout = 4s;
    const Client candidate = connect(options);
    const auto led = candidate.elect("/service/leader", {.reserve = 2s}).value();
    x_server.set_deaf(true);
    bool was_cancelled = false;
    const auto answer = call(led, hang(&was_cancelled));
    EXPECT_TRUE(was_cancelled);
    EXPECT_EQ(answer.error(), errc::lock_lost);
    EXPECT_THAT(answer.error().message(), testing::HasSubstr("no fresh evidence"));
}

TEST_F(AsyncCall, CoroutineThatIgnoresItsCancellationIsAnOverrun) {
    const auto held = lock({.budget = 200ms});
    EXPECT_EQ(call(held, ignore_cancellation).error(), errc::budget_exceeded);
}

TEST_F(AsyncCall, CoroutineIsCancelledWhenTheLockIsLost) {
    auto held = lock();
    asio::io_context io;
    std::optional<result<int>> answer;
    held.async_call(hang(), asio::bind_executor(io, [&](result<int> outcome) {
                        answer.emplace(std::move(outcome));
                    }));
    EXPECT_EQ(io.run_one(), 1u);  // it has started
    x_server.with([](FakeZooKeeper& zookeeper) {
        for (const auto& seen : zookeeper.seen(wire::Opcode::create)) {
            zookeeper.expire(BootClock::now(), seen.session);
        }
    });
    io.run();
    ASSERT_TRUE(answer);
    EXPECT_EQ(answer->error(), errc::lock_lost);
}

TEST_F(AsyncCall, StuckStopCallbackDoesNotHoldUpTheCancellation) {
    Event let_go;
    auto held = lock({.budget = 300ms});
    const std::stop_callback hang_there(held.stop_token(), [&] { let_go.wait(); });
    EXPECT_EQ(call(held, hang()).error(), errc::budget_exceeded);
    let_go.set();
}

TEST_F(AsyncCall, ExceptionsBecomeErrors) {
    const auto held = lock();
    EXPECT_EQ(call(held, throw_system_error()).error().code(), std::errc::connection_refused);
    EXPECT_EQ(call(held, throw_boost_error()).error().code(),
              std::error_code(boost::system::error_code(asio::error::connection_reset)));
    const auto failed = call(held, throw_something());
    EXPECT_EQ(failed.error(), errc::call_failed);
    EXPECT_NE(failed.error().message().find("of the user's"), std::string::npos);
    EXPECT_EQ(call(held, throw_no_exception()).error(), errc::call_failed);
    EXPECT_EQ(
        call(held, []() -> awaitable<int> { throw std::domain_error("no coroutine"); }).error(),
        errc::call_failed);
}

TEST_F(AsyncCall, EndedLockRefusesToStartTheCoroutine) {
    auto held = lock({.budget = 50ms});
    ASSERT_TRUE(eventually([&] { return !held.valid(); }));
    bool ran = false;
    EXPECT_EQ(call(held,
                   [&]() -> awaitable<void> {
                       ran = true;
                       return nothing();
                   })
                  .error(),
              errc::budget_exceeded);
    EXPECT_FALSE(ran);
    const ScopedLock taken = std::move(held);
    EXPECT_EQ(call(held, seven()).error(), errc::lock_lost);  // NOLINT(bugprone-use-after-move)
}

TEST_F(AsyncCall, CallersOwnCancellationIsForwarded) {
    const auto held = lock();
    asio::io_context io;
    asio::cancellation_signal signal;
    std::optional<result<int>> answer;
    held.async_call(hang(), asio::bind_cancellation_slot(
                                signal.slot(), asio::bind_executor(io, [&](result<int> outcome) {
                                    answer.emplace(std::move(outcome));
                                })));
    EXPECT_EQ(io.run_one(), 1u);
    signal.emit(asio::cancellation_type::terminal);
    io.run();
    ASSERT_TRUE(answer);
    EXPECT_EQ(answer->error(), errc::cancelled);
    EXPECT_TRUE(held.valid());
}

TEST_F(AsyncCall, CancellationBeforeTheCoroutineStartsIsNotLost) {
    const auto held = lock();
    asio::io_context io;
    asio::cancellation_signal signal;
    std::optional<result<int>> answer;
    held.async_call(hang(), asio::bind_cancellation_slot(
                                signal.slot(), asio::bind_executor(io, [&](result<int> outcome) {
                                    answer.emplace(std::move(outcome));
                                })));
    signal.emit(asio::cancellation_type::all);
    io.run();
    ASSERT_TRUE(answer);
    EXPECT_EQ(answer->error(), errc::cancelled);
}

TEST_F(AsyncCall, WithoutAnExecutorItRunsOnTheSystems) {
    const auto held = lock();
    EXPECT_EQ(held.async_call(seven(), asio::use_future).get().value(), 7);
    EXPECT_EQ(held.async_call([] { return seven(); }, asio::use_future).get().value(), 7);
}

awaitable<result<int>> guarded(const Client& client) {
    BOOST_OUTCOME_CO_TRY(
        const auto held,
        co_await client.async_lock("/orders/42", {.budget = 300ms}, asio::use_awaitable));
    co_return co_await held.async_call(hang(), asio::use_awaitable);
}

TEST_F(AsyncCall, InsideAnotherCoroutineOnManyThreads) {
    asio::thread_pool pool(2);
    auto answer = asio::co_spawn(pool, guarded(x_client), asio::use_future);
    EXPECT_EQ(answer.get().error(), errc::budget_exceeded);
    pool.join();
}

TEST_F(AsyncCall, HoldUntilReturnWaitsForTheCoroutine) {
    const auto held =
        lock({.budget = 200ms, .on_budget = OnBudget::hold_until_return, .max_hold = 60s});
    asio::io_context io;
    std::optional<result<int>> answer;
    Event let_go;
    held.async_call(
        [&]() -> awaitable<int> {
            EXPECT_TRUE(eventually([&] { return x_client.stats().overruns == 1; }));
            EXPECT_EQ(nodes_under("/orders/42"), 1u);
            return seven();
        },
        asio::bind_executor(io, [&](result<int> outcome) { answer.emplace(std::move(outcome)); }));
    io.run();
    ASSERT_TRUE(answer);
    EXPECT_EQ(answer->error(), errc::budget_exceeded);
    EXPECT_TRUE(eventually([&] { return nodes_under("/orders/42") == 0; }));
}

TEST_F(AsyncCall, OutlivesTheHandleAndTheClient) {
    asio::io_context io;
    std::optional<result<int>> answer;
    {
        Client client = connect();
        const auto held = client.lock("/orders/43").value();
        held.async_call(hang(), asio::bind_executor(io, [&](result<int> outcome) {
                            answer.emplace(std::move(outcome));
                        }));
        EXPECT_EQ(io.run_one(), 1u);
    }
    io.run();
    ASSERT_TRUE(answer);
    EXPECT_EQ(answer->error(), errc::lock_lost);
}

}  // namespace
}  // namespace leasehold::testing_client
