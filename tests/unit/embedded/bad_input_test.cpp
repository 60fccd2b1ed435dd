// What no client should send, and how many of them there should not be: the servers bear it.
#include "sdk/embedded/host.hpp"
#include "sdk/wire/header.hpp"
#include "sdk/wire/node.hpp"
#include "tests/support/descriptor.hpp"
#include "tests/support/raw_session.hpp"
#include "tests/unit/embedded/fixture.hpp"

#include <fstream>
#include <random>
#include <sys/socket.h>

namespace leasehold::embedded_test {
namespace {

using support::connect_to_loopback;
using support::Descriptor;
using support::receive;
using support::send_all;

/// Reads to the end of the stream; false if it does not end in time.
bool is_closed(const Descriptor& socket) {
    return eventually([&] {
        const auto bytes = receive(socket, 100ms);
        return bytes && bytes->empty();
    });
}

/// Resident memory of this process, in MiB.
double resident_mib() {
    std::ifstream status("/proc/self/statm");
    double pages = 0;
    status >> pages >> pages;
    return pages * 4096 / (1 << 20);
}

class BadInput : public Embedded {
protected:
    /// Whoever behaves is served as ever.
    ~BadInput() override { EXPECT_TRUE(connect(server).zookeeper().create("/still-there")); }
};

TEST_F(BadInput, Garbage_ClosesThatConnectionOnly) {
    std::mt19937 random(4711);
    const Client bystander = connect(server);
    for (int round = 0; round < 200; ++round) {
        const Descriptor socket = connect_to_loopback(server.port());
        std::string garbage(1 + random() % 3'000, '\0');
        for (char& letter : garbage) {
            letter = static_cast<char>(random());
        }
        (void)send_all(socket, garbage);
        // Some of it announces a frame that never comes: the client's end of it.
        ::shutdown(socket.get(), SHUT_WR);
        EXPECT_TRUE(is_closed(socket)) << "round " << round;
    }
    EXPECT_EQ(bystander.stats().reconnects, 0U);
}

TEST_F(BadInput, FrameOf2GiB_ClosesTheConnection_AndTakesNoMemory) {
    const double before = resident_mib();
    for (const std::string_view length :
         {"\x7f\xff\xff\xff", "\x80\x00\x00\x00", "\xff\xff\xff\xff"}) {
        for (int count = 0; count < 20; ++count) {
            const Descriptor socket = connect_to_loopback(server.port());
            ASSERT_TRUE(
                send_all(socket, std::string(length.substr(0, 4)) + "and some bytes of it"));
            EXPECT_TRUE(is_closed(socket));
        }
    }
    EXPECT_LT(resident_mib() - before, 64);
}

TEST_F(BadInput, SlowSender_IsServedByteForByte) {
    const Client writer = connect(server);
    ASSERT_TRUE(writer.zookeeper().create("/node", "data"));
    const Descriptor socket = connect_to_loopback(server.port());
    for (const char letter : std::string_view("ruok")) {
        ASSERT_TRUE(send_all(socket, std::string(1, letter)));
    }
    EXPECT_EQ(receive(socket, patient(15s)), "imok");
}

/// Asks for a node of 1 MB again and again and reads nothing.
class NeverReads : public BadInput {
protected:
    static constexpr std::size_t big = 1'000'000;
    void SetUp() override {
        const Client writer = connect(server);
        ASSERT_TRUE(writer.zookeeper().create("/big", std::string(big, 'x')));
    }
};

TEST_F(NeverReads, IsNotHeardAnyMore_AndKeepsNobodyWaiting) {
    const double before = resident_mib();
    support::RawSession greedy(server.port());
    std::string requests;
    for (std::int32_t xid = 1; xid <= 20'000; ++xid) {
        requests += wire::encode_request(xid, wire::GetDataRequest{"/big", false});
    }
    const Descriptor& socket = greedy.socket();
    // Not all of it is taken: the servers stop reading, and the kernel's buffers fill up.
    const ssize_t sent =
        ::send(socket.get(), requests.data(), requests.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
    ASSERT_GT(sent, 0);
    const Client client = connect(server);
    for (int count = 0; count < 100; ++count) {
        ASSERT_TRUE(client.zookeeper().set("/big", "small"));
    }
    // One piece of requests is worth 35 MB; a sanitizer takes several times that beside it.
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
    constexpr double most = 1000;
#else
    constexpr double most = 150;
#endif
    EXPECT_LT(resident_mib() - before, most) << "20 GB were asked for";
}

TEST_F(NeverReads, WhenItReadsAfterAll_EverythingIsThere) {
    support::RawSession slow(server.port());
    constexpr std::int32_t requests = 300;
    std::string bytes;
    for (std::int32_t xid = 1; xid <= requests; ++xid) {
        bytes += wire::encode_request(xid, wire::GetDataRequest{"/big", false});
    }
    ASSERT_TRUE(send_all(slow.socket(), bytes));
    // By now the servers have stopped listening to it, with most of the requests in hand.
    ASSERT_TRUE(connect(server).zookeeper().create("/meanwhile"));
    slow.skip_replies(requests);
    EXPECT_EQ(slow.ask(wire::ExistsRequest{"/big", false}).header.err, wire::ServerError::ok);
}

TEST(TooMuchOutput, ClosesTheConnection) {
    embedded::Settings settings;
    settings.limits.pause_above = 10'000;
    settings.limits.close_above = 100'000;
    const auto host = embedded::Host::start(settings).value();
    const std::uint16_t port =
        host->run([](embedded::Front& front) { return front.endpoint(0).port(); });
    support::RawSession client(port);
    const auto create = [&](const std::string& path, std::size_t size) {
        const wire::CreateRequest request{
            .path = path,
            .data = std::string(size, 'x'),
            .acls = std::vector{wire::Acl{wire::perms::all, "world", "anyone"}}};
        ASSERT_EQ(client.ask(request).header.err, wire::ServerError::ok);
    };
    create("/small", 90'000);
    create("/large", 110'000);
    EXPECT_EQ(client.ask(wire::GetDataRequest{"/small", false}).header.err, wire::ServerError::ok);
    ASSERT_TRUE(
        send_all(client.socket(), wire::encode_request(7, wire::GetDataRequest{"/large", false})));
    EXPECT_TRUE(is_closed(client.socket()));
    EXPECT_EQ(host->run([](embedded::Front& front) { return front.connections(); }), 0U);
}

TEST_F(BadInput, TwoThousandIdleConnections) {
    std::vector<Descriptor> idle;
    for (int count = 0; count < 2'000; ++count) {
        idle.push_back(connect_to_loopback(server.port()));
        ASSERT_TRUE(idle.back());
    }
    EXPECT_TRUE(eventually([&] { return server.connections() == 2'000; }));
    const Client client = connect(server);
    EXPECT_TRUE(client.lock("/lock"));
    idle.clear();
    EXPECT_TRUE(eventually([&] { return server.connections() == 1; }));
}

TEST_F(BadInput, StormOfConnections_LeavesNothingBehind) {
    const Client client = connect(server);
    for (int round = 0; round < 20; ++round) {
        std::vector<Descriptor> storm;
        for (int count = 0; count < 100; ++count) {
            storm.push_back(connect_to_loopback(server.port()));
        }
    }
    EXPECT_TRUE(eventually([&] { return server.connections() == 1; }));
    EXPECT_EQ(client.stats().reconnects, 0U);
}

TEST_F(BadInput, StormOfClients_LeavesNoSessionBehind) {
    for (int round = 0; round < 20; ++round) {
        std::vector<Client> storm;
        for (int count = 0; count < 5; ++count) {
            storm.push_back(
                Client::connect(server.connect_string(), server.client_options()).value());
        }
        ASSERT_TRUE(storm.back().wait_connected(patient(15s)));
    }
    EXPECT_TRUE(eventually([&] { return server.sessions().empty(); }));
    EXPECT_EQ(server.watches(), 0U);
}

}  // namespace
}  // namespace leasehold::embedded_test
