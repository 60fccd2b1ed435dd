// The session ends without us: the next holder comes after the lease it could have believed in, and
// the old holder knows before anybody tells it.
#include "tests/integration/fixture.hpp"
#include "tests/integration/parcel.hpp"
#include "tests/integration/worker_process.hpp"
#include "tests/support/cutting_proxy.hpp"
#include "tests/support/raw_session.hpp"

#include <boost/asio/use_future.hpp>

#include <atomic>
#include <functional>
#include <future>
#include <memory>
#include <stop_token>

namespace leasehold::integration {
namespace {

constexpr milliseconds short_timeout{2'000};
constexpr milliseconds largest_budget{1'400};  // that 2 s on a standalone server allow

class Expiry : public ::testing::Test {
protected:
    std::string hosts = one_server().connect_string();
    Client other = connect(hosts);
    const std::string path = existing_path(other);
};

TEST_F(Expiry, HolderKilled_IsFollowedAfterItsExpiryAndNotBeforeItsDeadline) {
    WorkerProcess holder(hosts, short_timeout, true);
    holder.lock("1", path, 10s, largest_budget);
    const RemoteGrant dead = holder.granted("1");
    auto waiting = other.async_lock(path, {.wait = 40s, .budget = 1s}, boost::asio::use_future);
    ASSERT_TRUE(becomes_nodes(other, path, 2));
    holder.process().kill();
    const Instant killed = BootClock::now();
    const auto granted = waiting.get();
    const Instant now = BootClock::now();
    ASSERT_TRUE(granted.has_value()) << why(granted);
    EXPECT_GE(now, dead.deadline) << "granted " << in_ms(dead.deadline - now) << " ms too early";
    // Expiry comes within a tick after the timeout; the rest is for a busy machine.
    EXPECT_LE(now - killed, short_timeout + 200ms + patient(1'500ms));
    EXPECT_GT(granted->token(), dead.token);
}

TEST_F(Expiry, HolderStopped_KnowsOnItsFirstInstruction) {
    WorkerProcess holder(hosts, short_timeout, true);
    holder.lock("1", path, 10s, largest_budget);
    const RemoteGrant old = holder.granted("1");
    holder.process().send("follow 1");
    holder.process().send("watch 1");
    holder.process().expect("watching 1");
    auto waiting = other.async_lock(path, {.wait = 40s, .budget = 5s}, boost::asio::use_future);
    ASSERT_TRUE(becomes_nodes(other, path, 2));
    holder.process().pause();
    const auto granted = waiting.get();
    const Instant now = BootClock::now();
    ASSERT_TRUE(granted.has_value()) << why(granted);
    EXPECT_GE(now, old.deadline);
    EXPECT_GT(granted->token(), old.token);
    holder.process().resume();
    EXPECT_EQ(holder.process().expect("resumed 1 ").substr(0, 1), "0") << "the first valid()";
    // Whatever the callbacks say, they say it after that.
    EXPECT_EQ(holder.process().expect("lost 1 ").substr(0, 1), "0");
    EXPECT_TRUE(granted->valid());
}

TEST_F(Expiry, HolderStoppedShorterThanItsLease_GoesOn) {
    WorkerProcess holder(hosts, 20s, true);
    holder.lock("1", path, 10s, 15s);
    const RemoteGrant grant = holder.granted("1");
    holder.process().send("watch 1");
    holder.process().expect("watching 1");
    holder.process().pause();
    // Longer than the ack gap, the quarantine and the worker's idea of a pause.
    EXPECT_TRUE(stays([&] { return nodes_under(other, path) == 1; }, 2s));
    holder.process().resume();
    EXPECT_EQ(holder.process().expect("resumed 1 ").substr(0, 1), "1");
    holder.release("1");
    EXPECT_TRUE(becomes_nodes(other, path, 0));
    EXPECT_LT(BootClock::now(), grant.deadline);
}

/// Handlers of one lock, which all note whether it was still valid when they were called.
class Witness {
public:
    explicit Witness(const ScopedLock& lock)
        : x_stop(lock.stop_token(), [this, &lock] { note(lock); }) {
        lock.lost([this, &lock, parcel = x_loss](result<Loss> loss) {
            note(lock);
            parcel.deliver(std::move(loss));
        });
    }

    [[nodiscard]] result<Loss> loss() { return x_loss.receive(); }
    [[nodiscard]] int calls() const { return x_calls; }
    [[nodiscard]] int lies() const { return x_lies; }

private:
    void note(const ScopedLock& lock) {
        ++x_calls;
        x_lies += lock.valid() ? 1 : 0;
    }

    std::atomic<int> x_calls{0};
    std::atomic<int> x_lies{0};
    Parcel<result<Loss>> x_loss;
    std::stop_callback<std::function<void()>> x_stop;
};

TEST_F(Expiry, SessionClosedByAnother_EndsAllItsLocksBeforeAnyCallback) {
    CuttingProxy proxy(one_server().server().port());
    const Client us = connect(proxy.connect_string());
    std::vector<ScopedLock> locks;
    for (int i = 0; i < 3; ++i) {
        auto lock = us.lock(path + std::to_string(i), {.wait = 10s, .budget = 8s});
        ASSERT_TRUE(lock.has_value()) << why(lock);
        locks.push_back(std::move(*lock));
    }
    std::vector<std::unique_ptr<Witness>> witnesses;
    for (const ScopedLock& lock : locks) {
        witnesses.push_back(std::make_unique<Witness>(lock));
    }
    ASSERT_TRUE(proxy.session().has_value());
    close_session(one_server().server().port(), *proxy.session());
    for (std::size_t i = 0; i < locks.size(); ++i) {
        const auto loss = witnesses[i]->loss();
        ASSERT_TRUE(loss.has_value()) << why(loss);
        EXPECT_EQ(*loss, Loss::session_expired);
        EXPECT_TRUE(eventually([&] { return witnesses[i]->calls() == 2; }));
        EXPECT_EQ(witnesses[i]->lies(), 0) << "called while the lock still seemed valid";
        EXPECT_FALSE(locks[i].valid());
        EXPECT_TRUE(fails_with(locks[i].call([] { return 1; }), errc::lock_lost));
    }
    const std::int64_t old_token = locks[0].token();
    auto again = us.lock(path + "0", {.wait = 20s, .budget = 2s});
    ASSERT_TRUE(again.has_value()) << why(again);
    EXPECT_GT(again->token(), old_token);
    EXPECT_FALSE(locks[0].valid()) << "a new session revives nothing";
    EXPECT_EQ(us.stats().sessions, 2U);
    EXPECT_EQ(us.stats().losses, 3U);
}

TEST_F(Expiry, SessionClosedByAnotherWhileWaiting_IsATypedErrorAndLeavesNoNode) {
    CuttingProxy proxy(one_server().server().port());
    const Client us = connect(proxy.connect_string());
    auto held = other.lock(path, {.wait = 10s, .budget = 8s});
    ASSERT_TRUE(held.has_value()) << why(held);
    auto waiting = us.async_lock(path, {.wait = 30s, .budget = 2s}, boost::asio::use_future);
    ASSERT_TRUE(becomes_nodes(other, path, 2));
    close_session(one_server().server().port(), proxy.session().value());
    const auto refused = waiting.get();
    EXPECT_TRUE(fails_with(refused, errc::session_expired));
    EXPECT_TRUE(becomes_nodes(other, path, 1));
    EXPECT_TRUE(held->valid());
}

TEST_F(Expiry, WaiterCutOffBeyondItsTimeout_GetsATypedErrorAndNoLock) {
    CuttingProxy proxy(one_server().server().port());
    const Client us = connect(proxy.connect_string(), standalone_options(short_timeout));
    auto held = other.lock(path, {.wait = 10s, .budget = 8s});
    ASSERT_TRUE(held.has_value()) << why(held);
    auto waiting = us.async_lock(path, {.wait = 60s, .budget = 1s}, boost::asio::use_future);
    ASSERT_TRUE(becomes_nodes(other, path, 2));
    proxy.black_hole(true);
    ASSERT_TRUE(becomes_nodes(other, path, 1)) << "the server expires the waiter";
    ASSERT_TRUE(held->release().has_value());
    EXPECT_EQ(waiting.wait_for(0s), std::future_status::timeout) << "nobody told it anything";
    proxy.black_hole(false);
    const auto refused = waiting.get();
    EXPECT_TRUE(fails_with(refused, errc::session_expired));
    EXPECT_EQ(nodes_under(other, path), 0);
}

TEST_F(Expiry, GrantHeardInAHalfDeadConnection_IsShortenedToTheSafeDeadline) {
    // Only what we send is swallowed: the event of the predecessor's release still comes, but no
    // request of ours has been acknowledged for a while.
    CuttingProxy proxy(one_server().server().port());
    const Client us = connect(proxy.connect_string(), standalone_options(4s));
    auto held = other.lock(path, {.wait = 10s, .budget = 8s});
    ASSERT_TRUE(held.has_value()) << why(held);
    auto waiting = us.async_lock(path, {.wait = 60s, .budget = 3s}, boost::asio::use_future);
    ASSERT_TRUE(eventually([&] { return proxy.requests(wire::Opcode::get_data) == 2; }));
    const Client third = connect(hosts);
    auto next = third.async_lock(path, {.wait = 60s, .budget = 1s}, boost::asio::use_future);
    ASSERT_TRUE(becomes_nodes(other, path, 3));
    proxy.black_hole(Direction::to_server, true);
    ASSERT_TRUE(eventually([&] { return us.state() == ClientState::jeopardy; }));
    wait_until(BootClock::now() + 1s);  // of the 3.7 s that are in hand after an acknowledgement
    ASSERT_TRUE(held->release().has_value());
    const auto shortened = waiting.get();
    const Instant now = BootClock::now();
    if (!shortened) {
        // A client that drops the silent connection first hears of nothing any more.
        EXPECT_TRUE(fails_with(shortened, errc::session_expired));
    } else {
        EXPECT_TRUE(shortened->is_shortened());
        EXPECT_LT(shortened->deadline(), now + 3s);
        const Parcel<result<Loss>> lost;
        const Instant deadline = shortened->deadline();
        shortened->lost([lost](result<Loss> loss) { lost.deliver(std::move(loss)); });
        const auto after = next.get();
        ASSERT_TRUE(after.has_value()) << why(after);
        EXPECT_GE(BootClock::now(), deadline) << "two holders";
        EXPECT_FALSE(shortened->valid());
        const auto loss = lost.receive();
        ASSERT_TRUE(loss.has_value()) << why(loss);
        EXPECT_EQ(*loss, Loss::deadline);
    }
    proxy.black_hole(false);
}

}  // namespace
}  // namespace leasehold::integration
