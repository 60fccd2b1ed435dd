#include "sdk/net/connection.hpp"

#include "tests/support/descriptor.hpp"
#include "tests/support/patience.hpp"
#include "tests/support/scripted_server.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <gtest/gtest.h>

#include <chrono>
#include <fcntl.h>
#include <filesystem>
#include <functional>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string>
#include <sys/socket.h>
#include <utility>
#include <vector>

namespace leasehold::net {
namespace {

using namespace std::chrono_literals;
using support::ScriptedServer;

/// Writes down what the connection says, and does in between what a test wants.
class Recorder : public ConnectionListener {
public:
    void on_connected() override { note("connected"); }
    void on_bytes(std::string_view bytes) override {
        received += bytes;
        if (const auto once = std::exchange(on_data, {})) {
            once();
        }
    }
    void on_disconnected(std::string_view reason) override {
        why = reason;
        note("disconnected");
    }
    void note(std::string event) { events.push_back(std::move(event)); }

    std::vector<std::string> events;
    std::string received;
    std::string why;
    std::function<void()> on_data;  ///< called once
};

class ConnectionTest : public testing::Test {
protected:
    void run_until(const std::function<bool()>& condition) {
        const auto limit = std::chrono::steady_clock::now() + support::patient(15s);
        while (!condition()) {
            ASSERT_LT(std::chrono::steady_clock::now(), limit) << "nothing more happens";
            x_io.run_one_for(1s);
        }
    }
    void connect(const ScriptedServer& server) {
        x_connection.connect({"127.0.0.1", server.port()});
        run_until([this] { return !x_heard.events.empty(); });
        ASSERT_EQ(x_heard.events, std::vector<std::string>{"connected"});
        // The kernel connects before the server's thread knows of it.
        ASSERT_TRUE(support::eventually([&] { return server.accepted() > 0; }));
    }

