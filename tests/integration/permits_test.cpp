// Semaphores on real servers: never more than their number at once, first come first served, and
// nothing left behind.
#include "tests/integration/fixture.hpp"
#include "tests/integration/stuck.hpp"
#include "tests/integration/worker_process.hpp"

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/use_future.hpp>

#include <algorithm>
#include <future>
#include <set>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace leasehold::integration {
namespace {

namespace asio = boost::asio;
using Answer = std::future<result<ScopedLock>>;

constexpr LockOptions patiently(int permits) {
    LockOptions options{.wait = 60s, .budget = 7s};
    options.permits = permits;
    return options;
}

/// How many served at the same time, at most.
int most_at_once(const std::vector<Service>& services) {
    std::vector<std::pair<Instant, int>> changes;
    for (const Service& service : services) {
        changes.emplace_back(service.from, 1);
        changes.emplace_back(service.to, -1);
    }
    std::sort(changes.begin(), changes.end());  // an end counts before a beginning
    int now = 0;
    int most = 0;
    for (const auto& [when, change] : changes) {
        now += change;
        most = std::max(most, now);
    }
    return most;
}

class Permits : public ::testing::TestWithParam<Flavour> {
protected:
    std::string hosts() { return GetParam().servers().connect_string(); }
    Client client() { return connect(hosts(), options_for(GetParam())); }

    Answer ask(const Client& who, int permits) {
        return who.async_acquire_permit(path, patiently(permits), asio::use_future);
    }
    /// What the path's own node says.
    std::string number() {
        const ZooKeeper zookeeper = observer.zookeeper();
        zookeeper.sync().value();
        return zookeeper.get(path).value().data;
    }
    /// Of these clients on the path, and of the path on the servers.
    ::testing::AssertionResult nothing_is_left() {
        const auto is_idle = [](const Client& who) {
            const ClientStats stats = who.stats();
            return stats.nodes_to_delete == 0 && stats.locks_waiting == 0 &&
                   stats.locks_held == 0 && stats.watches == 0;
        };
        if (!becomes_nodes(observer, path, 0)) {
            return ::testing::AssertionFailure() << nodes_under(observer, path) << " nodes";
        }
        if (!eventually([&] { return is_idle(us) && is_idle(other); })) {
            return ::testing::AssertionFailure() << "a client is not done with it";
        }
        return ::testing::AssertionSuccess();
    }

