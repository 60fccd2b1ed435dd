// The budget and the user's own executor: a coroutine is cancelled in time, and an io_context that
// hangs delays neither a release nor a heartbeat.
#include "tests/integration/fixture.hpp"
#include "tests/integration/stuck.hpp"

#include <boost/asio/awaitable.hpp>
#include <boost/asio/bind_executor.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/use_future.hpp>

#include <optional>
#include <thread>

namespace leasehold::integration {
namespace {

namespace asio = boost::asio;

/// A user's io_context with one thread.
class UserContext {
public:
    UserContext() : x_work(asio::make_work_guard(context)), x_thread([this] { context.run(); }) {}
    ~UserContext() {
        x_work.reset();
        x_thread.join();
    }
    UserContext(const UserContext&) = delete;
    UserContext& operator=(const UserContext&) = delete;

    asio::io_context context;

private:
    asio::executor_work_guard<asio::io_context::executor_type> x_work;
    std::thread x_thread;
};

class BudgetAsync : public ::testing::Test {
protected:
    Client us = connect(one_server().connect_string());
    Client observer = connect(one_server().connect_string());
    const std::string path = fresh_path();
};

/// What a coroutine under a lock saw.
struct Notes {
    std::optional<Instant> cancelled;
    bool was_valid = false;
};

asio::awaitable<int> wait_for_hours(Notes& notes) {
    asio::steady_timer timer(co_await asio::this_coro::executor, std::chrono::hours{1});
    try {
        co_await timer.async_wait(asio::use_awaitable);
    } catch (const boost::system::system_error&) {
        notes.cancelled = BootClock::now();
        throw;
    }
    co_return 1;
}

asio::awaitable<result<int>> charge_under_lock(const Client& client, std::string path, Notes& notes,
                                               std::optional<Farewell>& farewell,
                                               const Client& observer, Instant& due) {
    const LockOptions options{.wait = 10s, .budget = 1s, .reserve = 200ms};
    auto lock = co_await client.async_lock(path, options, asio::use_awaitable);
    if (!lock) {
        co_return lock.error();
    }
    due = lock->deadline();
    farewell.emplace(observer, lock->node());
    auto charged = co_await lock->async_call(wait_for_hours(notes), asio::use_awaitable);
    notes.was_valid = lock->valid();
    co_return charged;
}

TEST_F(BudgetAsync, Coroutine_IsCancelledAtTheCallDeadline) {
    UserContext user;
    Notes notes;
    Instant due{};
    std::optional<Farewell> farewell;
    auto answer =
        asio::co_spawn(user.context, charge_under_lock(us, path, notes, farewell, observer, due),
                       asio::use_future);
    const result<int> charged = answer.get();
    const Instant now = BootClock::now();
    EXPECT_TRUE(fails_with(charged, errc::budget_exceeded));
    ASSERT_TRUE(notes.cancelled.has_value());
    EXPECT_GE(*notes.cancelled, due - 200ms) << "not before the call deadline";
    EXPECT_LE(*notes.cancelled, due + release_promise);
    ASSERT_TRUE(farewell.has_value());
    const auto gone = farewell->wait();
    ASSERT_TRUE(gone.has_value());
    EXPECT_LE(*gone, due + release_promise);
    EXPECT_LE(now, due + release_promise);
}

TEST_F(BudgetAsync, IoContextThatHangs_DelaysNoReleaseAndNoHeartbeat) {
    UserContext user;
    Trap trap;
    auto lock = us.async_lock(path, {.wait = 10s, .budget = 2s},
                              asio::bind_executor(user.context, asio::use_future))
                    .get();
    ASSERT_TRUE(lock.has_value()) << why(lock);
    // A second lock that nobody gives back: its heartbeats must go on.
    auto other = us.async_lock(path + "-other", {.wait = 10s, .budget = 9s},
                               asio::bind_executor(user.context, asio::use_future))
                     .get();
    ASSERT_TRUE(other.has_value()) << why(other);
    const Instant due = lock->deadline();
    Farewell farewell(observer, lock->node());
    Notes notes;
    lock->async_call(wait_for_hours(notes), asio::bind_executor(user.context, [](result<int>) {}));
    asio::post(user.context, trap.door());
    EXPECT_TRUE(gone_in_time(farewell.wait(), due));
    EXPECT_FALSE(lock->valid());
    EXPECT_TRUE(other->valid());
    EXPECT_LT(us.stats().evidence_age, 5s) << "no heartbeats";
    EXPECT_EQ(trap.inside(), 1);
    trap.open();
}

/// A coroutine that does not come back until its door opens.
template <class Door>
struct Stubborn {
    Door door;

    asio::awaitable<int> operator()() const {
        door();
        co_return 3;
    }
};

TEST_F(BudgetAsync, CoroutineThatIgnoresItsCancellation_LosesTheLockAllTheSame) {
    UserContext user;
    Trap trap;
    auto lock = us.lock(path, {.wait = 10s, .budget = 1s});
    ASSERT_TRUE(lock.has_value()) << why(lock);
    const Instant due = lock->deadline();
    Farewell farewell(observer, lock->node());
    const Stubborn<decltype(trap.door())> stubborn{trap.door()};
    auto answer = lock->async_call(stubborn, asio::bind_executor(user.context, asio::use_future));
    EXPECT_TRUE(gone_in_time(farewell.wait(), due));
    trap.open();
    EXPECT_TRUE(fails_with(answer.get(), errc::budget_exceeded));
}

TEST_F(BudgetAsync, CallbackThreadThatHangs_DelaysNoRelease) {
    Trap trap;
    us.on_state_change([](ClientState) {});
    us.async_wait_connected(trap.door());
    ASSERT_TRUE(eventually([&] { return trap.inside() == 1; }));
    auto lock = us.lock(path, {.wait = 10s, .budget = 1s});
    ASSERT_TRUE(lock.has_value()) << "blocking calls do not need the callback thread: "
                                  << why(lock);
    const Instant due = lock->deadline();
    Farewell farewell(observer, lock->node());
    EXPECT_TRUE(gone_in_time(farewell.wait(), due));
    trap.open();
}

}  // namespace
}  // namespace leasehold::integration
