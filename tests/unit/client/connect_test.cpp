#include "tests/unit/client/fixture.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <future>
#include <string>
#include <vector>

namespace leasehold::testing_client {
namespace {

// ---- bad input ----

TEST(Connect, MalformedConnectStringIsRefused) {
    const std::vector<std::string> garbage{"",
                                           " ",
                                           ",",
                                           "host:",
                                           "host:0",
                                           "host:65536",
                                           "host:x",
                                           ":2181",
                                           "host,,other",
                                           "host,",
                                           "ho st",
                                           "host:2181:2181",
                                           "[::1",
                                           "[::1]x",
                                           "host//a",
                                           "host/a/",
                                           "host/..",
                                           "host:99999999999999999999",
                                           "/only/a/chroot",
                                           std::string("ho\0st", 5),
                                           "h\xc3\xb6st",
                                           "host\n",
                                           std::string(300, 'h'),
                                           std::string(1u << 20, ','),
                                           "\x1b[2J"};
    for (const std::string& hosts : garbage) {
        const auto client = Client::connect(hosts);
        ASSERT_FALSE(client) << hosts;
        EXPECT_EQ(client.error(), errc::invalid_argument) << hosts;
        EXPECT_EQ(client.error().message().find('\x1b'), std::string::npos);
    }
}

TEST(Connect, MalformedOptionIsRefused) {
    using Spoil = void (*)(ClientOptions&);
    const std::vector<Spoil> spoilers{
        [](ClientOptions& o) { o.session_timeout = 0ms; },
        [](ClientOptions& o) { o.session_timeout = milliseconds::max(); },
        [](ClientOptions& o) { o.tick = -1ms; },
        [](ClientOptions& o) { o.sync_limit = 0; },
        [](ClientOptions& o) { o.clock_drift = 0.5; },
        [](ClientOptions& o) { o.clock_drift = -0.1; },
        [](ClientOptions& o) { o.connect_timeout = 0ms; },
        [](ClientOptions& o) { o.max_connects_per_second = 0; },
        [](ClientOptions& o) { o.max_frame_bytes = 0; },
        [](ClientOptions& o) { o.max_pending = 0; },
        [](ClientOptions& o) { o.server_version = "newest"; },
        [](ClientOptions& o) { o.owner = "\xff"; },
    };
    for (std::size_t i = 0; i < spoilers.size(); ++i) {
        ClientOptions options = fast_options();
        spoilers[i](options);
        const auto client = Client::connect("127.0.0.1:1", options);
        ASSERT_FALSE(client) << "spoiler " << i;
        EXPECT_EQ(client.error(), errc::invalid_argument) << "spoiler " << i;
    }
}

// ---- servers that are none ----

void expect_refused_in_time(const std::string& hosts) {
    const auto start = std::chrono::steady_clock::now();
    {
        auto client = Client::connect(hosts, fast_options()).value();
        const auto connected = client.wait_connected(50ms);
        EXPECT_EQ(connected.error(), errc::no_server);
        EXPECT_NE(connected.error().message().find(hosts), std::string::npos);
        const auto lock = client.lock("/a", {.wait = 50ms, .budget = 1s});
        ASSERT_FALSE(lock);
        EXPECT_TRUE(lock.error() == errc::no_server || lock.error() == errc::wait_expired ||
                    lock.error() == errc::protocol_error)
            << lock.error().message();
        const auto node = client.zookeeper().with_timeout(50ms).get("/a");
        ASSERT_FALSE(node);
        EXPECT_TRUE(node.error() == errc::timed_out || node.error() == errc::no_server)
            << node.error().message();
    }
    EXPECT_LT(std::chrono::steady_clock::now() - start, patient(3s));
}

TEST(Connect, NobodyListening) {
    expect_refused_in_time("127.0.0.1:" + std::to_string(support::free_ports(1).front()));
}

TEST(Connect, ServerThatAcceptsAndNeverAnswers) {
    const ScriptedServer server(support::silence());
    expect_refused_in_time(server.address());
}

TEST(Connect, ServerThatClosesAtOnce) {
    const ScriptedServer server([](std::string_view) { return std::optional<std::string>(); });
    expect_refused_in_time(server.address());
}

TEST(Connect, ServerThatSpeaksSomethingElse) {
    const ScriptedServer server(support::always("HTTP/1.1 400 Bad Request\r\n\r\n"));
    expect_refused_in_time(server.address());
}

TEST(Connect, GarbageOfEveryFirstByte) {
    for (const unsigned byte : {0u, 1u, 0x7fu, 0x80u, 0xffu}) {
        const ScriptedServer server(
            support::always(std::string(512, static_cast<char>(byte)), true));
        expect_refused_in_time(server.address());
    }
}

TEST(Connect, FrameThatPromisesTwoGigabytes) {
    const ScriptedServer server(support::always(std::string("\x7f\xff\xff\xff", 4)));
    expect_refused_in_time(server.address());
}

// ---- one that is ----

class ConnectServed : public ServedTest {};

TEST_F(ConnectServed, ReturnsAtOnceAndConnectsBehindIt) {
    auto client = Client::connect(x_server.address(), fast_options()).value();
    ASSERT_TRUE(client.wait_connected(15s));
    EXPECT_EQ(client.state(), ClientState::connected);
    EXPECT_TRUE(client.wait_connected(0ms)) << "when connected there is nothing to wait for";
    EXPECT_EQ(sessions(), 1u);
}

TEST_F(ConnectServed, StateChangesAreToldInOrderOnTheCallbackThread) {
    auto client = Client::connect(x_server.address(), fast_options()).value();
    std::mutex mutex;
    std::vector<ClientState> seen;
    std::vector<std::string> threads;
    client.on_state_change([&](ClientState state) {
        const std::lock_guard lock(mutex);
        seen.push_back(state);
        threads.push_back(thread_name());
    });
    ASSERT_TRUE(client.wait_connected(15s));
    ASSERT_TRUE(client.close());
    EXPECT_TRUE(eventually([&] {
        const std::lock_guard lock(mutex);
        return !seen.empty() && seen.back() == ClientState::closed;
    }));
    const std::lock_guard lock(mutex);
    for (const std::string& thread : threads) {
        EXPECT_EQ(thread, callback_thread);
    }
}

TEST_F(ConnectServed, LogIsWrittenOnTheCallbackThread) {
    std::mutex mutex;
    std::vector<std::string> events;
    std::vector<std::string> threads;
    auto handler = [&](const LogRecord& record) {
        const std::lock_guard lock(mutex);
        events.emplace_back(record.event);
        threads.push_back(thread_name());
    };
    ClientOptions options = fast_options();
    options.on_log = handler;
    {
        const auto client = connect(options);
        EXPECT_TRUE(eventually([&] {
            const std::lock_guard lock(mutex);
            return std::find(events.begin(), events.end(), "session_opened") != events.end();
        }));
    }
    EXPECT_THAT(events, ::testing::Contains("session_opened"));
    EXPECT_THAT(threads, ::testing::Each(callback_thread));
}

TEST_F(ConnectServed, StatsAreOneSnapshot) {
    const auto client = connect();
    const auto lock = client.lock("/orders/42");
    ASSERT_TRUE(lock);
    const ClientStats stats = client.stats();
    EXPECT_EQ(stats.state, ClientState::connected);
    EXPECT_EQ(stats.sessions, 1u);
    EXPECT_EQ(stats.locks_held, 1u);
    EXPECT_EQ(stats.grants, 1u);
    EXPECT_EQ(stats.session_timeout, Duration(20s));
    EXPECT_GT(stats.lease_in_hand, Duration(5s));
    EXPECT_GT(stats.bytes_sent, 0u);
    EXPECT_GT(stats.bytes_received, 0u);
}

TEST_F(ConnectServed, StatsOutliveTheClose) {
    const auto client = connect();
    ASSERT_TRUE(client.lock("/orders/42"));
    ASSERT_TRUE(client.close());
    const ClientStats stats = client.stats();
    EXPECT_EQ(stats.grants, 1u);
    EXPECT_EQ(client.state(), ClientState::closed);
}

TEST_F(ConnectServed, CloseLeavesNothingOnTheServer) {
    const auto client = connect();
    const auto lock = client.lock("/orders/42");
    ASSERT_TRUE(lock);
    ASSERT_TRUE(client.close());
    EXPECT_FALSE(lock->valid());
    EXPECT_EQ(sessions(), 0u);
    EXPECT_EQ(nodes_under("/orders/42"), 0u);
    EXPECT_TRUE(client.close()) << "closing twice is no mistake";
}

TEST_F(ConnectServed, EverythingIsRefusedAfterTheClose) {
    const auto client = connect();
    auto lock = client.lock("/orders/42");
    ASSERT_TRUE(lock);
    ASSERT_TRUE(client.close());
    EXPECT_EQ(client.lock("/a").error(), errc::closed);
    EXPECT_EQ(client.wait_connected(10s).error(), errc::closed);
    EXPECT_EQ(client.zookeeper().get("/a").error(), errc::closed);
    EXPECT_EQ(client.contenders("/a").error(), errc::closed);
    EXPECT_EQ(client.add_auth("digest", "a:b").error(), errc::closed);
    EXPECT_EQ(lock->extend(1s).error(), errc::closed);
    EXPECT_TRUE(lock->release());
}

TEST_F(ConnectServed, CloseGivesUpOnASilentServer) {
    const auto client = connect();
    x_server.set_deaf(true);
    const auto start = std::chrono::steady_clock::now();
    EXPECT_EQ(client.close(100ms).error(), errc::timed_out);
    EXPECT_LT(std::chrono::steady_clock::now() - start, patient(2s));
}

TEST_F(ConnectServed, ChrootIsPutInFrontOfEveryPath) {
    x_server.with([](FakeZooKeeper& zookeeper) { zookeeper.make(BootClock::now(), "/shop"); });
    auto client = Client::connect(x_server.address() + "/shop", fast_options()).value();
    const auto lock = client.lock("/orders/42");
    ASSERT_TRUE(lock) << lock.error().message();
    EXPECT_EQ(nodes_under("/shop/orders/42"), 1u);
    EXPECT_EQ(lock->path(), "/orders/42");
    EXPECT_TRUE(lock->node().starts_with("/orders/42/")) << lock->node();
    EXPECT_TRUE(client.zookeeper().exists(lock->node()).value());
    EXPECT_EQ(client.contenders("/orders/42").value().size(), 1u);
}

TEST_F(ConnectServed, CredentialsReachTheServerBeforeAnythingElse) {
    auto client = connect();
    ASSERT_TRUE(client.add_auth("digest", "user:secret"));
    ASSERT_TRUE(client.lock("/orders/42"));
    const auto seen = x_server.with([](FakeZooKeeper& z) { return z.credentials(); });
    EXPECT_THAT(seen, ::testing::ElementsAre("digest user:secret"));
    x_server.cut();
    ASSERT_TRUE(eventually([&] {
        return x_server.with([](FakeZooKeeper& z) { return z.credentials().size(); }) == 2;
    }));
    EXPECT_EQ(client.add_auth("", "x").error(), errc::invalid_argument);
    EXPECT_EQ(client.add_auth("digest", std::string(1u << 20, 'x')).error(),
              errc::invalid_argument);
}

TEST_F(ConnectServed, MovedFromClientAnswersWithoutCrashing) {
    Client first = connect();
    const Client second = std::move(first);
    EXPECT_EQ(first.lock("/a").error(), errc::closed);  // NOLINT(bugprone-use-after-move)
    EXPECT_EQ(first.lock_upgradable("/a").error(), errc::closed);
    EXPECT_EQ(first.wait_connected(1s).error(), errc::closed);
    EXPECT_EQ(first.close().error(), errc::closed);
    EXPECT_EQ(first.zookeeper().get("/a").error(), errc::closed);
    EXPECT_EQ(first.state(), ClientState::closed);
    EXPECT_EQ(first.stats().state, ClientState::closed);
    std::promise<errc> answered;
    first.async_lock("/a", {}, [&](result<ScopedLock> lock) {
        answered.set_value(lock.error() == errc::closed ? errc::closed : errc::cancelled);
    });
    EXPECT_EQ(answered.get_future().get(), errc::closed);
    EXPECT_TRUE(second.lock("/a"));
}

TEST_F(ConnectServed, AssigningReplacesTheClient) {
    ScriptedServer other;
    Client client = connect();
    client = Client::connect(other.address(), fast_options()).value();
    EXPECT_EQ(sessions(), 0u);
    EXPECT_TRUE(client.wait_connected(15s));
}

}  // namespace
}  // namespace leasehold::testing_client