    Client us = client();
    Client other = client();
    Client observer = client();
    const std::string path = fresh_path();
};

INSTANTIATE_TEST_SUITE_P(Servers, Permits, ::testing::Values(flavours[0], flavours[2]),
                         flavour_name);

TEST_P(Permits, SixteenContendersOfTwoProcesses_AreNeverMoreThanTheirNumberAtOnce) {
    constexpr int permits = 3;
    constexpr int each = 8;
    WorkerProcess first(hosts(), 10s, GetParam().is_standalone);
    WorkerProcess second(hosts(), 10s, GetParam().is_standalone);
    std::vector<ScopedLock> gates;
    for (int i = 0; i < permits; ++i) {
        auto gate = us.acquire_permit(path, patiently(permits));
        ASSERT_TRUE(gate.has_value()) << why(gate);
        gates.push_back(std::move(*gate));
    }
    for (int i = 0; i < each; ++i) {
        for (WorkerProcess* process : {&first, &second}) {
            process->serve_permit(std::to_string(i), path, permits, 60s, 5s, 40ms);
        }
    }
    ASSERT_TRUE(becomes_nodes(observer, path, permits + 2 * each)) << "a node for each";
    for (ScopedLock& gate : gates) {
        ASSERT_TRUE(gate.release().has_value());
    }
    std::vector<Service> services;
    std::set<std::int64_t> tokens;
    for (int i = 0; i < each; ++i) {
        for (WorkerProcess* process : {&first, &second}) {
            services.push_back(process->next_service());
            tokens.insert(services.back().token);
        }
    }
    EXPECT_LE(most_at_once(services), permits);
    EXPECT_GE(most_at_once(services), 2) << "they do not use their permits";
    EXPECT_EQ(tokens.size(), services.size()) << "each has a token of its own";
    EXPECT_GT(*tokens.begin(), gates.back().token());
    EXPECT_TRUE(nothing_is_left());
}

TEST_P(Permits, WhoeverGoes_TheFirstThatWaitsIsNext_AndNobodyElse) {
    std::vector<ScopedLock> held;
    for (const Client* who : {&us, &other}) {
        auto taken = who->acquire_permit(path, patiently(2));
        ASSERT_TRUE(taken.has_value()) << why(taken);
        held.push_back(std::move(*taken));
    }
    std::vector<Answer> answers;
    for (const Client* who : {&us, &other, &observer, &us, &other}) {
        answers.push_back(ask(*who, 2));
        ASSERT_TRUE(becomes_nodes(observer, path, static_cast<int>(answers.size()) + 2));
    }
    EXPECT_TRUE(still_waits(answers[0])) << "all permits are out";
    std::int64_t last_token = held.back().token();
    for (std::size_t next = 0; next < answers.size(); ++next) {
        // Now the elder of the two that hold, now the younger.
        const auto leaving = held.begin() + static_cast<std::ptrdiff_t>(next % 2);
        ASSERT_TRUE(leaving->release().has_value());
        held.erase(leaving);
        auto granted = answers[next].get();
        ASSERT_TRUE(granted.has_value()) << next << ": " << why(granted);
        EXPECT_GT(granted->token(), last_token);
        last_token = granted->token();
        held.push_back(std::move(*granted));
        EXPECT_TRUE(held.front().valid() && held.back().valid());
        if (next + 1 < answers.size()) {
            EXPECT_TRUE(still_waits(answers[next + 1])) << next + 1 << ": there are two permits";
        }
    }
    held.clear();
    EXPECT_TRUE(nothing_is_left());
}

TEST_P(Permits, AnotherNumber_IsRefusedAndLeavesNothing) {
    auto held = us.acquire_permit(path, patiently(2));
    ASSERT_TRUE(held.has_value()) << why(held);
    const auto refused = other.acquire_permit(path, patiently(3));
    EXPECT_TRUE(fails_with(refused, errc::permits_disagree));
    EXPECT_NE(why(refused).find("2 permits, not 3"), std::string::npos) << why(refused);
    EXPECT_TRUE(becomes_nodes(observer, path, 1)) << "only the holder's";
    EXPECT_EQ(number(), "2");
    EXPECT_TRUE(held->valid());
    ASSERT_TRUE(held->release().has_value());
    EXPECT_TRUE(nothing_is_left());
}

TEST_P(Permits, LockOnASemaphoresPath_IsRefused_AndTheOtherWayRound) {
    {
        const auto permit = us.acquire_permit(path, patiently(2));
        ASSERT_TRUE(permit.has_value()) << why(permit);
        EXPECT_TRUE(fails_with(other.lock(path, patiently(1)), errc::mixed_queue));
        EXPECT_TRUE(fails_with(other.lock_shared(path, patiently(1)), errc::mixed_queue));
        EXPECT_TRUE(becomes_nodes(observer, path, 1));
        EXPECT_TRUE(permit->valid());
    }
    const std::string locked = fresh_path();
    const auto lock = us.lock(locked, patiently(1));
    ASSERT_TRUE(lock.has_value()) << why(lock);
    EXPECT_TRUE(fails_with(other.acquire_permit(locked, patiently(2)), errc::mixed_queue));
    EXPECT_TRUE(becomes_nodes(observer, locked, 1));
    EXPECT_TRUE(lock->valid());
    EXPECT_EQ(observer.zookeeper().get(locked).value().data, "") << "no number was written";
}

TEST_P(Permits, CallThatNeverReturns_LosesItsPermitAtTheBudget_AndTheNextGoesOn) {
    LockOptions brief = patiently(2);
    brief.budget = 1s;
    const auto beside = other.acquire_permit(path, patiently(2));
    ASSERT_TRUE(beside.has_value()) << why(beside);
    auto stuck = us.acquire_permit(path, brief);
    ASSERT_TRUE(stuck.has_value()) << why(stuck);
    const Instant due = stuck->deadline();
    auto waiting = ask(other, 2);
    Farewell farewell(observer, stuck->node());
    Trap trap;
    std::thread caller([&] { (void)stuck->call(trap.door()); });
    const auto granted = waiting.get();
    const Instant now = BootClock::now();
    EXPECT_TRUE(granted.has_value()) << why(granted);
    EXPECT_GE(now, due) << "granted beside two valid permits";
    EXPECT_LE(now, due + release_promise);
    EXPECT_TRUE(gone_in_time(farewell.wait(), due));
    EXPECT_FALSE(stuck->valid());
    EXPECT_TRUE(beside->valid()) << "the other permit has nothing to do with it";
    trap.open();
    caller.join();
    EXPECT_EQ(us.stats().overruns, 1U);
}

TEST_P(Permits, Permit_SaysWhatItIs) {
    const auto first = ask(us, 2).get();
    const auto second = ask(us, 2).get();
    ASSERT_TRUE(first.has_value() && second.has_value()) << why(first) << why(second);
    auto waiting = ask(other, 2);
    ASSERT_TRUE(becomes_nodes(observer, path, 3));
    EXPECT_EQ(first->kind(), LockKind::permit);
    EXPECT_EQ(first->path(), path);
    EXPECT_NE(first->node().find("-lease-"), std::string::npos);
    const auto listed = observer.contenders(path);
    ASSERT_TRUE(listed.has_value()) << why(listed);
    ASSERT_EQ(listed->size(), 3U);
    for (const ContenderInfo& info : *listed) {
        EXPECT_EQ(info.lock_kind, LockKind::permit);
    }
    EXPECT_TRUE(listed->at(0).is_held && listed->at(1).is_held && !listed->at(2).is_held);
    EXPECT_EQ(listed->at(0).token, first->token());
    EXPECT_EQ(listed->at(1).token, second->token());
    EXPECT_EQ(listed->at(2).blocked_by, listed->at(1).node);
}

TEST_P(Permits, Try_IsRefusedWhenAllAreOut_AndGrantedWhenOneIsLeft) {
    LockOptions at_once = patiently(2);
    at_once.wait = 0ms;
    const auto first = us.acquire_permit(path, patiently(2));
    ASSERT_TRUE(first.has_value()) << why(first);
    {
        const auto second = other.acquire_permit(path, at_once);
        ASSERT_TRUE(second.has_value()) << why(second);
        EXPECT_TRUE(fails_with(other.acquire_permit(path, at_once), errc::wait_expired));
        EXPECT_TRUE(becomes_nodes(observer, path, 2));
    }
    ASSERT_TRUE(becomes_nodes(observer, path, 1));
    EXPECT_TRUE(other.acquire_permit(path, at_once).has_value());
}

TEST_P(Permits, CancelledWhileItWaits_LeavesNothing) {
    auto held = us.acquire_permit(path, patiently(1));
    ASSERT_TRUE(held.has_value()) << why(held);
    asio::cancellation_signal signal;
    std::promise<result<ScopedLock>> promise;
    auto answer = promise.get_future();
    other.async_acquire_permit(
        path, patiently(1),
        asio::bind_cancellation_slot(signal.slot(), [&promise](result<ScopedLock> permit) {
            promise.set_value(std::move(permit));
        }));
    ASSERT_TRUE(becomes_nodes(observer, path, 2));
    signal.emit(asio::cancellation_type::total);
    EXPECT_TRUE(fails_with(answer.get(), errc::cancelled));
    EXPECT_TRUE(becomes_nodes(observer, path, 1)) << "the holder's";
    EXPECT_TRUE(held->valid());
    ASSERT_TRUE(held->release().has_value());
    EXPECT_TRUE(nothing_is_left());
}

TEST_P(Permits, HolderWhoseProcessDies_LosesItsPermitWithItsSession) {
    WorkerProcess holder(hosts(), 4s, GetParam().is_standalone);
    holder.serve_permit("h", path, 1, 10s, 1s, 500ms);
    ASSERT_TRUE(becomes_nodes(observer, path, 1));
    holder.process().kill();
    const auto granted = us.acquire_permit(path, patiently(1));
    EXPECT_TRUE(granted.has_value()) << why(granted);
}

TEST_P(Permits, NumbersThatAreNone_AreRefusedWithNothingWritten) {
    for (const int number : {0, -1, -2'147'483'647}) {
        EXPECT_TRUE(fails_with(us.acquire_permit(path, patiently(number)), errc::invalid_argument));
    }
    EXPECT_FALSE(observer.zookeeper().exists(path).value().has_value()) << "not even the path";
}

}  // namespace
}  // namespace leasehold::integration
