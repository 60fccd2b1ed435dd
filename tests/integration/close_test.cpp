// A client goes: nothing of it is left on the server, and whatever hangs does not keep it.
#include "tests/integration/fixture.hpp"
#include "tests/integration/parcel.hpp"
#include "tests/integration/stuck.hpp"

#include <boost/asio/use_future.hpp>

#include <functional>
#include <future>
#include <optional>
#include <stop_token>
#include <thread>

namespace leasehold::integration {
namespace {

/// What ~Client promises; the rest is for a machine that is busy with something else.
constexpr milliseconds farewell_limit{1'000 + 200};

/// How long the destructor takes.
[[nodiscard]] Duration destroy(std::optional<Client>& client) {
    const Instant begun = BootClock::now();
    client.reset();
    return BootClock::now() - begun;
}

class Close : public ::testing::Test {
protected:
    ZooKeeperEnsemble& servers = one_server();
    const std::string path = fresh_path();
};

TEST_F(Close, WithLocksWaitersAndWatches_LeavesNothing) {
    const Client us = connect(servers.connect_string());
    const Client holder = connect(servers.connect_string());
    std::vector<ScopedLock> locks;
    for (int i = 0; i < 10; ++i) {
        auto lock =
            us.lock(path + std::to_string(i), {.wait = 10s, .budget = 8s, .watch_own_node = true});
        ASSERT_TRUE(lock.has_value()) << why(lock);
        locks.push_back(std::move(*lock));
    }
    auto held = holder.lock(path, {.wait = 10s, .budget = 8s});
    ASSERT_TRUE(held.has_value()) << why(held);
    auto waiting = us.async_lock(path, {.wait = 60s, .budget = 1s}, boost::asio::use_future);
    auto watched = us.zookeeper().exists_watched(path + "-absent");
    ASSERT_TRUE(watched.has_value()) << why(watched);
    auto children = us.zookeeper().children_watched("/");
    ASSERT_TRUE(children.has_value()) << why(children);
    ASSERT_TRUE(becomes_nodes(holder, path, 2));
    ASSERT_GE(servers.counts()->watches, 12);

    const auto closed = us.close();
    ASSERT_TRUE(closed.has_value()) << why(closed);
    EXPECT_EQ(us.state(), ClientState::closed);
    EXPECT_TRUE(fails_with(waiting.get(), errc::closed));
    EXPECT_TRUE(fails_with(watched->watch.wait(0ms), errc::closed));
    for (const ScopedLock& lock : locks) {
        EXPECT_FALSE(lock.valid());
    }
    EXPECT_TRUE(fails_with(us.lock(path, {.wait = 1s, .budget = 1s}), errc::closed));
    EXPECT_TRUE(fails_with(us.zookeeper().get("/"), errc::closed));
    EXPECT_TRUE(us.close().has_value()) << "closing twice is no error";
    ASSERT_TRUE(holder.close().has_value());
    EXPECT_TRUE(nothing_left(servers));
}

TEST_F(Close, Destructor_ClosesTheSessionToo) {
    std::optional<Client> us = connect(servers.connect_string());
    auto lock = us->lock(path, {.wait = 10s, .budget = 8s});
    ASSERT_TRUE(lock.has_value()) << why(lock);
    EXPECT_LE(destroy(us), farewell_limit);
    EXPECT_FALSE(lock->valid()) << "a handle without its client is invalid and harmless";
    EXPECT_EQ(lock->remaining(), Duration::zero());
    EXPECT_TRUE(nothing_left(servers));
}

TEST_F(Close, RightAfterConnect_LeavesNoSession) {
    for (int round = 0; round < 10; ++round) {
        auto client = Client::connect(servers.connect_string(), standalone_options());
        ASSERT_TRUE(client.has_value()) << why(client);
        if (round % 2 == 0) {
            EXPECT_TRUE(client->close().has_value());
        }
    }
    EXPECT_TRUE(nothing_left(servers));
}

TEST_F(Close, WithAFrozenServer_TheDestructorTakesAtMostASecond) {
    ZooKeeperEnsemble frozen;
    std::optional<Client> us = connect(frozen.connect_string());
    auto lock = us->lock(path, {.wait = 10s, .budget = 8s});
    ASSERT_TRUE(lock.has_value()) << why(lock);
    frozen.server().pause();
    EXPECT_LE(destroy(us), farewell_limit);
    EXPECT_FALSE(lock->valid());
}

TEST_F(Close, WithAFrozenServer_CloseAnswersByItsTimeout) {
    ZooKeeperEnsemble frozen;
    const Client us = connect(frozen.connect_string());
    frozen.server().pause();
    const Instant begun = BootClock::now();
    EXPECT_TRUE(fails_with(us.close(300ms), errc::timed_out));
    EXPECT_LE(BootClock::now() - begun, 300ms + patient(250ms));
}

TEST_F(Close, WithoutAServer_TheDestructorReturnsAtOnce) {
    std::optional<Client> us =
        Client::connect("127.0.0.1:" + std::to_string(free_ports(1)[0]), standalone_options())
            .value();
    EXPECT_LE(destroy(us), farewell_limit);
}

TEST_F(Close, WithStuckCallbacks_TheDestructorTakesAtMostASecond) {
    Trap trap;
    ClientOptions options = standalone_options();
    auto log = [door = trap.door()](const LogRecord&) { door(); };
    options.on_log = log;
    std::optional<Client> us = connect(servers.connect_string(), options);
    us->on_state_change(trap.door());
    auto lock = us->lock(path, {.wait = 10s, .budget = 8s});
    ASSERT_TRUE(lock.has_value()) << why(lock);
    lock->on_jeopardy(trap.door());
    const std::stop_callback<std::function<void()>> callback(lock->stop_token(), trap.door());
    lock->lost(trap.door());
    EXPECT_LE(destroy(us), farewell_limit);
    EXPECT_FALSE(lock->valid());
    EXPECT_TRUE(eventually([&] { return trap.inside() >= 1; }));
    EXPECT_TRUE(nothing_left(servers)) << "the session is closed all the same";
    trap.open();
    EXPECT_TRUE(eventually([&] { return trap.inside() == 0; }));
}

TEST_F(Close, WhileACallRuns_InvalidatesItsLock) {
    std::optional<Client> us = connect(servers.connect_string());
    auto lock = us->lock(path, {.wait = 10s, .budget = 8s});
    ASSERT_TRUE(lock.has_value()) << why(lock);
    Trap trap;
    result<void> answer = success();
    std::thread caller([&] { answer = lock->call(trap.door()); });
    ASSERT_TRUE(eventually([&] { return trap.inside() == 1; }));
    EXPECT_LE(destroy(us), farewell_limit);
    trap.open();
    caller.join();
    EXPECT_TRUE(fails_with(answer, errc::lock_lost));
}

TEST_F(Close, InsideItsOwnCallback_DoesNotHang) {
    auto us = std::make_shared<std::optional<Client>>(connect(servers.connect_string()));
    const Parcel<Duration> took;
    (*us)->async_contenders(
        path, [us, took](result<std::vector<ContenderInfo>>) { took.deliver(destroy(*us)); });
    EXPECT_LE(took.receive(), farewell_limit);
    EXPECT_TRUE(nothing_left(servers));
}

TEST_F(Close, BlockingCallOnTheCallbackThread_IsAllowedAndOnlyBlocksThatThread) {
    const Client us = connect(servers.connect_string());
    const Parcel<bool> done;
    us.async_contenders(path, [&us, done, path = path](result<std::vector<ContenderInfo>>) {
        auto lock = us.lock(path, {.wait = 10s, .budget = 1s});
        done.deliver(lock.has_value() && lock->release().has_value());
    });
    EXPECT_TRUE(done.receive());
}

TEST_F(Close, ManyClientsInARow_LeaveNothing) {
    for (int round = 0; round < 20; ++round) {
        const Client us = connect(servers.connect_string());
        const auto lock = us.lock(path, {.wait = 10s, .budget = 1s});
        ASSERT_TRUE(lock.has_value()) << why(lock);
    }
    EXPECT_TRUE(nothing_left(servers));
}

}  // namespace
}  // namespace leasehold::integration
