#include "tests/unit/client/fixture.hpp"

#include <gtest/gtest.h>

#include <memory>
#include <stdexcept>
#include <string>
#include <thread>
#include <type_traits>
#include <utility>

namespace leasehold::testing_client {
namespace {

class Guard : public ServedTest {
protected:
    /// Comes back only after the lock has ended.
    static void overrun(const CallContext& context) {
        EXPECT_TRUE(eventually([&] { return !context.valid(); }));
    }

    Client x_client = connect();
};

TEST_F(Guard, ContextTellsTheCallItsDeadline) {
    auto lock = x_client.lock("/orders/42", {.budget = 4s, .reserve = 1s}).value();
    const auto checked = lock.call([&](const CallContext& context) {
        EXPECT_EQ(context.deadline(), lock.deadline() - 1s);
        EXPECT_LE(context.remaining(), Duration(3s));
        EXPECT_GT(context.remaining(), Duration::zero());
        EXPECT_EQ(context.token(), lock.token());
        EXPECT_EQ(context.path(), "/orders/42");
        EXPECT_TRUE(context.valid());
        EXPECT_FALSE(context.stop_token().stop_requested());
    });
    EXPECT_TRUE(checked);
}

TEST_F(Guard, CallRunsOnTheCallersThread) {
    auto lock = x_client.lock("/orders/42").value();
    EXPECT_EQ(lock.call([] { return std::this_thread::get_id(); }).value(),
              std::this_thread::get_id());
}

TEST_F(Guard, EveryKindOfReturnValueBecomesAResult) {
    auto lock = x_client.lock("/orders/42").value();
    static_assert(std::is_same_v<decltype(lock.call([] {})), result<void>>);
    static_assert(std::is_same_v<decltype(lock.call([] { return 7; })), result<int>>);
    static_assert(
        std::is_same_v<decltype(lock.call([](const CallContext&) -> result<int> { return 7; })),
                       result<int>>);
    static_assert(std::is_same_v<decltype(lock.call([]() -> result<void> { return success(); })),
                                 result<void>>);
    const std::string text = "text";
    static_assert(std::is_same_v<decltype(lock.call([&]() -> const std::string& { return text; })),
                                 result<std::string>>);
    EXPECT_TRUE(lock.call([] {}));
    EXPECT_EQ(lock.call([] { return 7; }).value(), 7);
    EXPECT_EQ(*lock.call([] { return std::make_unique<int>(7); }).value(), 7);
    EXPECT_EQ(lock.call([&]() -> const std::string& { return text; }).value(), "text");
    EXPECT_EQ(lock.call([]() -> result<int> { return errc::not_permitted; }).error(),
              errc::not_permitted);
}

TEST_F(Guard, CallThatComesBackLateIsAnOverrunWhateverItReturned) {
    for (const bool fails : {false, true}) {
        auto lock = x_client.lock("/orders/42", {.budget = 100ms}).value();
        const auto late = lock.call([&](const CallContext& context) -> result<int> {
            overrun(context);
            if (fails) {
                return errc::not_permitted;
            }
            return 7;
        });
        EXPECT_EQ(late.error(), errc::budget_exceeded);
        EXPECT_EQ(late.error().context().path, "/orders/42");
        EXPECT_NE(late.error().message().find("100 ms"), std::string::npos);
    }
}

TEST_F(Guard, DeadlineLiesInThePastOnceTheLockHasEnded) {
    auto lock = x_client.lock("/orders/42", {.budget = 100ms}).value();
    static_cast<void>(lock.call([&](const CallContext& context) {
        overrun(context);
        EXPECT_LE(context.deadline(), BootClock::now());
        EXPECT_EQ(context.remaining(), Duration::zero());
        const auto stop = context.stop_token();
        EXPECT_TRUE(eventually([&] { return stop.stop_requested(); }));
    }));
}

TEST_F(Guard, CallDuringWhichTheSessionExpiredLostItsLock) {
    auto lock = x_client.lock("/orders/42", {.budget = 8s}).value();
    const auto lost = lock.call([&](const CallContext& context) {
        x_server.with([](FakeZooKeeper& zookeeper) {
            for (const auto& seen : zookeeper.seen(wire::Opcode::create)) {
                zookeeper.expire(BootClock::now(), seen.session);
            }
        });
        overrun(context);
    });
    EXPECT_EQ(lost.error(), errc::lock_lost);
}

TEST_F(Guard, CallThatReleasedItsOwnLockLostIt) {
    auto lock = x_client.lock("/orders/42").value();
    const auto lost = lock.call([&] { EXPECT_TRUE(lock.release()); });
    EXPECT_EQ(lost.error(), errc::lock_lost);
    EXPECT_NE(lost.error().message().find("released"), std::string::npos);
}

TEST_F(Guard, EndedLockRefusesToCall) {
    auto lock = x_client.lock("/orders/42", {.budget = 50ms}).value();
    ASSERT_TRUE(eventually([&] { return !lock.valid(); }));
    bool ran = false;
    EXPECT_EQ(lock.call([&] { ran = true; }).error(), errc::budget_exceeded);
    EXPECT_FALSE(ran);
    auto released = x_client.lock("/orders/43").value();
    ASSERT_TRUE(released.release());
    EXPECT_EQ(released.call([&] { ran = true; }).error(), errc::lock_lost);
    EXPECT_FALSE(ran);
}

TEST_F(Guard, ExceptionOfTheCallableReachesTheCaller) {
    auto lock =
        x_client
            .lock("/orders/42",
                  {.budget = 300ms, .on_budget = OnBudget::hold_until_return, .max_hold = 60s})
            .value();
    EXPECT_THROW(static_cast<void>(lock.call([] { throw std::domain_error("the user's"); })),
                 std::domain_error);
    // The call counts as returned: the node does not wait for max_hold.
    EXPECT_TRUE(eventually([&] { return nodes_under("/orders/42") == 0; }, 10s));
}

TEST_F(Guard, WithReleaseTheNodeGoesAtTheBudgetWhileTheCallStillHangs) {
    auto lock = x_client.lock("/orders/42", {.budget = 200ms}).value();
    Event let_go;
    std::thread caller(
        [&] { EXPECT_EQ(lock.call([&] { let_go.wait(); }).error(), errc::budget_exceeded); });
    EXPECT_TRUE(eventually([&] { return nodes_under("/orders/42") == 0; }));
    EXPECT_TRUE(x_client.lock("/orders/42", {.budget = 1s}));
    let_go.set();
    caller.join();
}

TEST_F(Guard, HoldUntilReturnKeepsTheNodeUntilTheCallReturns) {
    auto lock =
        x_client
            .lock("/orders/42",
                  {.budget = 200ms, .on_budget = OnBudget::hold_until_return, .max_hold = 60s})
            .value();
    Event let_go;
    std::thread caller(
        [&] { EXPECT_EQ(lock.call([&] { let_go.wait(); }).error(), errc::budget_exceeded); });
    ASSERT_TRUE(eventually([&] { return x_client.stats().overruns == 1; }));
    EXPECT_FALSE(lock.valid());
    EXPECT_EQ(nodes_under("/orders/42"), 1u) << "nobody else may begin while this one may write";
    let_go.set();
    caller.join();
    EXPECT_TRUE(eventually([&] { return nodes_under("/orders/42") == 0; }));
}

TEST_F(Guard, HoldUntilReturnEndsAtMaxHold) {
    auto lock =
        x_client
            .lock("/orders/42",
                  {.budget = 100ms, .on_budget = OnBudget::hold_until_return, .max_hold = 400ms})
            .value();
    Event let_go;
    std::thread caller([&] { static_cast<void>(lock.call([&] { let_go.wait(); })); });
    EXPECT_TRUE(eventually([&] { return nodes_under("/orders/42") == 0; }));
    let_go.set();
    caller.join();
}

TEST_F(Guard, ContextOutlivesTheHandle) {
    std::optional<CallContext> kept;
    {
        auto lock = x_client.lock("/orders/42").value();
        EXPECT_TRUE(lock.call([&](const CallContext& context) { kept = context; }));
        EXPECT_TRUE(kept->valid());
    }
    EXPECT_FALSE(kept->valid());
    EXPECT_EQ(kept->path(), "/orders/42");
}

}  // namespace
}  // namespace leasehold::testing_client
