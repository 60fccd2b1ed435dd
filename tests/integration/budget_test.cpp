// The lock is given back at its budget even if the caller never comes back: another client sees the
// node gone at most 250 ms later, and the next in line goes on.
#include "tests/integration/fixture.hpp"
#include "tests/integration/parcel.hpp"
#include "tests/integration/stuck.hpp"

#include <boost/asio/use_future.hpp>

#include <functional>
#include <stop_token>
#include <thread>

namespace leasehold::integration {
namespace {

class Budget : public ::testing::TestWithParam<Flavour> {
protected:
    Client client() {
        return connect(GetParam().servers().connect_string(), options_for(GetParam()));
    }

    Client us = client();
    Client observer = client();
    const std::string path = fresh_path();
};

INSTANTIATE_TEST_SUITE_P(Servers, Budget, ::testing::Values(flavours[0], flavours[2]),
                         flavour_name);

TEST_P(Budget, CallThatNeverReturns_LosesTheLockAtTheBudget) {
    const Instant asked = BootClock::now();
    auto lock = us.lock(path, {.wait = 10s, .budget = 1s});
    ASSERT_TRUE(lock.has_value()) << why(lock);
    const Instant due = lock->deadline();
    EXPECT_GE(due, asked + 1s);
    EXPECT_LE(due, BootClock::now() + 1s);
    Farewell farewell(observer, lock->node());
    Trap trap;
    result<int> answer = errc::closed;
    std::thread caller([&] {
        answer = lock->call([&] {
            trap.door()();
            return 7;
        });
    });
    EXPECT_TRUE(gone_in_time(farewell.wait(), due));
    EXPECT_FALSE(lock->valid());
    EXPECT_EQ(trap.inside(), 1) << "the caller is still stuck";
    trap.open();
    caller.join();
    EXPECT_TRUE(fails_with(answer, errc::budget_exceeded));
    EXPECT_EQ(us.stats().overruns, 1U);
}

TEST_P(Budget, CallThatNeverReturns_DoesNotKeepTheNextInLineWaiting) {
    auto lock = us.lock(path, {.wait = 10s, .budget = 1s});
    ASSERT_TRUE(lock.has_value()) << why(lock);
    const Instant due = lock->deadline();
    auto next = observer.async_lock(path, {.wait = 30s, .budget = 1s}, boost::asio::use_future);
    Trap trap;
    std::thread caller([&] { (void)lock->call(trap.door()); });
    const auto granted = next.get();
    const Instant now = BootClock::now();
    EXPECT_TRUE(granted.has_value()) << why(granted);
    EXPECT_GE(now, due) << "granted beside a valid lock";
    EXPECT_LE(now, due + release_promise);
    EXPECT_FALSE(lock->valid());
    trap.open();
    caller.join();
}

TEST_P(Budget, ThreadThatNeverLooksAtItsLockAgain_LosesItAtTheBudget) {
    auto lock = us.lock(path, {.wait = 10s, .budget = 1s});
    ASSERT_TRUE(lock.has_value()) << why(lock);
    const Instant due = lock->deadline();
    Farewell farewell(observer, lock->node());
    EXPECT_TRUE(gone_in_time(farewell.wait(), due));
    EXPECT_FALSE(lock->valid());
    EXPECT_EQ(lock->remaining(), Duration::zero());
}

TEST_P(Budget, StopCallbackThatNeverReturns_DelaysNoRelease) {
    // Several locks of one client: a stuck callback may stand in the way of the others' ones, but
    // not of the others' releases.
    struct Held {
        ScopedLock lock;
        Farewell farewell;
        Instant due;
    };
    Trap trap;
    std::vector<Held> all;
    using Callback = std::stop_callback<std::function<void()>>;
    std::vector<std::unique_ptr<Callback>> callbacks;
    for (int i = 0; i < 5; ++i) {
        auto lock = us.lock(path + std::to_string(i), {.wait = 10s, .budget = 1500ms});
        ASSERT_TRUE(lock.has_value()) << why(lock);
        callbacks.push_back(std::make_unique<Callback>(lock->stop_token(), trap.door()));
        const Instant due = lock->deadline();
        Farewell farewell(observer, lock->node());
        all.push_back({std::move(*lock), std::move(farewell), due});
    }
    for (Held& held : all) {
        EXPECT_TRUE(gone_in_time(held.farewell.wait(), held.due));
        EXPECT_FALSE(held.lock.valid());
    }
    EXPECT_GE(trap.inside(), 1);
    trap.open();
}

TEST_P(Budget, JeopardyLostAndStateHandlersThatNeverReturn_DelayNoRelease) {
    auto first = us.lock(path + "a", {.wait = 10s, .budget = 500ms});
    ASSERT_TRUE(first.has_value()) << why(first);
    auto second = us.lock(path + "b", {.wait = 10s, .budget = 1500ms});
    ASSERT_TRUE(second.has_value()) << why(second);
    const Instant due = second->deadline();
    Farewell farewell(observer, second->node());
    Trap trap;
    first->lost(trap.door());
    second->lost(trap.door());
    EXPECT_TRUE(eventually([&] { return trap.inside() == 1; }));
    EXPECT_TRUE(gone_in_time(farewell.wait(), due));
    EXPECT_FALSE(second->valid());
    trap.open();
}

TEST_P(Budget, StopIsRequestedByTheReserveAndTheLockStaysValidUntilTheBudget) {
    auto lock = us.lock(path, {.wait = 10s, .budget = 2s, .reserve = 1s});
    ASSERT_TRUE(lock.has_value()) << why(lock);
    const Instant due = lock->deadline();
    Instant stopped{};
    bool was_valid = false;
    const auto answer = lock->call([&](const CallContext& context) {
        EXPECT_EQ(context.deadline(), due - 1s);
        EXPECT_EQ(context.token(), lock->token());
        const Parcel<bool> stop;
        const std::stop_callback callback(context.stop_token(), [&] {
            stopped = BootClock::now();
            was_valid = context.valid();
            stop.deliver(true);
        });
        (void)stop.receive();
        return 1;
    });
    EXPECT_GE(stopped, due - 1s);
    EXPECT_TRUE(was_valid || stopped >= due);
    EXPECT_TRUE(answer.has_value() || stopped >= due) << why(answer);
}

TEST_P(Budget, HoldUntilReturn_KeepsTheNodeUntilTheCallIsBack) {
    auto lock = us.lock(
        path,
        {.wait = 10s, .budget = 500ms, .on_budget = OnBudget::hold_until_return, .max_hold = 7s});
    ASSERT_TRUE(lock.has_value()) << why(lock);
    const Instant due = lock->deadline();
    Farewell farewell(observer, lock->node());
    Trap trap;
    result<void> answer = success();
    std::thread caller([&] { answer = lock->call(trap.door()); });
    wait_until(due);
    EXPECT_FALSE(lock->valid()) << "the handle ends at the budget as always";
    EXPECT_TRUE(lock->stop_token().stop_requested() ||
                eventually([&] { return lock->stop_token().stop_requested(); }));
    EXPECT_TRUE(stays([&] { return nodes_under(observer, path) == 1; }, 700ms))
        << "the node waits for the call";
    const Instant returned = BootClock::now();
    trap.open();
    caller.join();
    EXPECT_TRUE(fails_with(answer, errc::budget_exceeded));
    EXPECT_TRUE(gone_in_time(farewell.wait(), returned));
}

TEST_P(Budget, HoldUntilReturn_GivesUpAtMaxHold) {
    auto lock = us.lock(path, {.wait = 10s,
                               .budget = 500ms,
                               .on_budget = OnBudget::hold_until_return,
                               .max_hold = 1500ms});
    ASSERT_TRUE(lock.has_value()) << why(lock);
    const Instant granted = lock->deadline() - 500ms;
    Farewell farewell(observer, lock->node());
    Trap trap;
    std::thread caller([&] { (void)lock->call(trap.door()); });
    EXPECT_TRUE(gone_in_time(farewell.wait(), granted + 1500ms));
    EXPECT_EQ(trap.inside(), 1);
    trap.open();
    caller.join();
}

TEST_P(Budget, HoldUntilReturn_WithoutACallReleasesAtTheBudget) {
    auto lock = us.lock(
        path,
        {.wait = 10s, .budget = 700ms, .on_budget = OnBudget::hold_until_return, .max_hold = 5s});
    ASSERT_TRUE(lock.has_value()) << why(lock);
    const Instant due = lock->deadline();
    Farewell farewell(observer, lock->node());
    EXPECT_TRUE(gone_in_time(farewell.wait(), due));
}

TEST_P(Budget, Extend_MovesTheDeadlineAndTheRelease) {
    auto lock = us.lock(path, {.wait = 10s, .budget = 500ms});
    ASSERT_TRUE(lock.has_value()) << why(lock);
    const Instant first_due = lock->deadline();
    const auto moved = lock->extend(1500ms);
    ASSERT_TRUE(moved.has_value()) << why(moved);
    EXPECT_GE(*moved, first_due);
    EXPECT_EQ(lock->deadline(), *moved);
    Farewell farewell(observer, lock->node());
    EXPECT_TRUE(gone_in_time(farewell.wait(), *moved));
    EXPECT_TRUE(fails_with(lock->extend(1s), errc::budget_exceeded));
    EXPECT_FALSE(lock->valid()) << "no revival";
}

TEST_P(Budget, BudgetThatTheLeaseCannotHonour_IsRefusedWithTheNumbers) {
    const auto refused = us.lock(path, {.wait = 10s, .budget = 30s});
    ASSERT_TRUE(fails_with(refused, errc::budget_refused));
    EXPECT_NE(refused.error().message().find("30"), std::string::npos) << why(refused);
    EXPECT_EQ(nodes_under(observer, path), 0);
}

}  // namespace
}  // namespace leasehold::integration
