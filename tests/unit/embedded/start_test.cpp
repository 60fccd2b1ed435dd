// Starting, stopping and what is refused.
#include "tests/support/descriptor.hpp"
#include "tests/support/raw_session.hpp"
#include "tests/unit/embedded/fixture.hpp"

#include <sys/wait.h>
#include <thread>
#include <unistd.h>

namespace leasehold::embedded_test {
namespace {

errc refusal_of(const EmbeddedServerOptions& options) {
    const auto server = EmbeddedServer::start(options);
    EXPECT_FALSE(server);
    return server || server.error().code().category() != leasehold_category()
               ? errc{}
               : static_cast<errc>(server.error().code().value());
}

TEST(EmbeddedStart, OptionsThatMakeNoSense_AreRefused) {
    for (const EmbeddedServerOptions& options : {
             EmbeddedServerOptions{.servers = 0},
             EmbeddedServerOptions{.servers = 10},
             EmbeddedServerOptions{.tick = 0ms},
             EmbeddedServerOptions{.tick = -1ms},
             EmbeddedServerOptions{.sync_limit = 0},
             EmbeddedServerOptions{.min_session_timeout = -1ms},
             EmbeddedServerOptions{.min_session_timeout = 2s, .max_session_timeout = 1s},
             EmbeddedServerOptions{.tick = 1s, .max_session_timeout = 1s},
             EmbeddedServerOptions{.servers = 2, .port = 65'535},
             EmbeddedServerOptions{.version = ""},
             EmbeddedServerOptions{.version = "3.8"},
             EmbeddedServerOptions{.version = "3.8.0.1"},
             EmbeddedServerOptions{.version = "3.8.0x"},
             EmbeddedServerOptions{.version = "3.3.0"},
             EmbeddedServerOptions{.version = "4.0.0"},
             EmbeddedServerOptions{.version = "-3.8.0"},
         }) {
        EXPECT_EQ(refusal_of(options), errc::invalid_argument);
    }
}

TEST(EmbeddedStart, PortThatIsTaken_IsNamed) {
    const auto first = EmbeddedServer::start().value();
    const auto second = EmbeddedServer::start({.port = first.port()});
    ASSERT_FALSE(second);
    EXPECT_TRUE(second.error().code() == std::errc::address_in_use) << why(second);
    EXPECT_NE(second.error().message().find("127.0.0.1:" + std::to_string(first.port())),
              std::string::npos)
        << second.error().message();
}

TEST(EmbeddedStart, PortsOfAnEnsemble_Follow) {
    const std::uint16_t port = support::free_ports(1).front();
    const auto server = EmbeddedServer::start({.servers = 1, .port = port}).value();
    EXPECT_EQ(server.port(), port);
}

TEST(EmbeddedStart, PortIsFreeAgainAtOnce) {
    const std::uint16_t port = support::free_ports(1).front();
    for (int round = 0; round < 3; ++round) {
        auto server = EmbeddedServer::start({.port = port});
        ASSERT_TRUE(server) << why(server);
        const Client client = connect(*server);
        EXPECT_TRUE(client.zookeeper().create("/node")) << "nothing is left of the one before";
    }
}

TEST(EmbeddedStart, ManyLiveSideBySide) {
    std::vector<EmbeddedServer> servers;
    for (int count = 0; count < 20; ++count) {
        servers.push_back(EmbeddedServer::start().value());
    }
    const Client first = connect(servers.front());
    const Client last = connect(servers.back());
    ASSERT_TRUE(first.zookeeper().create("/node"));
    EXPECT_FALSE(last.zookeeper().exists("/node").value().has_value());
}

TEST(EmbeddedStart, EndsWithinASecond_WithClientsThatAreConnected) {
    auto server = EmbeddedServer::start({.servers = 3}).value();
    std::vector<Client> clients;
    for (int count = 0; count < 3; ++count) {
        clients.push_back(connect(server));
    }
    server.delay(1h);
    server.pause(1);
    const Instant begin = BootClock::now();
    server = EmbeddedServer::start().value();
    EXPECT_LT(BootClock::now() - begin, 1s);
}

TEST(EmbeddedStart, SwitchesMayBeUsedFromManyThreadsAtOnce) {
    const auto options = EmbeddedServerOptions{.servers = 3};
    auto server = EmbeddedServer::start(options).value();
    const Client client = connect(server);
    std::vector<std::thread> threads;
    for (std::size_t number = 0; number < server.size(); ++number) {
        threads.emplace_back([&server, number] {
            for (int round = 0; round < 50; ++round) {
                server.cut(number);
                server.pause(number);
                server.delay(1ms * round);
                (void)server.sessions();
                server.half_open(round % 2 == 0, number);
                server.refuse_connections(round % 2 == 0, number);
                server.resume(number);
                (void)server.leader();
            }
        });
    }
    for (std::thread& thread : threads) {
        thread.join();
    }
    server.delay(0s);
    EXPECT_TRUE(client.wait_connected(patient(30s)));
}

TEST(EmbeddedStart, ForkedChild_MayDestroyIt) {
    auto server = std::make_unique<EmbeddedServer>(EmbeddedServer::start().value());
    const pid_t child = ::fork();
    if (child == 0) {
        server.reset();
        ::_exit(0);
    }
    int status = 0;
    ASSERT_EQ(::waitpid(child, &status, 0), child);
    EXPECT_EQ(status, 0);
    EXPECT_TRUE(connect(*server).zookeeper().create("/node")) << "the parent's goes on";
}

TEST(EmbeddedStart, SessionTimeout_IsGrantedBetweenTheBounds) {
    const auto server =
        EmbeddedServer::start({.min_session_timeout = 1s, .max_session_timeout = 2s}).value();
    const auto granted = [&](std::chrono::milliseconds wanted) {
        return support::RawSession(server.port(), {}, wanted).granted_timeout();
    };
    EXPECT_EQ(granted(1ms), 1s);
    EXPECT_EQ(granted(1'500ms), 1'500ms);
    EXPECT_EQ(granted(1h), 2s);
    EXPECT_EQ(connect(server).stats().session_timeout, 2s);
}

TEST(EmbeddedStart, ReleaseIsImitated) {
    const auto server = EmbeddedServer::start({.version = "3.4.14"}).value();
    const Client client = connect(server);
    EXPECT_TRUE(client.lock("/orders/42"));
    EXPECT_EQ(client.zookeeper().create("/c", "", {.mode = CreateMode::container}).error(),
              errc::unsupported);
}

}  // namespace
}  // namespace leasehold::embedded_test
