// Leadership on real servers: one leads at a time, whatever becomes of the leader, and for as long
// as there is evidence of it.
#include "tests/integration/fixture.hpp"
#include "tests/integration/worker_process.hpp"
#include "tests/support/cutting_proxy.hpp"

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/use_future.hpp>

#include <future>
#include <optional>
#include <string>
#include <utility>

namespace leasehold::integration {
namespace {

namespace asio = boost::asio;
using wire::Opcode;

std::string payload_of(const result<std::optional<ContenderInfo>>& leader) {
    if (!leader) {
        return why(leader);
    }
    return *leader ? (*leader)->payload : "nobody";
}

using Elections = TwoClients;

INSTANTIATE_TEST_SUITE_P(Servers, Elections, ::testing::Values(flavours[0], flavours[2]),
                         flavour_name);

TEST_P(Elections, OneLeadsAtATime_AndTokensRise) {
    const Client* const candidates[] = {&us, &other, &us, &us, &other};
    std::vector<std::future<result<Leadership>>> answers;
    for (int i = 0; i < 5; ++i) {
        answers.push_back(
            candidates[i]->async_elect(path, {.payload = std::to_string(i)}, asio::use_future));
        ASSERT_TRUE(eventually([&] {
            const auto queued = us.stats().locks_waiting + us.stats().locks_held +
                                other.stats().locks_waiting + other.stats().locks_held;
            return queued == answers.size();
        }));
    }
    std::int64_t last = 0;
    std::vector<bool> has_led(answers.size());
    for (std::size_t led = 0; led < answers.size(); ++led) {
        std::optional<std::size_t> who;
        ASSERT_TRUE(eventually([&] {
            for (std::size_t i = 0; i < answers.size() && !who; ++i) {
                if (!has_led[i] && answers[i].wait_for(0ms) == std::future_status::ready) {
                    who = i;
                }
            }
            return who.has_value();
        }));
        has_led[*who] = true;
        auto leadership = answers[*who].get();
        ASSERT_TRUE(leadership.has_value()) << why(leadership);
        EXPECT_GT(leadership->token(), last);
        last = leadership->token();
        EXPECT_TRUE(
            eventually([&] { return payload_of(observer.leader(path)) == std::to_string(*who); }));
        EXPECT_EQ(us.stats().locks_held + other.stats().locks_held, 1U);
        EXPECT_TRUE(leadership->valid());
        ASSERT_TRUE(leadership->resign().has_value());
    }
    EXPECT_EQ(payload_of(observer.leader(path)), "nobody");
}

TEST_P(Elections, Observer_IsToldOfEachLeader) {
    auto seeing = observer.observe(path);
    ASSERT_TRUE(seeing.has_value()) << why(seeing);
    EXPECT_EQ(payload_of(seeing->next(patient(10s))), "nobody");
    auto first = us.elect(path, {.payload = "a"});
    ASSERT_TRUE(first.has_value()) << why(first);
    EXPECT_EQ(payload_of(seeing->next(patient(10s))), "a");
    auto standing = other.async_elect(path, {.payload = "b"}, asio::use_future);
    ASSERT_TRUE(becomes_nodes(us, path, 2));
    EXPECT_TRUE(fails_with(seeing->next(a_while), errc::timed_out)) << "a candidate is no leader";
    ASSERT_TRUE(first->resign().has_value());
    auto second = standing.get();
    ASSERT_TRUE(second.has_value()) << why(second);
    EXPECT_EQ(payload_of(seeing->next(patient(10s))), "b");
    ASSERT_TRUE(second->resign().has_value());
    EXPECT_EQ(payload_of(seeing->next(patient(10s))), "nobody");
}

TEST_P(Elections, CancelledCandidate_LeavesNothing) {
    const auto led = us.elect(path);
    ASSERT_TRUE(led.has_value()) << why(led);
    asio::cancellation_signal signal;
    std::promise<result<Leadership>> promise;
    other.async_elect(path, {},
                      asio::bind_cancellation_slot(signal.slot(), [&](result<Leadership> answer) {
                          promise.set_value(std::move(answer));
                      }));
    ASSERT_TRUE(becomes_nodes(observer, path, 2));
    signal.emit(asio::cancellation_type::total);
    EXPECT_TRUE(fails_with(promise.get_future().get(), errc::cancelled));
    EXPECT_TRUE(becomes_nodes(observer, path, 1)) << "the leader's";
    EXPECT_TRUE(eventually([&] {
        const ClientStats stats = other.stats();
        return stats.nodes_to_delete == 0 && stats.locks_waiting == 0 && stats.watches == 0;
    }));
    EXPECT_TRUE(led->valid());
}

// ---- what becomes of the leader ----

constexpr milliseconds short_timeout{2'000};

class LeaderFails : public ::testing::Test {
protected:
    std::string hosts = one_server().connect_string();
    Client other = connect(hosts);
    const std::string path = existing_path(other);
};

TEST_F(LeaderFails, Killed_IsFollowedAfterItsExpiryAndNotBeforeItsDeadline) {
    WorkerProcess leader(hosts, short_timeout, true);
    leader.elect("1", path);
    const RemoteGrant dead = leader.granted("1");
    auto standing = other.async_elect(path, {.payload = "2"}, asio::use_future);
    ASSERT_TRUE(becomes_nodes(other, path, 2));
    // It may roll on once more before the end, but never back.
    const Instant deadline = leader.deadline("1");
    leader.process().kill();
    const Instant killed = BootClock::now();
    const auto led = standing.get();
    const Instant now = BootClock::now();
    ASSERT_TRUE(led.has_value()) << why(led);
    EXPECT_GE(now, deadline) << "led " << in_ms(deadline - now) << " ms too early";
    // Expiry comes within a tick after the timeout; the rest is for a busy machine.
    EXPECT_LE(now - killed, short_timeout + 200ms + patient(1'500ms));
    EXPECT_GT(led->token(), dead.token);
    EXPECT_EQ(payload_of(other.leader(path)), "2");
}

TEST_F(LeaderFails, Stopped_KnowsOnItsFirstInstruction) {
    WorkerProcess leader(hosts, short_timeout, true);
    leader.elect("1", path);
    const RemoteGrant old = leader.granted("1");
    leader.process().send("watch 1");
    leader.process().expect("watching 1");
    auto standing = other.async_elect(path, {}, asio::use_future);
    ASSERT_TRUE(becomes_nodes(other, path, 2));
    const Instant deadline = leader.deadline("1");
    leader.process().pause();
    const auto led = standing.get();
    const Instant now = BootClock::now();
    ASSERT_TRUE(led.has_value()) << why(led);
    EXPECT_GE(now, deadline);
    EXPECT_GT(led->token(), old.token);
    leader.process().resume();
    EXPECT_EQ(leader.process().expect("resumed 1 ").substr(0, 1), "0") << "the first valid()";
    EXPECT_TRUE(led->valid());
}

TEST_F(LeaderFails, CandidateStopped_StandsAgainInItsNextSession) {
    auto led = other.elect(path);
    ASSERT_TRUE(led.has_value()) << why(led);
    WorkerProcess candidate(hosts, short_timeout, true);
    candidate.elect("1", path);
    ASSERT_TRUE(becomes_nodes(other, path, 2));
    candidate.process().pause();
    ASSERT_TRUE(becomes_nodes(other, path, 1)) << "its session has ended";
    candidate.process().resume();
    ASSERT_TRUE(becomes_nodes(other, path, 2)) << "nobody told it to give up";
    ASSERT_TRUE(led->resign().has_value());
    EXPECT_GT(candidate.granted("1").token, led->token());
}

TEST_F(LeaderFails, NodeDeleted_EndsTheLeadershipAtOnce) {
    auto led = other.elect(path);
    ASSERT_TRUE(led.has_value()) << why(led);
    auto lost = led->lost(asio::use_future);
    const Client operators = connect(hosts);
    ASSERT_TRUE(operators.zookeeper().remove(led->node()).has_value());
    EXPECT_EQ(lost.get().value(), Loss::node_deleted);
    EXPECT_FALSE(led->valid());
    EXPECT_TRUE(eventually([&] { return led->stop_token().stop_requested(); }));
}

// ---- for how long, and at what cost ----

TEST_F(LeaderFails, Not_AndSoItLeadsLongerThanItsSessionTimeout) {
    const Client us = connect(hosts, standalone_options(short_timeout));
    const auto led = us.elect(path);
    ASSERT_TRUE(led.has_value()) << why(led);
    const Instant first = led->deadline();
    const Instant begun = BootClock::now();
    EXPECT_LE(first, begun + short_timeout);
    EXPECT_TRUE(stays([&] { return led->valid(); }, 2 * short_timeout));
    EXPECT_GT(led->deadline(), begun + 2 * short_timeout) << "it rolls on";
    EXPECT_FALSE(led->stop_token().stop_requested());
    EXPECT_TRUE(fails_with(other.elect(path, {.wait = 0ms}), errc::wait_expired));
    EXPECT_TRUE(led->valid());
    EXPECT_EQ(us.stats().overruns, 0U);
}

TEST_F(LeaderFails, ByAPartition_AndResignsBeforeAnybodyElseLeads) {
    CuttingProxy proxy(one_server().server().port());
    const Client us = connect(proxy.connect_string(), standalone_options(short_timeout));
    const auto led = us.elect(path, {.payload = "1"});
    ASSERT_TRUE(led.has_value()) << why(led);
    auto lost = led->lost(asio::use_future);
    auto standing = other.async_elect(path, {.payload = "2"}, asio::use_future);
    ASSERT_TRUE(becomes_nodes(other, path, 2));
    proxy.black_hole(true);
    EXPECT_EQ(lost.get().value(), Loss::deadline);
    EXPECT_FALSE(led->valid());
    EXPECT_EQ(standing.wait_for(0ms), std::future_status::timeout) << "led by two";
    const auto next = standing.get();
    ASSERT_TRUE(next.has_value()) << why(next);
    EXPECT_GT(next->token(), led->token());
    proxy.black_hole(false);
    EXPECT_TRUE(eventually([&] { return us.stats().sessions == 2; }));
    EXPECT_FALSE(led->valid());
    EXPECT_TRUE(next->valid());
}

class ElectionCost : public LeaderFails {
protected:
    CuttingProxy proxy{one_server().server().port()};
    Client us = connect(proxy.connect_string());
};

TEST_F(ElectionCost, FreePath_IsOneWriteAndTheWatchOfTheOwnNode) {
    proxy.clear();
    auto led = us.elect(path, {.payload = "10.0.0.7:8080"});
    ASSERT_TRUE(led.has_value()) << why(led);
    ASSERT_TRUE(eventually([&] { return proxy.requests(Opcode::get_data) == 1; }));
    EXPECT_EQ(proxy.requests(Opcode::create), 1U);
    EXPECT_EQ(proxy.requests().size(), 3U) << "and the list";
    proxy.clear();
    EXPECT_TRUE(stays([&] { return proxy.requests().empty(); }, 500ms)) << "leading costs pings";
    ASSERT_TRUE(led->resign().has_value());
    EXPECT_EQ(proxy.requests(Opcode::remove), 1U);
}

TEST_F(ElectionCost, Observer_PaysThreeRequestsForAnElection) {
    const Client third = connect(hosts);
    auto led = other.elect(path, {.payload = "a"});
    ASSERT_TRUE(led.has_value()) << why(led);
    auto seeing = us.observe(path);
    ASSERT_TRUE(seeing.has_value()) << why(seeing);
    EXPECT_EQ(payload_of(seeing->next(patient(10s))), "a");
    auto coming = seeing->async_next(asio::use_future);
    proxy.clear();
    auto standing = third.async_elect(path, {.payload = "b"}, asio::use_future);
    ASSERT_TRUE(becomes_nodes(third, path, 2));
    EXPECT_TRUE(still_waits(coming));
    EXPECT_EQ(proxy.requests().size(), 0U) << "a candidate costs nothing";
    ASSERT_TRUE(led->resign().has_value());
    EXPECT_EQ(payload_of(coming.get()), "b");
    EXPECT_LE(proxy.requests().size(), 3U);
}

TEST_F(ElectionCost, Observer_GoesOnOverACutAndLeavesNoWatch) {
    const auto is_watched = [&](const std::string& node) {
        return data_watches(one_server().server().port()).contains(node);
    };
    // Its own node is watched by the leader too, so a node is laid under the path as if it led.
    const auto node = other.zookeeper().create(path + "/0123456789abcdef-lock-", "",
                                               {.mode = CreateMode::ephemeral_sequential});
    ASSERT_TRUE(node.has_value()) << why(node);
    {
        auto seeing = us.observe(path);
        ASSERT_TRUE(seeing.has_value()) << why(seeing);
        ASSERT_TRUE(seeing->next(patient(10s)).has_value());
        EXPECT_TRUE(is_watched(*node));
        auto coming = seeing->async_next(asio::use_future);
        proxy.cut_all();
        ASSERT_TRUE(eventually([&] { return us.stats().reconnects == 1; }));
        const auto next = other.elect(path, {.wait = 0ms});
        EXPECT_TRUE(fails_with(next, errc::wait_expired));
        EXPECT_TRUE(still_waits(coming));
        EXPECT_TRUE(eventually([&] { return is_watched(*node); })) << "set again";
        // Ends `coming` as well.
        { const LeaderObserver gone = std::move(*seeing); }
        EXPECT_TRUE(fails_with(coming.get(), errc::cancelled));
    }
    EXPECT_TRUE(eventually([&] { return !is_watched(*node); }));
}

}  // namespace
}  // namespace leasehold::integration
