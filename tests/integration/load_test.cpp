// Many locks and many waiters through one client and one session.
#include "tests/integration/fixture.hpp"

#include <boost/asio/use_future.hpp>

#include <algorithm>
#include <atomic>
#include <future>
#include <mutex>
#include <thread>

namespace leasehold::integration {
namespace {

TEST(Load, AThousandLocksAtOnce_ThroughOneSession) {
    const Client us = connect(one_server().connect_string(), standalone_options(60s));
    const Client observer = connect(one_server().connect_string(), standalone_options(60s));
    const std::string path = existing_path(observer);
    const std::int64_t sessions = one_server().counts()->sessions;
    std::vector<std::future<result<ScopedLock>>> asked;
    for (int i = 0; i < 1'000; ++i) {
        asked.push_back(us.async_lock(path + "/" + std::to_string(i), {.wait = 60s, .budget = 50s},
                                      boost::asio::use_future));
    }
    std::vector<ScopedLock> locks;
    for (auto& each : asked) {
        auto lock = each.get();
        ASSERT_TRUE(lock.has_value()) << why(lock);
        locks.push_back(std::move(*lock));
    }
    EXPECT_TRUE(std::all_of(locks.begin(), locks.end(),
                            [](const ScopedLock& lock) { return lock.valid(); }));
    const ClientStats stats = us.stats();
    EXPECT_EQ(stats.locks_held, 1'000U);
    EXPECT_EQ(stats.sessions, 1U);
    EXPECT_LE(one_server().counts()->sessions, sessions) << "no session more than before";
    EXPECT_EQ(one_server().counts()->ephemerals, 1'000);
    std::vector<std::future<result<void>>> released;
    for (ScopedLock& lock : locks) {
        released.push_back(lock.async_release(boost::asio::use_future));
    }
    for (auto& each : released) {
        ASSERT_TRUE(each.get().has_value());
    }
    EXPECT_EQ(one_server().counts()->ephemerals, 0);
    EXPECT_EQ(one_server().counts()->watches, 0);
}

TEST(Load, AHundredWaitersOfTenClients_AreAllServedOneAtATime) {
    constexpr int clients = 10;
    constexpr int waiters = 10;  // of each client
    const Client gate = connect(one_server().connect_string(), standalone_options(60s));
    const std::string path = existing_path(gate);
    auto closed = gate.lock(path, {.wait = 10s, .budget = 50s});
    ASSERT_TRUE(closed.has_value()) << why(closed);
    std::vector<Client> all;
    std::vector<std::future<result<ScopedLock>>> waiting;
    for (int i = 0; i < clients; ++i) {
        all.push_back(connect(one_server().connect_string(), standalone_options(60s)));
        for (int j = 0; j < waiters; ++j) {
            waiting.push_back(
                all.back().async_lock(path, {.wait = 60s, .budget = 5s, .refuse_hopeless = false},
                                      boost::asio::use_future));
        }
    }
    ASSERT_TRUE(becomes_nodes(gate, path, clients + 1));
    ASSERT_TRUE(closed->release().has_value());
    std::atomic<int> inside{0};
    std::atomic<int> overlaps{0};
    std::mutex mutex;
    std::vector<std::int64_t> tokens;
    std::vector<std::thread> threads;
    for (auto& each : waiting) {
        threads.emplace_back([&, future = std::move(each)]() mutable {
            auto lock = future.get();
            if (!lock) {
                return;
            }
            overlaps += inside++ == 0 ? 0 : 1;
            {
                const std::lock_guard guard(mutex);
                tokens.push_back(lock->token());
            }
            --inside;
            (void)lock->release();
        });
    }
    for (std::thread& thread : threads) {
        thread.join();
    }
    EXPECT_EQ(tokens.size(), std::size_t{clients * waiters});
    EXPECT_EQ(overlaps, 0);
    EXPECT_TRUE(std::is_sorted(tokens.begin(), tokens.end())) << "in the order of their grants";
    EXPECT_TRUE(becomes_nodes(gate, path, 0));
    EXPECT_TRUE(eventually([&] { return one_server().counts()->watches == 0; }));
}

TEST(Load, ThreadsThatTakeTheSameLockOverAndOver_NeverMeet) {
    const Client first = connect(one_server().connect_string(), standalone_options(20s));
    const Client second = connect(one_server().connect_string(), standalone_options(20s));
    const std::string path = existing_path(first);
    std::atomic<int> inside{0};
    std::atomic<int> overlaps{0};
    std::atomic<int> grants{0};
    std::vector<std::thread> threads;
    for (int i = 0; i < 6; ++i) {
        threads.emplace_back([&, i] {
            const Client& client = i % 2 == 0 ? first : second;
            for (int round = 0; round < 25; ++round) {
                auto lock =
                    client.lock(path, {.wait = 30s, .budget = 5s, .refuse_hopeless = false});
                if (!lock) {
                    continue;
                }
                ++grants;
                overlaps += inside++ == 0 ? 0 : 1;
                --inside;
            }
        });
    }
    for (std::thread& thread : threads) {
        thread.join();
    }
    EXPECT_EQ(grants, 150);
    EXPECT_EQ(overlaps, 0);
    EXPECT_TRUE(becomes_nodes(first, path, 0));
}

}  // namespace
}  // namespace leasehold::integration
