#include "tests/unit/client/fixture.hpp"

#include <boost/asio/use_future.hpp>
#include <gtest/gtest.h>

#include <atomic>
#include <future>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <thread>
#include <type_traits>
#include <utility>
#include <vector>

namespace leasehold::testing_client {
namespace {

namespace asio = boost::asio;

static_assert(!std::is_copy_constructible_v<ScopedLock>);
static_assert(std::is_nothrow_move_constructible_v<ScopedLock>);
static_assert(!std::is_copy_constructible_v<Client>);

class Lock : public ServedTest {
protected:
    Client x_client = connect();
};

TEST_F(Lock, KnowsWhatItIs) {
    const auto before = BootClock::now();
    const auto lock = x_client.lock("/orders/42", {.budget = 3s});
    const auto after = BootClock::now();
    ASSERT_TRUE(lock);
    EXPECT_TRUE(lock->valid());
    EXPECT_TRUE(*lock);
    EXPECT_GE(lock->deadline(), before + 3s);
    EXPECT_LE(lock->deadline(), after + 3s);
    EXPECT_LE(lock->remaining(), Duration(3s));
    EXPECT_GT(lock->token(), 0);
    EXPECT_EQ(lock->path(), "/orders/42");
    EXPECT_TRUE(lock->node().starts_with("/orders/42/")) << lock->node();
    EXPECT_FALSE(lock->is_shortened());
    EXPECT_FALSE(lock->stop_token().stop_requested());
}

TEST_F(Lock, TokensRise) {
    std::int64_t last = 0;
    for (int i = 0; i < 5; ++i) {
        const auto lock = x_client.lock("/orders/42");
        ASSERT_TRUE(lock);
        EXPECT_GT(lock->token(), last);
        last = lock->token();
    }
}

TEST_F(Lock, ReleaseCompletesWhenTheNodeIsGone) {
    auto lock = x_client.lock("/orders/42").value();
    const auto stop = lock.stop_token();
    EXPECT_TRUE(lock.release());
    EXPECT_EQ(nodes_under("/orders/42"), 0u);
    EXPECT_FALSE(lock.valid());
    EXPECT_EQ(lock.remaining(), Duration::zero());
    EXPECT_EQ(lock.deadline(), Instant::min());
    EXPECT_TRUE(eventually([&] { return stop.stop_requested(); }));
    EXPECT_TRUE(lock.release()) << "releasing twice is no mistake";
    EXPECT_EQ(lock.lost(asio::use_future).get().value(), Loss::released);
}

TEST_F(Lock, ReleaseInvalidatesAtOnceWhateverTheServerDoes) {
    auto lock = x_client.lock("/orders/42").value();
    x_server.set_deaf(true);
    const auto released = lock.release(20ms);
    EXPECT_EQ(released.error(), errc::timed_out);
    EXPECT_EQ(released.error().context().path, "/orders/42");
    EXPECT_FALSE(lock.valid());
    x_server.set_deaf(false);
    EXPECT_TRUE(eventually([&] { return nodes_under("/orders/42") == 0; }));
}

TEST_F(Lock, DestructorReleasesWithoutWaiting) {
    x_server.with([](FakeZooKeeper&) {});
    std::optional<ScopedLock> lock = x_client.lock("/orders/42").value();
    x_server.set_deaf(true);
    const auto start = std::chrono::steady_clock::now();
    lock.reset();
    EXPECT_LT(std::chrono::steady_clock::now() - start, patient(500ms));
    x_server.set_deaf(false);
    EXPECT_TRUE(eventually([&] { return nodes_under("/orders/42") == 0; }));
}

TEST_F(Lock, MovingKeepsItAndAssigningReleasesTheOther) {
    auto first = x_client.lock("/a").value();
    auto second = x_client.lock("/b").value();
    ScopedLock moved = std::move(first);
    EXPECT_TRUE(moved.valid());
    EXPECT_FALSE(first.valid());  // NOLINT(bugprone-use-after-move): harmless, and promised to be
    EXPECT_EQ(first.token(), 0);
    EXPECT_EQ(first.path(), "");
    EXPECT_EQ(first.release().error(), errc::closed);
    EXPECT_EQ(first.call([] {}).error(), errc::lock_lost);
    moved = std::move(second);
    EXPECT_TRUE(moved.valid());
    EXPECT_EQ(moved.path(), "/b");
    EXPECT_TRUE(eventually([&] { return nodes_under("/a") == 0; }));
    EXPECT_EQ(nodes_under("/b"), 1u);
}

TEST_F(Lock, EndsAtItsBudget) {
    auto lock = x_client.lock("/orders/42", {.budget = 200ms}).value();
    const auto deadline = lock.deadline();
    const auto stop = lock.stop_token();
    EXPECT_EQ(lock.lost(asio::use_future).get().value(), Loss::budget);
    EXPECT_GE(BootClock::now(), deadline);
    EXPECT_FALSE(lock.valid());
    EXPECT_TRUE(eventually([&] { return stop.stop_requested(); }));
    EXPECT_TRUE(eventually([&] { return nodes_under("/orders/42") == 0; }));
    EXPECT_EQ(x_client.stats().overruns, 1u);
}

TEST_F(Lock, StopIsRequestedOnTheNotifierThreadBeforeTheEnd) {
    auto lock = x_client.lock("/orders/42", {.budget = 500ms, .reserve = 250ms}).value();
    std::promise<std::pair<std::string, bool>> stopped;
    const std::stop_callback on_stop(lock.stop_token(), [&] {
        stopped.set_value({thread_name(), lock.valid()});
    });
    const auto [thread, was_valid] = stopped.get_future().get();
    EXPECT_EQ(thread, notifier_thread);
    EXPECT_TRUE(was_valid);
}

TEST_F(Lock, StuckStopCallbackHoldsUpNeitherTheReleaseNorOtherLocks) {
    Event let_go;
    Event inside;
    auto stuck = x_client.lock("/stuck", {.budget = 200ms}).value();
    auto other = x_client.lock("/other", {.budget = 400ms}).value();
    const std::stop_callback hang(stuck.stop_token(), [&] {
        inside.set();
        let_go.wait();
    });
    ASSERT_TRUE(inside.happens());
    EXPECT_TRUE(eventually([&] { return nodes_under("/stuck") == 0; }));
    const auto stop = other.stop_token();
    EXPECT_TRUE(eventually([&] { return stop.stop_requested(); }));
    let_go.set();
}

TEST_F(Lock, ExtendMovesTheDeadline) {
    auto lock = x_client.lock("/orders/42", {.budget = 1s}).value();
    const auto deadline = lock.deadline();
    const auto extended = lock.extend(5s);
    ASSERT_TRUE(extended) << extended.error().message();
    EXPECT_GE(*extended, deadline + 3s);
    EXPECT_EQ(lock.deadline(), *extended);
}

TEST_F(Lock, ExtendIsRefusedWithTheNumbers) {
    auto lock = x_client.lock("/orders/42", {.budget = 1s}).value();
    const auto refused = lock.extend(60s);
    EXPECT_EQ(refused.error(), errc::budget_refused);
    EXPECT_NE(refused.error().message().find("60"), std::string::npos);
    EXPECT_EQ(refused.error().context().path, "/orders/42");
    EXPECT_TRUE(lock.valid());
    EXPECT_EQ(lock.extend(0ms).error(), errc::invalid_argument);
    ASSERT_TRUE(lock.release());
    EXPECT_EQ(lock.extend(1s).error(), errc::lock_lost);
}

TEST_F(Lock, ExtendedLockOverrunsItsNewBudget) {
    auto lock = x_client.lock("/orders/42", {.budget = 5s}).value();
    ASSERT_TRUE(lock.extend(100ms));
    EXPECT_EQ(lock.call([&] { return eventually([&] { return !lock.valid(); }); }).error(),
              errc::budget_exceeded);
}

TEST_F(Lock, LostWhenTheSessionExpires) {
    auto lock = x_client.lock("/orders/42", {.budget = 8s}).value();
    auto lost = lock.lost(asio::use_future);
    x_server.with([](FakeZooKeeper& zookeeper) {
        for (const auto& seen : zookeeper.seen(wire::Opcode::create)) {
            zookeeper.expire(BootClock::now(), seen.session);
        }
    });
    EXPECT_EQ(lost.get().value(), Loss::session_expired);
    EXPECT_FALSE(lock.valid());
    EXPECT_EQ(lock.call([] {}).error(), errc::lock_lost);
    EXPECT_TRUE(lock.release()) << "the node went with the session";
    EXPECT_TRUE(x_client.lock("/orders/42")) << "the client goes on with a new session";
}

TEST_F(Lock, LostWhenSomebodyDeletesTheNode) {
    auto lock = x_client.lock("/orders/42", {.watch_own_node = true}).value();
    auto lost = lock.lost(asio::use_future);
    x_server.with([&](FakeZooKeeper& zookeeper) {
        zookeeper.remove(BootClock::now(), std::string(lock.node()));
    });
    EXPECT_EQ(lost.get().value(), Loss::node_deleted);
    EXPECT_FALSE(lock.valid());
}

TEST_F(Lock, JeopardyIsToldOnTheNotifierThreadAndTakenBack) {
    auto lock = x_client.lock("/orders/42", {.budget = 8s}).value();
    std::mutex mutex;
    std::vector<bool> told;
    std::vector<std::string> threads;
    lock.on_jeopardy([&](bool in_jeopardy) {
        const std::lock_guard guard(mutex);
        told.push_back(in_jeopardy);
        threads.push_back(thread_name());
    });
    const auto times = [&] {
        const std::lock_guard guard(mutex);
        return told.size();
    };
    x_server.set_deaf(true);
    ASSERT_TRUE(eventually([&] { return times() == 1; }));
    EXPECT_TRUE(lock.valid()) << "in jeopardy it still is ours";
    EXPECT_EQ(x_client.state(), ClientState::jeopardy);
    x_server.set_deaf(false);
    ASSERT_TRUE(eventually([&] { return times() == 2; }));
    const std::lock_guard guard(mutex);
    EXPECT_EQ(told, (std::vector<bool>{true, false}));
    EXPECT_EQ(threads, (std::vector<std::string>{notifier_thread, notifier_thread}));
}

TEST_F(Lock, HandlerThatComesLateIsToldOfTheJeopardyThereIs) {
    auto lock = x_client.lock("/orders/42", {.budget = 8s}).value();
    x_server.set_deaf(true);
    ASSERT_TRUE(eventually([&] { return x_client.state() == ClientState::jeopardy; }));
    std::promise<bool> told;
    lock.on_jeopardy([&](bool in_jeopardy) { told.set_value(in_jeopardy); });
    EXPECT_TRUE(told.get_future().get());
    lock.on_jeopardy({});
    x_server.set_deaf(false);
}

TEST_F(Lock, OutlivesItsClientWithoutHarm) {
    std::optional<Client> client = connect();
    auto lock = client->lock("/orders/42").value();
    const auto stop = lock.stop_token();
    client.reset();
    EXPECT_FALSE(lock.valid());
    EXPECT_EQ(lock.remaining(), Duration::zero());
    EXPECT_EQ(lock.path(), "/orders/42");
    EXPECT_EQ(lock.call([] {}).error(), errc::lock_lost);
    EXPECT_EQ(lock.extend(1s).error(), errc::closed);
    EXPECT_EQ(lock.lost(asio::use_future).get().value(), Loss::closed);
    EXPECT_TRUE(eventually([&] { return stop.stop_requested(); }));
    EXPECT_FALSE(nodes_under("/orders/42"));
    static_cast<void>(lock.release());
}

TEST_F(Lock, RefusalNamesTheHolder) {
    const auto held = x_client.lock("/orders/42", {.owner = "till 3"}).value();
    const Client other = connect();
    const auto refused = other.lock("/orders/42", {.wait = 50ms, .budget = 1s});
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error(), errc::wait_expired);
    EXPECT_TRUE(refused.error().context().holder.starts_with("till 3 on "));
    EXPECT_EQ("/orders/42/" + refused.error().context().holder_node, held.node());
    EXPECT_EQ(refused.error().context().position, 1u);
    EXPECT_EQ(refused.error().context().path, "/orders/42");
}

TEST_F(Lock, ManyThreadsTakeTurns) {
    std::atomic<int> inside{0};
    std::atomic<int> done{0};
    std::vector<std::thread> threads;
    for (int i = 0; i < 8; ++i) {
        threads.emplace_back([&] {
            for (int j = 0; j < 5; ++j) {
                const auto lock = x_client.lock("/orders/42", {.wait = 30s, .budget = 5s});
                ASSERT_TRUE(lock) << lock.error().message();
                EXPECT_EQ(inside.fetch_add(1), 0);
                std::this_thread::yield();
                inside.fetch_sub(1);
                ++done;
            }
        });
    }
    for (std::thread& thread : threads) {
        thread.join();
    }
    EXPECT_EQ(done, 40);
}

}  // namespace
}  // namespace leasehold::testing_client