    boost::asio::io_context x_io;
    boost::asio::executor_work_guard<boost::asio::io_context::executor_type> x_work{
        x_io.get_executor()};
    Recorder x_heard;
    Connection x_connection{x_io, x_heard};
};

std::size_t open_descriptors() {
    const std::filesystem::directory_iterator all("/proc/self/fd");
    return static_cast<std::size_t>(std::distance(begin(all), end(all)));
}

/// As the kernel has it.
int state_of(const support::Descriptor& socket) {
    tcp_info info{};
    socklen_t size = sizeof info;
    EXPECT_EQ(::getsockopt(socket.get(), IPPROTO_TCP, TCP_INFO, &info, &size), 0);
    return info.tcpi_state;
}

ScriptedServer::Script echo() {
    return [](std::string_view bytes) { return std::optional<std::string>(bytes); };
}

TEST_F(ConnectionTest, BytesGoThereAndComeBack) {
    ScriptedServer server(echo());
    connect(server);
    x_connection.write("hello ");
    x_connection.write("world");
    run_until([this] { return x_heard.received.size() == 11; });
    EXPECT_EQ(x_heard.received, "hello world");
}

TEST_F(ConnectionTest, MoreThanTheSocketTakesIsWrittenInOrder) {
    ScriptedServer server(echo());
    connect(server);
    std::string all;
    for (int i = 0; i < 300'000; ++i) {
        all += std::to_string(i) + ",";
    }
    x_connection.write(all);
    x_connection.write("end");
    all += "end";
    run_until([&] { return x_heard.received.size() == all.size(); });
    EXPECT_TRUE(x_heard.received == all);
}

TEST_F(ConnectionTest, NobodyListening) {
    const auto port = support::free_ports(1).front();
    x_connection.connect({"127.0.0.1", port});
    EXPECT_TRUE(x_heard.events.empty()) << "told inside the call";
    run_until([this] { return !x_heard.events.empty(); });
    EXPECT_EQ(x_heard.events, std::vector<std::string>{"disconnected"});
    EXPECT_FALSE(x_heard.why.empty());
}

TEST_F(ConnectionTest, AddressThatIsNone) {
    x_connection.connect({"not an address", 1});
    EXPECT_TRUE(x_heard.events.empty()) << "told inside the call";
    run_until([this] { return !x_heard.events.empty(); });
    EXPECT_EQ(x_heard.events, std::vector<std::string>{"disconnected"});
}

TEST_F(ConnectionTest, ServerCloses) {
    ScriptedServer server(echo());
    connect(server);
    // Connected means in the backlog only; an echo shows that the server has the connection.
    x_connection.write("here");
    run_until([this] { return x_heard.received == "here"; });
    server.cut();
    run_until([this] { return x_heard.events.size() == 2; });
    EXPECT_EQ(x_heard.events.back(), "disconnected");
}

TEST_F(ConnectionTest, LastWordsOfTheServerAreReadBeforeTheEnd) {
    ScriptedServer server([](std::string_view bytes) -> std::optional<std::string> {
        return bytes.empty() ? std::optional<std::string>("bye") : std::nullopt;
    });
    connect(server);
    // Writing to a connection that the other side has closed must not lose what it said.
    x_connection.write("first");
    run_until([this] {
        x_connection.write("more");
        return x_heard.events.size() == 2;
    });
    EXPECT_EQ(x_heard.received, "bye");
}

TEST_F(ConnectionTest, AttemptThatNobodyAnsweredLeavesNothingOnTheServer) {
    const support::Descriptor listener = support::listen_on_loopback();
    x_connection.connect({"127.0.0.1", support::port_of(listener)});
    run_until([this] { return !x_heard.events.empty(); });
    x_connection.write("is anybody there");
    x_connection.disconnect();
    const support::Descriptor accepted(::accept(listener.get(), nullptr, nullptr));
    ASSERT_TRUE(accepted);
    EXPECT_TRUE(support::eventually([&] { return state_of(accepted) == TCP_CLOSE; }))
        << "it waits for the server to close it";
}

TEST_F(ConnectionTest, ConnectionThatWasAnsweredIsClosedInOrder) {
    const support::Descriptor listener = support::listen_on_loopback();
    x_connection.connect({"127.0.0.1", support::port_of(listener)});
    run_until([this] { return !x_heard.events.empty(); });
    const support::Descriptor accepted(::accept(listener.get(), nullptr, nullptr));
    ASSERT_TRUE(support::send_all(accepted, "yes"));
    run_until([this] { return x_heard.received == "yes"; });
    x_connection.write("last words");
    x_connection.disconnect();
    EXPECT_EQ(support::receive(accepted, support::patient(15s)), "last words");
    EXPECT_EQ(support::receive(accepted, support::patient(15s)), "") << "reset";
    EXPECT_EQ(state_of(accepted), TCP_CLOSE_WAIT);
}

TEST_F(ConnectionTest, NothingIsHeardAfterDisconnect) {
    ScriptedServer server(echo());
    connect(server);
    x_connection.write("hello");
    x_connection.disconnect();
    x_connection.write("lost");
    server.cut();
    x_io.run_for(20ms);
    EXPECT_EQ(x_heard.events, std::vector<std::string>{"connected"});
    EXPECT_EQ(x_heard.received, "");
}

TEST_F(ConnectionTest, LateAnswerOfAnEarlierConnectionIsNotTakenForTheNext) {
    ScriptedServer first(support::always("old", true));
    ScriptedServer second(support::always("new", true));
    x_connection.connect({"127.0.0.1", first.port()});
    // The kernel has connected and the loop does not know it yet.
    ASSERT_TRUE(support::eventually([&] { return first.accepted() == 1; }));
    x_connection.connect({"127.0.0.1", second.port()});
    run_until([this] { return x_heard.received.size() == 3; });
    EXPECT_EQ(x_heard.received, "new");
    EXPECT_EQ(x_heard.events, std::vector<std::string>{"connected"});
}

TEST_F(ConnectionTest, OwnerMayReconnectWhileBytesAreDelivered) {
    ScriptedServer first(support::always("old", true));
    ScriptedServer second(support::always("new", true));
    x_heard.on_data = [&] {
        x_heard.received.clear();
        x_connection.connect({"127.0.0.1", second.port()});
    };
    x_connection.connect({"127.0.0.1", first.port()});
    run_until([this] { return x_heard.received.size() == 3; });
    EXPECT_EQ(x_heard.received, "new");
}

TEST_F(ConnectionTest, FloodLetsTimersHaveTheirTurn) {
    ScriptedServer server(
        [](std::string_view) { return std::optional<std::string>(std::string(32u << 20, 'x')); });
    connect(server);
    bool timer_fired = false;
    std::size_t received_then = 0;
    boost::asio::steady_timer timer(x_io);
    bool is_armed = false;
    x_heard.on_data = [&] {
        if (std::exchange(is_armed, true)) {
            return;
        }
        timer.expires_after(0ms);
        timer.async_wait([&](boost::system::error_code) {
            timer_fired = true;
            received_then = x_heard.received.size();
        });
    };
    run_until([&] { return x_heard.received.size() >= (32u << 20); });
    EXPECT_TRUE(timer_fired);
    EXPECT_LT(received_then, 2u << 20);
}

TEST_F(ConnectionTest, NoDescriptorSurvivesAndNoneIsInherited) {
    ScriptedServer server(echo());
    const std::size_t before = open_descriptors();
    for (int i = 0; i < 20; ++i) {
        x_connection.connect({"127.0.0.1", server.port()});
        run_until([this] { return !x_heard.events.empty(); });
        x_heard.events.clear();
        x_connection.connect({"no address", 1});
        run_until([this] { return !x_heard.events.empty(); });
        x_heard.events.clear();
    }
    server.cut();
    EXPECT_TRUE(support::eventually([&] { return open_descriptors() <= before; }));

    x_connection.connect({"127.0.0.1", server.port()});
    run_until([this] { return !x_heard.events.empty(); });
    for (const auto& entry : std::filesystem::directory_iterator("/proc/self/fd")) {
        const int descriptor = std::stoi(entry.path().filename());
        std::error_code error;
        if (std::filesystem::is_socket(entry.status(error)) && !error) {
            EXPECT_NE(::fcntl(descriptor, F_GETFD) & FD_CLOEXEC, 0) << descriptor;
        }
    }
}

}  // namespace
}  // namespace leasehold::net
