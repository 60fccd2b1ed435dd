// Shared locks on real servers: held together, and in one fair queue with exclusive ones.
#include "tests/integration/fixture.hpp"
#include "tests/integration/stuck.hpp"
#include "tests/integration/worker_process.hpp"

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/use_future.hpp>

#include <algorithm>
#include <future>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace leasehold::integration {
namespace {

namespace asio = boost::asio;

constexpr LockOptions patiently{.wait = 60s, .budget = 7s};

using Shared = TwoClients;

INSTANTIATE_TEST_SUITE_P(Servers, Shared, ::testing::Values(flavours[0], flavours[2]),
                         flavour_name);

TEST_P(Shared, ReadersOfTwoProcesses_HoldTogether_AndAWriterWaitsForAllOfThem) {
    const std::string hosts = GetParam().servers().connect_string();
    WorkerProcess first(hosts, 10s, GetParam().is_standalone);
    WorkerProcess second(hosts, 10s, GetParam().is_standalone);
    first.lock_shared("a", path, 60s, 7s);
    const RemoteGrant granted = first.granted("a");
    EXPECT_EQ(granted.token, 0);
    second.lock_shared("b", path, 60s, 7s);
    (void)second.granted("b");
    first.lock_shared("c", path, 60s, 7s);
    (void)first.granted("c");
    EXPECT_EQ(nodes_under(observer, path), 3) << "a node for each, also within a process";

    auto writing = us.async_lock(path, patiently, asio::use_future);
    ASSERT_TRUE(becomes_nodes(observer, path, 4));
    for (const auto& [process, id] : {std::pair{&first, "a"}, std::pair{&second, "b"}}) {
        process->release(id);
        EXPECT_TRUE(still_waits(writing)) << id << " was not the last reader";
    }
    first.release("c");
    const auto written = writing.get();
    ASSERT_TRUE(written.has_value()) << why(written);
    EXPECT_EQ(written->kind(), LockKind::exclusive);
    EXPECT_GT(written->token(), 0);
}

TEST_P(Shared, ReaderBehindAWaitingWriter_WaitsForIt) {
    auto reading = us.lock_shared(path, patiently);
    ASSERT_TRUE(reading.has_value()) << why(reading);
    auto writing = other.async_lock(path, patiently, asio::use_future);
    ASSERT_TRUE(becomes_nodes(observer, path, 2));
    auto late = us.async_lock_shared(path, patiently, asio::use_future);
    ASSERT_TRUE(becomes_nodes(observer, path, 3));
    auto later = observer.async_lock_shared(path, patiently, asio::use_future);
    ASSERT_TRUE(becomes_nodes(observer, path, 4));
    EXPECT_TRUE(still_waits(late)) << "readers that go on coming would starve the writer";
    ASSERT_TRUE(reading->release().has_value());
    auto written = writing.get();
    ASSERT_TRUE(written.has_value()) << why(written);
    EXPECT_TRUE(still_waits(late) && still_waits(later)) << "granted beside a writer";
    ASSERT_TRUE(written->release().has_value());
    const auto read = late.get();
    const auto read_later = later.get();
    EXPECT_TRUE(read.has_value()) << why(read);
    EXPECT_TRUE(read_later.has_value()) << why(read_later);
    EXPECT_TRUE(read->valid() && read_later->valid()) << "together";
}

TEST_P(Shared, MixedQueue_IsServedInItsOrder) {
    const Client gatekeeper = client();
    auto gate = gatekeeper.lock(path, patiently);
    ASSERT_TRUE(gate.has_value()) << why(gate);
    const std::string order = "rrwrwwr";
    // Exclusive contenders of one client would share a node, and go one right after the other.
    std::vector<const Client*> writers{&us, &other, &observer};
    std::vector<std::future<result<ScopedLock>>> answers;
    for (std::size_t place = 0; place < order.size(); ++place) {
        if (order[place] == 'r') {
            answers.push_back(us.async_lock_shared(path, patiently, asio::use_future));
        } else {
            answers.push_back(writers.back()->async_lock(path, patiently, asio::use_future));
            writers.pop_back();
        }
        ASSERT_TRUE(becomes_nodes(observer, path, static_cast<int>(place) + 2));
    }
    ASSERT_TRUE(gate->release().has_value());
    for (std::size_t first = 0; first < order.size();) {
        std::size_t end = first + 1;
        while (order[first] == 'r' && end < order.size() && order[end] == 'r') {
            ++end;
        }
        std::vector<ScopedLock> together;
        for (std::size_t place = first; place < end; ++place) {
            auto granted = answers[place].get();
            ASSERT_TRUE(granted.has_value()) << place << ": " << why(granted);
            together.push_back(std::move(*granted));
        }
        for (const ScopedLock& lock : together) {
            EXPECT_TRUE(lock.valid());
        }
        if (end < order.size()) {
            EXPECT_TRUE(still_waits(answers[end])) << end << " beside " << first;
        }
        first = end;
    }
}

TEST_P(Shared, CallThatNeverReturns_LosesItsShareAtTheBudget_AndTheWriterGoesOn) {
    auto stuck = us.lock_shared(path, {.wait = 10s, .budget = 1s});
    ASSERT_TRUE(stuck.has_value()) << why(stuck);
    const Instant due = stuck->deadline();
    auto writing = other.async_lock(path, patiently, asio::use_future);
    Farewell farewell(observer, stuck->node());
    Trap trap;
    std::thread caller([&] { (void)stuck->call(trap.door()); });
    const auto written = writing.get();
    const Instant now = BootClock::now();
    EXPECT_TRUE(written.has_value()) << why(written);
    EXPECT_GE(now, due) << "granted beside a valid share";
    EXPECT_LE(now, due + release_promise);
    EXPECT_TRUE(gone_in_time(farewell.wait(), due));
    EXPECT_FALSE(stuck->valid());
    trap.open();
    caller.join();
    EXPECT_EQ(us.stats().overruns, 1U);
}

TEST_P(Shared, Share_SaysWhatItIs) {
    const auto read = us.async_lock_shared(path, patiently, asio::use_future).get();
    ASSERT_TRUE(read.has_value()) << why(read);
    EXPECT_EQ(read->kind(), LockKind::shared);
    EXPECT_EQ(read->token(), 0);
    EXPECT_EQ(read->path(), path);
    EXPECT_NE(read->node().find("-__READ__"), std::string::npos);
    const auto token = read->call([](const CallContext& context) { return context.token(); });
    ASSERT_TRUE(token.has_value()) << why(token);
    EXPECT_EQ(*token, 0);
    ASSERT_TRUE(becomes_nodes(observer, path, 1)) << "its follower may lag";
    const auto listed = observer.contenders(path);
    ASSERT_TRUE(listed.has_value()) << why(listed);
    ASSERT_EQ(listed->size(), 1U);
    EXPECT_EQ(listed->front().lock_kind, LockKind::shared);
    EXPECT_TRUE(listed->front().is_held);
}

TEST_P(Shared, TryOnAWriters_IsRefused_AndOnReaders_IsGranted) {
    constexpr LockOptions at_once{.wait = 0s, .budget = 2s};
    {
        auto written = us.lock(path, patiently);
        ASSERT_TRUE(written.has_value()) << why(written);
        EXPECT_TRUE(fails_with(other.lock_shared(path, at_once), errc::wait_expired));
        ASSERT_TRUE(written->release().has_value());
    }
    ASSERT_TRUE(becomes_nodes(observer, path, 0));
    auto read = us.lock_shared(path, patiently);
    ASSERT_TRUE(read.has_value()) << why(read);
    EXPECT_TRUE(fails_with(other.lock(path, at_once), errc::wait_expired));
    ASSERT_TRUE(becomes_nodes(observer, path, 1));
    const auto beside = other.lock_shared(path, at_once);
    EXPECT_TRUE(beside.has_value()) << why(beside);
}

TEST_P(Shared, CancelledWhileItWaits_LeavesNothing) {
    auto written = us.lock(path, patiently);
    ASSERT_TRUE(written.has_value()) << why(written);
    asio::cancellation_signal signal;
    std::promise<result<ScopedLock>> promise;
    auto answer = promise.get_future();
    other.async_lock_shared(
        path, patiently,
        asio::bind_cancellation_slot(signal.slot(), [&promise](result<ScopedLock> lock) {
            promise.set_value(std::move(lock));
        }));
    ASSERT_TRUE(becomes_nodes(observer, path, 2));
    signal.emit(asio::cancellation_type::total);
    EXPECT_TRUE(fails_with(answer.get(), errc::cancelled));
    EXPECT_TRUE(becomes_nodes(observer, path, 1)) << "the writer's";
    EXPECT_TRUE(eventually([&] {
        const ClientStats stats = other.stats();
        return stats.nodes_to_delete == 0 && stats.locks_waiting == 0 && stats.watches == 0;
    }));
    EXPECT_TRUE(written->valid());
}

}  // namespace
}  // namespace leasehold::integration
