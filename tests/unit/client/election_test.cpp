// Leadership: who gets it, what others are told of the leader, and how it ends.
#include "tests/support/answers.hpp"
#include "tests/unit/client/fixture.hpp"

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/use_future.hpp>
#include <gtest/gtest.h>

#include <chrono>
#include <functional>
#include <future>
#include <optional>
#include <stop_token>
#include <string>
#include <utility>

namespace leasehold::testing_client {
namespace {

namespace asio = boost::asio;
using support::fails_with;
using support::why;

/// A call that can be cancelled.
template <class T>
struct Call {
    asio::cancellation_signal signal;
    std::promise<result<T>> promise;

    auto token() {
        return asio::bind_cancellation_slot(
            signal.slot(), [this](result<T> answer) { promise.set_value(std::move(answer)); });
    }
    result<T> cancel() {
        signal.emit(asio::cancellation_type::total);
        return promise.get_future().get();
    }
};

class Elections : public ServedTest {
protected:
    [[nodiscard]] std::optional<ContenderInfo> leader() { return x_client.leader(path).value(); }
    [[nodiscard]] std::string payload() {
        const auto now = leader();
        return now ? now->payload : "nobody";
    }
    /// What is written behind the grant comes a little later.
    [[nodiscard]] bool becomes_payload(const std::string& expected) {
        return eventually([&] { return payload() == expected; });
    }
    [[nodiscard]] bool becomes_nodes(std::size_t count) {
        return eventually([&] { return nodes_under(path) == count; });
    }

