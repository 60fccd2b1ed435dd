// The server goes away and comes back: leases stay valid within their deadlines, waiters keep their
// places, and there is never a second session.
#include "tests/integration/fixture.hpp"

#include <boost/asio/use_future.hpp>

#include <algorithm>
#include <future>
#include <mutex>
#include <vector>

namespace leasehold::integration {
namespace {

/// These tests kill their server, so each has its own.
class Restart : public ::testing::Test {
protected:
    void restart() {
        servers.server().kill();
        servers.server().start();
        servers.wait_until_serving();
    }

    ZooKeeperEnsemble servers;
};

/// What a client said of its state, in order.
class StateDiary {
public:
    void attach_to(const Client& client) {
        client.on_state_change([this](ClientState state) {
            const std::lock_guard lock(x_mutex);
            x_states.push_back(state);
        });
    }
    [[nodiscard]] bool has(std::initializer_list<ClientState> in_order) const {
        const std::lock_guard lock(x_mutex);
        auto next = in_order.begin();
        for (const ClientState state : x_states) {
            if (next != in_order.end() && state == *next) {
                ++next;
            }
        }
        return next == in_order.end();
    }

private:
    mutable std::mutex x_mutex;
    std::vector<ClientState> x_states;
};

TEST_F(Restart, WhileHolding_TheLeaseStaysValidAndTheSessionIsTheSame) {
    // 40 s: the restart of a virtual machine on a busy computer is well within the lease.
    const Client us = connect(servers.connect_string(), standalone_options(40s));
    const Client observer = connect(servers.connect_string(), standalone_options(40s));
    const std::string path = fresh_path();
    auto lock = us.lock(path, {.wait = 10s, .budget = 38s});
    ASSERT_TRUE(lock.has_value()) << why(lock);
    const Instant promised = lock->deadline();
    restart();
    EXPECT_TRUE(lock->valid());
    ASSERT_TRUE(eventually([&] { return us.stats().reconnects >= 1; }));
    EXPECT_TRUE(lock->valid());
    EXPECT_LE(lock->deadline(), promised);
    ASSERT_TRUE(observer.wait_connected(patient(15s)).has_value());
    EXPECT_EQ(nodes_under(observer, path), 1);
    const auto released = lock->release();
    ASSERT_TRUE(released.has_value()) << why(released);
    EXPECT_EQ(nodes_under(observer, path), 0);
    EXPECT_EQ(us.stats().sessions, 1U);
    ASSERT_TRUE(us.close().has_value());
    ASSERT_TRUE(observer.close().has_value());
    EXPECT_TRUE(nothing_left(servers));
}

TEST_F(Restart, WhileWaiting_TheWaiterKeepsItsPlaceAndGetsTheLock) {
    const Client holder = connect(servers.connect_string(), standalone_options(40s));
    const Client us = connect(servers.connect_string(), standalone_options(40s));
    const std::string path = fresh_path();
    auto held = holder.lock(path, {.wait = 10s, .budget = 38s});
    ASSERT_TRUE(held.has_value()) << why(held);
    auto waiting = us.async_lock(path, {.wait = 60s, .budget = 1s}, boost::asio::use_future);
    ASSERT_TRUE(becomes_nodes(holder, path, 2));
    const auto before = holder.zookeeper().children(path);
    ASSERT_TRUE(before.has_value()) << why(before);
    restart();
    EXPECT_EQ(waiting.wait_for(0s), std::future_status::timeout);
    ASSERT_TRUE(
        eventually([&] { return us.stats().reconnects >= 1 && holder.stats().reconnects >= 1; }));
    ASSERT_TRUE(held->valid());
    auto after = holder.zookeeper().children(path);
    ASSERT_TRUE(after.has_value()) << why(after);
    auto names = before->names;
    std::sort(names.begin(), names.end());
    std::sort(after->names.begin(), after->names.end());
    EXPECT_EQ(after->names, names) << "the same nodes as before";
    ASSERT_TRUE(held->release().has_value());
    const auto granted = waiting.get();
    ASSERT_TRUE(granted.has_value()) << why(granted);
    EXPECT_EQ(us.stats().sessions, 1U);
    EXPECT_EQ(holder.stats().sessions, 1U);
}

TEST_F(Restart, WaitLimit_HoldsWhileTheServerIsDown) {
    const Client us = connect(servers.connect_string(), standalone_options(40s));
    servers.server().kill();
    const Instant asked = BootClock::now();
    const auto refused = us.lock(fresh_path(), {.wait = 500ms, .budget = 1s});
    const Duration took = BootClock::now() - asked;
    ASSERT_FALSE(refused.has_value());
    EXPECT_TRUE(refused.error() == errc::no_server || refused.error() == errc::wait_expired)
        << why(refused);
    EXPECT_GE(took, 490ms);
    EXPECT_LE(took, 500ms + patient(250ms)) << "answers by the end of the wait";
}

TEST_F(Restart, SilentServer_PutsLocksInJeopardyAndItsReturnTakesThemOut) {
    const Client us = connect(servers.connect_string(), standalone_options(40s));
    StateDiary diary;
    diary.attach_to(us);
    auto lock = us.lock(fresh_path(), {.wait = 10s, .budget = 38s});
    ASSERT_TRUE(lock.has_value()) << why(lock);
    std::mutex mutex;
    std::vector<bool> jeopardies;
    const auto heard = [&](bool which) {
        const std::lock_guard guard(mutex);
        return std::find(jeopardies.begin(), jeopardies.end(), which) != jeopardies.end();
    };
    lock->on_jeopardy([&](bool is_in_jeopardy) {
        const std::lock_guard guard(mutex);
        jeopardies.push_back(is_in_jeopardy);
    });
    servers.server().pause();
    ASSERT_TRUE(eventually([&] { return heard(true); }));
    EXPECT_TRUE(lock->valid()) << "jeopardy is a warning";
    EXPECT_TRUE(eventually([&] { return us.state() == ClientState::jeopardy; }));
    {
        const std::lock_guard guard(mutex);
        jeopardies.clear();
    }
    servers.server().resume();
    EXPECT_TRUE(eventually([&] { return us.state() == ClientState::connected; }));
    EXPECT_TRUE(eventually([&] { return heard(false); }));
    EXPECT_TRUE(lock->valid());
    EXPECT_TRUE(eventually([&] {
        return diary.has({ClientState::jeopardy, ClientState::connected});
    }));
    EXPECT_GE(us.stats().gaps, 1U);
    ASSERT_TRUE(lock->release().has_value());
    lock->on_jeopardy({});
    us.on_state_change({});
}

TEST_F(Restart, LocksOutliveSeveralRestarts) {
    const Client us = connect(servers.connect_string(), standalone_options(60s));
    const std::string path = fresh_path();
    std::int64_t last = 0;
    for (int round = 0; round < 3; ++round) {
        auto lock = us.lock(path, {.wait = 30s, .budget = 20s});
        ASSERT_TRUE(lock.has_value()) << "round " << round << ": " << why(lock);
        EXPECT_GT(lock->token(), last);
        last = lock->token();
        restart();
        const auto released = lock->release(patient(15s));
        ASSERT_TRUE(released.has_value()) << "round " << round << ": " << why(released);
    }
    EXPECT_EQ(us.stats().sessions, 1U);
}

}  // namespace
}  // namespace leasehold::integration
