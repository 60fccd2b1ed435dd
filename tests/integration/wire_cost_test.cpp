// What a lock costs on the wire, counted by a proxy between the client and a real server: round
// trips, writes, and who is woken.
#include "tests/integration/fixture.hpp"
#include "tests/support/cutting_proxy.hpp"

#include <boost/asio/use_future.hpp>

#include <algorithm>

namespace leasehold::integration {
namespace {

using wire::Opcode;

bool is_list(const ProxyFrame& frame) {
    return frame.kind == FrameKind::request &&
           (frame.op == Opcode::get_children || frame.op == Opcode::get_children2);
}

std::vector<ProxyFrame> without_pings(const CuttingProxy& proxy) {
    std::vector<ProxyFrame> frames = proxy.frames();
    std::erase_if(frames, [](const ProxyFrame& frame) { return frame.op == Opcode::ping; });
    return frames;
}

std::string join(const std::vector<ProxyFrame>& frames) {
    std::string text;
    for (const ProxyFrame& frame : frames) {
        text += "\n  " + describe(frame);
    }
    return text;
}

class WireCost : public ::testing::Test {
protected:
    CuttingProxy proxy{one_server().server().port()};
    Client us = connect(proxy.connect_string());
    Client other = connect(one_server().connect_string());
    const std::string path = existing_path(other);
};

TEST_F(WireCost, FreeLock_IsOneWriteAndOneRoundTrip) {
    proxy.clear();
    auto lock = us.lock(path, {.wait = 10s, .budget = 2s});
    ASSERT_TRUE(lock.has_value()) << why(lock);
    const auto frames = without_pings(proxy);
    ASSERT_GE(frames.size(), 3U) << join(frames);
    EXPECT_TRUE(frames[0].is_request(Opcode::create)) << join(frames);
    EXPECT_TRUE(is_list(frames[1])) << join(frames);
    EXPECT_EQ(frames[0].burst, frames[1].burst) << "both leave in one write" << join(frames);
    EXPECT_EQ(proxy.requests().size(), 2U) << join(frames);

    proxy.clear();
    ASSERT_TRUE(lock->release().has_value());
    EXPECT_EQ(proxy.requests().size(), 1U) << join(without_pings(proxy));
    EXPECT_EQ(proxy.requests(Opcode::remove), 1U);
}

TEST_F(WireCost, KeptLock_IsNothingTheSecondTime) {
    const LockOptions kept{.wait = 10s, .budget = 2s, .keep_idle = 60s};
    proxy.clear();
    auto lock = us.lock(path, kept);
    ASSERT_TRUE(lock.has_value()) << why(lock);
    const std::int64_t first_token = lock->token();
    ASSERT_TRUE(eventually([&] {
        const auto frames = proxy.frames();
        return std::count_if(frames.begin(), frames.end(), [](const ProxyFrame& frame) {
                   return frame.is_reply(Opcode::get_children);
               }) == 2;
    })) << join(without_pings(proxy));
    EXPECT_EQ(proxy.requests().size(), 3U) << "the list behind the grant" << join(proxy.frames());
    proxy.clear();
    ASSERT_TRUE(lock->release().has_value());
    lock = us.lock(path, kept);
    ASSERT_TRUE(lock.has_value()) << why(lock);
    EXPECT_GT(lock->token(), first_token);
    ASSERT_TRUE(lock->release().has_value());
    EXPECT_EQ(proxy.requests().size(), 0U) << join(without_pings(proxy));
}

TEST_F(WireCost, QueuedLock_IsTwoRoundTripsAndNothingAtTheHandOver) {
    auto held = other.lock(path, {.wait = 10s, .budget = 8s});
    ASSERT_TRUE(held.has_value()) << why(held);
    proxy.clear();
    auto waiting = us.async_lock(path, {.wait = 30s, .budget = 2s}, boost::asio::use_future);
    ASSERT_TRUE(eventually([&] {
        const auto frames = proxy.frames();
        return std::count_if(frames.begin(), frames.end(), [](const ProxyFrame& frame) {
                   return frame.is_reply(Opcode::get_data);
               }) == 2;
    }));
    const auto before = without_pings(proxy);
    ASSERT_EQ(proxy.requests().size(), 4U) << join(before);
    EXPECT_TRUE(before[0].is_request(Opcode::create)) << join(before);
    EXPECT_TRUE(is_list(before[1])) << join(before);
    std::vector<ProxyFrame> reads = before;
    std::erase_if(reads,
                  [](const ProxyFrame& frame) { return !frame.is_request(Opcode::get_data); });
    EXPECT_EQ(reads[0].path, held->node()) << "the predecessor" << join(before);
    EXPECT_EQ(reads[0].burst, reads[1].burst) << "the second round trip" << join(before);

    proxy.clear();
    ASSERT_TRUE(held->release().has_value());
    const auto granted = waiting.get();
    ASSERT_TRUE(granted.has_value()) << why(granted);
    const auto after = without_pings(proxy);
    ASSERT_GE(after.size(), 1U);
    EXPECT_EQ(after[0].kind, FrameKind::event) << join(after);
    EXPECT_EQ(proxy.requests().size(), 0U) << "granted by the event alone" << join(after);
}

constexpr LockOptions one_of_two{.wait = 30s, .budget = 8s, .permits = 2};

std::ptrdiff_t events(const CuttingProxy& of) {
    const auto frames = of.frames();
    return std::count_if(frames.begin(), frames.end(),
                         [](const ProxyFrame& frame) { return frame.kind == FrameKind::event; });
}

TEST_F(WireCost, FreePermit_IsOneWriteAndOneRoundTripOnceTheNumberIsThere) {
    ASSERT_TRUE(other.acquire_permit(path, one_of_two).has_value());
    ASSERT_TRUE(becomes_nodes(other, path, 0)) << "whoever goes meanwhile makes us show our grant";
    proxy.clear();
    auto permit = us.acquire_permit(path, one_of_two);
    ASSERT_TRUE(permit.has_value()) << why(permit);
    const auto frames = without_pings(proxy);
    ASSERT_GE(frames.size(), 4U) << join(frames);
    EXPECT_TRUE(frames[0].is_request(Opcode::create)) << join(frames);
    EXPECT_TRUE(is_list(frames[1])) << join(frames);
    EXPECT_TRUE(frames[2].is_request(Opcode::get_data)) << "the number" << join(frames);
    EXPECT_EQ(frames[2].path, path) << join(frames);
    EXPECT_EQ(frames[0].burst, frames[2].burst) << "all leave in one write" << join(frames);
    EXPECT_EQ(proxy.requests().size(), 3U) << join(frames);

    proxy.clear();
    ASSERT_TRUE(permit->release().has_value());
    EXPECT_EQ(proxy.requests().size(), 1U) << join(without_pings(proxy));
    EXPECT_EQ(proxy.requests(Opcode::remove), 1U);
}

TEST_F(WireCost, FirstPermitOfAPath_WritesTheNumberOnce) {
    proxy.clear();
    const auto permit = us.acquire_permit(path, one_of_two);
    ASSERT_TRUE(permit.has_value()) << why(permit);
    const auto frames = without_pings(proxy);
    EXPECT_EQ(proxy.requests().size(), 4U) << join(frames);
    EXPECT_EQ(proxy.requests(Opcode::create), 1U) << join(frames);
    EXPECT_EQ(proxy.requests(Opcode::set_data), 1U) << join(frames);
}

/// One write more than a lock's: its grant is shown to those behind it.
TEST_F(WireCost, QueuedPermit_IsTwoRoundTripsAndOneWriteAtTheHandOver) {
    auto first = other.acquire_permit(path, one_of_two);
    const auto second = other.acquire_permit(path, one_of_two);
    ASSERT_TRUE(first.has_value() && second.has_value()) << why(first) << why(second);
    proxy.clear();
    auto waiting = us.async_acquire_permit(path, one_of_two, boost::asio::use_future);
    ASSERT_TRUE(eventually([&] { return us.stats().watches == 3; })) << "those two and its own";
    const auto before = without_pings(proxy);
    EXPECT_EQ(proxy.requests().size(), 6U) << join(before);
    EXPECT_EQ(proxy.requests(Opcode::create), 1U) << join(before);
    EXPECT_EQ(proxy.requests(Opcode::get_data), 4U) << "the number, and who is watched";

    proxy.clear();
    ASSERT_TRUE(first->release().has_value());
    const auto granted = waiting.get();
    ASSERT_TRUE(granted.has_value()) << why(granted);
    ASSERT_TRUE(eventually([&] {
        const auto frames = proxy.frames();
        return std::any_of(frames.begin(), frames.end(), [](const ProxyFrame& frame) {
            return frame.is_reply(Opcode::get_data);
        });
    })) << "it wrote to its own node, which it watches: that watch is set again";
    const auto after = without_pings(proxy);
    EXPECT_EQ(after[0].kind, FrameKind::event) << join(after);
    EXPECT_EQ(proxy.requests(Opcode::set_data), 1U) << join(after);
    EXPECT_EQ(proxy.requests(Opcode::remove_watches), 1U) << "of the other one that ran";
    EXPECT_EQ(proxy.requests().size(), 3U) << join(after);
}

TEST_F(WireCost, ReleasedPermit_NotifiesTheNext_AndItsGrantTheOneBehind) {
    CuttingProxy second_proxy(one_server().server().port());
    const Client third = connect(second_proxy.connect_string());
    auto first = other.acquire_permit(path, one_of_two);
    const auto second = other.acquire_permit(path, one_of_two);
    ASSERT_TRUE(first.has_value() && second.has_value()) << why(first) << why(second);
    auto waiting = us.async_acquire_permit(path, one_of_two, boost::asio::use_future);
    ASSERT_TRUE(eventually([&] { return us.stats().watches == 3; }));
    auto last = third.async_acquire_permit(path, one_of_two, boost::asio::use_future);
    ASSERT_TRUE(eventually([&] { return third.stats().watches == 2; })) << "the nearest, its own";
    ASSERT_TRUE(first->release().has_value());
    auto granted = waiting.get();
    ASSERT_TRUE(granted.has_value()) << why(granted);
    ASSERT_TRUE(eventually([&] { return third.stats().watches == 3; })) << "now those who run";
    EXPECT_EQ(events(second_proxy), 1) << "the grant, not the release";
    ASSERT_TRUE(granted->release().has_value());
    EXPECT_TRUE(last.get().has_value());
}

TEST_F(WireCost, OneRelease_NotifiesOneProcess) {
    CuttingProxy second_proxy(one_server().server().port());
    const Client third = connect(second_proxy.connect_string());
    auto held = other.lock(path, {.wait = 10s, .budget = 8s});
    ASSERT_TRUE(held.has_value()) << why(held);
    auto second = us.async_lock(path, {.wait = 30s, .budget = 2s}, boost::asio::use_future);
    ASSERT_TRUE(becomes_nodes(other, path, 2));
    auto last = third.async_lock(path, {.wait = 30s, .budget = 2s}, boost::asio::use_future);
    ASSERT_TRUE(eventually([&] { return second_proxy.requests(Opcode::get_data) == 2; }));
    ASSERT_TRUE(held->release().has_value());
    auto granted = second.get();
    ASSERT_TRUE(granted.has_value()) << why(granted);
    EXPECT_EQ(events(proxy), 1);
    EXPECT_EQ(events(second_proxy), 0) << "no herd";
    ASSERT_TRUE(granted->release().has_value());
    const auto granted_last = last.get();  // kept: the end of its own node is an event as well
    ASSERT_TRUE(granted_last.has_value()) << why(granted_last);
    EXPECT_EQ(events(second_proxy), 1);
}

TEST_F(WireCost, TryOnABusyLockWithCheckFirst_IsOneReadAndNoWrite) {
    auto held = other.lock(path, {.wait = 10s, .budget = 8s});
    ASSERT_TRUE(held.has_value()) << why(held);
    proxy.clear();
    const auto refused = us.lock(path, {.wait = 0ms, .budget = 1s, .check_first = true});
    EXPECT_FALSE(refused.has_value());
    EXPECT_TRUE(refused.error() == errc::wait_expired || refused.error() == errc::queue_full)
        << why(refused);
    const auto frames = without_pings(proxy);
    EXPECT_EQ(proxy.requests().size(), 1U) << join(frames);
    EXPECT_EQ(proxy.requests(Opcode::create), 0U) << join(frames);
    EXPECT_EQ(nodes_under(other, path), 1);
}

TEST_F(WireCost, LongQueue_IsRefusedWithoutALastingNode) {
    auto held = other.lock(path, {.wait = 10s, .budget = 8s});
    ASSERT_TRUE(held.has_value()) << why(held);
    const Client third = connect(one_server().connect_string());
    auto waiting = third.async_lock(path, {.wait = 30s, .budget = 1s}, boost::asio::use_future);
    ASSERT_TRUE(becomes_nodes(other, path, 2));
    const auto refused = us.lock(path, {.wait = 10s, .budget = 1s, .max_queue = 1});
    EXPECT_TRUE(fails_with(refused, errc::queue_full));
    EXPECT_TRUE(becomes_nodes(other, path, 2));
    ASSERT_TRUE(held->release().has_value());
    EXPECT_TRUE(waiting.get().has_value());
}

TEST_F(WireCost, MissingParents_AreContainersAndCostOneRoundTripMore) {
    const std::string missing = path + "/orders/42";
    proxy.clear();
    const auto lock = us.lock(missing, {.wait = 10s, .budget = 2s});
    ASSERT_TRUE(lock.has_value()) << why(lock);
    std::vector<ProxyFrame> requests = without_pings(proxy);
    const std::string all = join(requests);
    std::erase_if(requests,
                  [](const ProxyFrame& frame) { return frame.kind != FrameKind::request; });
    std::vector<std::size_t> writes;
    for (const ProxyFrame& request : requests) {
        if (writes.empty() || writes.back() != request.burst) {
            writes.push_back(request.burst);
        }
    }
    EXPECT_EQ(writes.size(), 2U) << "refused once, then the parents and the rest at once" << all;
    EXPECT_GE(proxy.requests(Opcode::create_container), 2U) << all;
    EXPECT_EQ(proxy.requests(Opcode::create), 2U) << "the contender only, twice" << all;
    const auto parent = other.zookeeper().get(missing);
    ASSERT_TRUE(parent.has_value()) << why(parent);
    EXPECT_EQ(parent->stat.ephemeral_owner, 0);
}

TEST_F(WireCost, ManyConnectionAttempts_StayBelowTheRate) {
    ClientOptions options = standalone_options();
    options.backoff_min = 1ms;
    options.backoff_max = 1ms;
    options.max_connects_per_second = 5;
    CuttingProxy dead(one_server().server().port());
    dead.refuse(true);
    const auto client = Client::connect(dead.connect_string(), options);
    ASSERT_TRUE(client.has_value()) << why(client);
    ASSERT_TRUE(eventually([&] { return dead.attempts().size() >= 12; }));
    const auto attempts = dead.attempts();
    for (std::size_t i = 5; i < attempts.size(); ++i) {
        // They are counted where they arrive, which may be a little later than they were made.
        EXPECT_GT(attempts[i] - attempts[i - 5], 900ms) << "attempts " << i - 5 << " to " << i;
    }
}

}  // namespace
}  // namespace leasehold::integration