    const std::string path = "/service/leader";
    Client x_client = connect();
};

TEST_F(Elections, FreePath_IsLedAtOnce) {
    const auto led = x_client.elect(path);
    ASSERT_TRUE(led) << why(led);
    EXPECT_TRUE(led->valid());
    EXPECT_TRUE(*led);
    EXPECT_GT(led->token(), 0);
    EXPECT_EQ(led->path(), path);
    EXPECT_TRUE(led->node().starts_with(path + "/"));
    EXPECT_GT(led->remaining(), Duration::zero());
    EXPECT_LE(led->deadline(), BootClock::now() + fast_options().session_timeout);
    EXPECT_FALSE(led->stop_token().stop_requested());
}

TEST_F(Elections, Leader_IsShownWithWhatItTellsOfItself) {
    const auto led =
        x_client.elect(path, {.payload = "10.0.0.7:8080", .owner = "till", .trace_id = "t-1"});
    ASSERT_TRUE(led) << why(led);
    const Client other = connect();
    const auto seen = other.leader(path).value();
    ASSERT_TRUE(seen);
    EXPECT_EQ(path + "/" + seen->node, led->node());
    EXPECT_EQ(seen->owner, "till");
    EXPECT_EQ(seen->trace_id, "t-1");
    EXPECT_EQ(seen->payload, "10.0.0.7:8080");
    EXPECT_EQ(seen->token, led->token());
    EXPECT_EQ(seen->pid, ::getpid());
    EXPECT_TRUE(seen->is_held);
    EXPECT_FALSE(seen->budget) << "leadership has none";
    EXPECT_EQ(x_client.async_leader(path, asio::use_future).get().value()->node, seen->node);
}

TEST_F(Elections, NobodyLeads_AtAnEmptyPathOrNone) {
    EXPECT_FALSE(leader()) << "there is no such path";
    ASSERT_TRUE(x_client.zookeeper().create("/service"));
    ASSERT_TRUE(x_client.zookeeper().create(path));
    EXPECT_FALSE(leader());
    ASSERT_TRUE(x_client.zookeeper().create(path + "/config", "no candidate"));
    EXPECT_FALSE(leader());
    EXPECT_TRUE(fails_with(x_client.leader("service"), errc::invalid_argument));
    EXPECT_TRUE(fails_with(x_client.leader("/"), errc::invalid_argument));
    EXPECT_EQ(requests(wire::Opcode::create), 3u) << "who asks makes nothing";
}

TEST_F(Elections, LeaderThatLeavesWhileItIsRead_IsLookedForAgain) {
    const auto led = x_client.elect(path, {.payload = "a"});
    ASSERT_TRUE(led) << why(led);
    x_server.with([](FakeZooKeeper& zookeeper) {
        zookeeper.fail_next(wire::Opcode::get_data, wire::ServerError::no_node, 3);
    });
    EXPECT_EQ(payload(), "a");
    x_server.with([](FakeZooKeeper& zookeeper) {
        zookeeper.fail_next(wire::Opcode::get_data, wire::ServerError::no_node, 1'000'000);
    });
    EXPECT_TRUE(fails_with(x_client.leader(path), errc::timed_out)) << "not for ever";
}

TEST_F(Elections, ListThatMayNotBeRead_IsAnError) {
    x_server.with([](FakeZooKeeper& zookeeper) {
        zookeeper.fail_next(wire::Opcode::get_children, wire::ServerError::no_auth);
    });
    const auto refused = x_client.leader(path);
    EXPECT_TRUE(fails_with(refused, zk_errc::no_auth));
    EXPECT_EQ(refused.error().context().path, path);
}

// ---- the payload ----

TEST_F(Elections, LongPayloadOfLongCharacters_ComesBackWhole) {
    // Pieces end in different places of the characters, whose lengths are 3, 4 and 2.
    std::string text;
    while (text.size() + 9 <= 1024) {
        text += "\xe2\x82\xac\xf0\x9f\x94\x92\xc3\xa4";
    }
    text.append(1024 - text.size(), '.');
    const auto led = x_client.elect(path, {.payload = text});
    ASSERT_TRUE(led) << why(led);
    EXPECT_EQ(payload(), text);
    EXPECT_EQ(text.size(), 1024u);
}

TEST_F(Elections, PayloadWithControlCharacters_ComesBackAsItWas) {
    const std::string text("a\0b\n\x1b[2J", 8);
    const auto led = x_client.elect(path, {.payload = text});
    ASSERT_TRUE(led) << why(led);
    EXPECT_EQ(payload(), text);
}

TEST_F(Elections, MalformedOption_IsRefusedByNameAndWritesNothing) {
    const std::string too_long(1025, 'x');
    const std::pair<ElectOptions, std::string> cases[] = {
        {{.payload = too_long}, "payload"},
        {{.payload = "\xff"}, "payload"},
        {{.wait = -1ms}, "wait"},
        {{.owner = "\xff"}, "owner"},
        {{.naming = static_cast<Naming>(7)}, "naming"},
    };
    const auto before = x_client.stats().requests;
    for (const auto& [options, name] : cases) {
        const auto refused = x_client.elect(path, options);
        ASSERT_TRUE(fails_with(refused, errc::invalid_argument)) << name;
        EXPECT_NE(refused.error().message().find(name), std::string::npos) << why(refused);
    }
    EXPECT_TRUE(fails_with(x_client.elect("service"), errc::invalid_argument));
    EXPECT_EQ(x_client.stats().requests, before);
    EXPECT_EQ(nodes_under("/service"), 0u);
}

// ---- candidates ----

TEST_F(Elections, TryOnALedPath_IsRefusedAndLeavesNothing) {
    const auto led = x_client.elect(path);
    ASSERT_TRUE(led) << why(led);
    const Client other = connect();
    for (const Client& candidate : {std::cref(x_client), std::cref(other)}) {
        const auto refused = candidate.elect(path, {.wait = 0ms});
        EXPECT_TRUE(fails_with(refused, errc::wait_expired));
        EXPECT_EQ(refused.error().context().path, path);
    }
    EXPECT_TRUE(becomes_nodes(1));
    EXPECT_TRUE(led->valid());
}

TEST_F(Elections, NextCandidateOfTheSameProcess_LeadsWithItsOwnPayload) {
    auto first = x_client.elect(path, {.payload = "a"});
    ASSERT_TRUE(first) << why(first);
    auto standing = x_client.async_elect(path, {.payload = "b"}, asio::use_future);
    ASSERT_TRUE(eventually([&] { return x_client.stats().locks_waiting == 1; }));
    EXPECT_EQ(payload(), "a");
    ASSERT_TRUE(first->resign());
    EXPECT_FALSE(first->valid());
    const auto second = standing.get();
    ASSERT_TRUE(second) << why(second);
    EXPECT_GT(second->token(), first->token());
    EXPECT_TRUE(becomes_payload("b")) << payload();
}

TEST_F(Elections, NextCandidateOfAnotherProcess_LeadsWithItsOwnPayload) {
    auto first = x_client.elect(path, {.payload = "a"});
    ASSERT_TRUE(first) << why(first);
    const Client other = connect();
    auto standing = other.async_elect(path, {.payload = "b"}, asio::use_future);
    ASSERT_TRUE(becomes_nodes(2));
    EXPECT_EQ(payload(), "a");
    ASSERT_TRUE(first->resign());
    const auto second = standing.get();
    ASSERT_TRUE(second) << why(second);
    EXPECT_GT(second->token(), first->token());
    EXPECT_EQ(payload(), "b") << "it stood there from the first";
}

TEST_F(Elections, NodeOfACallerWhoLeft_IsLedUnderTheLeadersOwnRecord) {
    const Client other = connect();
    auto held = other.lock(path);
    ASSERT_TRUE(held) << why(held);
    Call<ScopedLock> leaving;
    x_client.async_lock(path, {.wait = 60s, .budget = 1s, .owner = "leaver"}, leaving.token());
    ASSERT_TRUE(becomes_nodes(2));
    auto standing =
        x_client.async_elect(path, {.payload = "b", .owner = "stayer"}, asio::use_future);
    ASSERT_TRUE(eventually([&] { return x_client.stats().locks_waiting == 2; }));
    ASSERT_TRUE(fails_with(leaving.cancel(), errc::cancelled));
    EXPECT_EQ(nodes_under(path), 2u) << "the node is the process's";
    ASSERT_TRUE(held->release());
    const auto led = standing.get();
    ASSERT_TRUE(led) << why(led);
    EXPECT_TRUE(becomes_payload("b")) << payload();
    EXPECT_EQ(leader()->owner, "stayer");
}

TEST_F(Elections, LockAndLeadership_ShutEachOtherOut) {
    auto led = x_client.elect(path);
    ASSERT_TRUE(led) << why(led);
    const Client other = connect();
    EXPECT_TRUE(fails_with(other.lock(path, {.wait = 0ms, .budget = 1s}), errc::wait_expired));
    ASSERT_TRUE(led->resign());
    const auto held = other.lock(path, {.wait = 10s, .budget = 5s});
    ASSERT_TRUE(held) << why(held);
    EXPECT_TRUE(fails_with(x_client.elect(path, {.wait = 0ms}), errc::wait_expired));
    EXPECT_EQ(path + "/" + leader()->node, held->node()) << "whoever is first counts";
}

TEST_F(Elections, CancelledCandidacy_LeavesNothing) {
    auto led = x_client.elect(path);
    ASSERT_TRUE(led) << why(led);
    const Client other = connect();
    Call<Leadership> standing;
    other.async_elect(path, {}, standing.token());
    ASSERT_TRUE(becomes_nodes(2));
    const auto answer = standing.cancel();
    EXPECT_TRUE(fails_with(answer, errc::cancelled));
    EXPECT_EQ(answer.error().context().path, path);
    EXPECT_TRUE(becomes_nodes(1));
    EXPECT_TRUE(eventually([&] {
        const ClientStats stats = other.stats();
        return stats.watches == 0 && stats.locks_waiting == 0 && stats.nodes_to_delete == 0;
    }));
    EXPECT_TRUE(led->valid());
}

TEST_F(Elections, CandidateWhoseSessionExpires_StandsAgain) {
    auto led = x_client.elect(path);
    ASSERT_TRUE(led) << why(led);
    const Client other = connect();
    auto standing = other.async_elect(path, {.payload = "again"}, asio::use_future);
    ASSERT_TRUE(becomes_nodes(2));
    x_server.with([](FakeZooKeeper& zookeeper) {
        zookeeper.expire(BootClock::now(), zookeeper.seen(wire::Opcode::create).back().session);
    });
    ASSERT_TRUE(eventually([&] { return other.stats().sessions == 2; }));
    ASSERT_TRUE(becomes_nodes(2));
    ASSERT_TRUE(led->resign());
    const auto second = standing.get();
    ASSERT_TRUE(second) << why(second);
    EXPECT_EQ(payload(), "again");
}

TEST_F(Elections, CandidateWhoseNodeIsDeleted_StandsAgain) {
    auto led = x_client.elect(path);
    ASSERT_TRUE(led) << why(led);
    const Client other = connect();
    auto standing = other.async_elect(path, {}, asio::use_future);
    ASSERT_TRUE(becomes_nodes(2));
    const std::string first = path + "/" + x_client.contenders(path).value().at(1).node;
    x_server.with([&](FakeZooKeeper& zookeeper) { zookeeper.remove(BootClock::now(), first); });
    ASSERT_TRUE(becomes_nodes(2));
    EXPECT_NE(path + "/" + x_client.contenders(path).value().at(1).node, first);
    ASSERT_TRUE(led->resign());
    const auto second = standing.get();
    EXPECT_TRUE(second) << why(second);
}

// ---- the end ----

TEST_F(Elections, Resignation_RequestsTheStopAndCompletesLost) {
    auto led = x_client.elect(path);
    ASSERT_TRUE(led) << why(led);
    const auto stop = led->stop_token();
    auto lost = led->lost(asio::use_future);
    EXPECT_FALSE(stop.stop_requested());
    ASSERT_TRUE(led->async_resign(asio::use_future).get());
    EXPECT_EQ(lost.get().value(), Loss::released);
    EXPECT_TRUE(eventually([&] { return stop.stop_requested(); }));
    EXPECT_FALSE(led->valid());
    EXPECT_EQ(led->deadline(), Instant::min());
    EXPECT_EQ(nodes_under(path), 0u);
    EXPECT_FALSE(leader());
}

TEST_F(Elections, DestructorResigns) {
    std::optional<Leadership> led(x_client.elect(path).value());
    const auto stop = led->stop_token();
    led.reset();
    EXPECT_TRUE(becomes_nodes(0));
    EXPECT_TRUE(eventually([&] { return stop.stop_requested(); }));
}

TEST_F(Elections, ExpiredSessionAndDeletedNode_EndIt) {
    {
        const auto led = x_client.elect(path).value();
        auto lost = led.lost(asio::use_future);
        x_server.with([&](FakeZooKeeper& zookeeper) {
            zookeeper.remove(BootClock::now(), std::string(led.node()));
        });
        EXPECT_EQ(lost.get().value(), Loss::node_deleted) << "its own node is watched";
        EXPECT_FALSE(led.valid());
    }
    const auto led = x_client.elect(path).value();
    auto lost = led.lost(asio::use_future);
    x_server.with([](FakeZooKeeper& zookeeper) {
        zookeeper.expire(BootClock::now(), zookeeper.seen(wire::Opcode::create).back().session);
    });
    const auto loss = lost.get().value();
    EXPECT_TRUE(loss == Loss::session_expired || loss == Loss::node_deleted)
        << to_string(loss) << ": the server may tell of the node first";
    EXPECT_FALSE(led.valid());
}

TEST_F(Elections, CallOfTheLeader_KnowsItsToken_AndIsRefusedAfterwards) {
    auto led = x_client.elect(path).value();
    EXPECT_EQ(led.call([](const CallContext& context) { return context.token(); }).value(),
              led.token());
    ASSERT_TRUE(led.resign());
    EXPECT_TRUE(fails_with(led.call([] {}), errc::lock_lost));
}

TEST_F(Elections, ClosedClient_IsRefused) {
    const auto led = x_client.elect(path).value();
    auto lost = led.lost(asio::use_future);
    ASSERT_TRUE(x_client.close());
    EXPECT_EQ(lost.get().value(), Loss::closed);
    EXPECT_TRUE(fails_with(x_client.elect(path), errc::closed));
    EXPECT_TRUE(fails_with(x_client.leader(path), errc::closed));
}

}  // namespace
}  // namespace leasehold::testing_client
