// How fast the embedded servers are: starting, and pairs of create and delete.
//
//     embedded_bench [SERVERS]
#include <leasehold/leasehold.hpp>
#include <leasehold/testing.hpp>

#include "sdk/wire/header.hpp"
#include "sdk/wire/node.hpp"
#include "tests/support/raw_session.hpp"

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <thread>
#include <unistd.h>
#include <vector>

namespace {

using namespace std::chrono_literals;
using leasehold::BootClock;
using leasehold::Client;
using leasehold::Duration;
using leasehold::testing::EmbeddedServer;
namespace wire = leasehold::wire;

double in_seconds(Duration duration) {
    return std::chrono::duration<double>(duration).count();
}

/// Processor time of the servers' thread so far.
double server_seconds() {
    for (const auto& task : std::filesystem::directory_iterator("/proc/self/task")) {
        std::string name;
        std::ifstream(task.path() / "comm") >> name;
        if (name != "leasehold-test") {
            continue;
        }
        double nanoseconds = 0;
        std::ifstream(task.path() / "schedstat") >> nanoseconds;
        return nanoseconds / 1e9;
    }
    return 0;
}

double resident_mib() {
    std::ifstream status("/proc/self/statm");
    double pages = 0;
    status >> pages >> pages;
    return pages * static_cast<double>(::sysconf(_SC_PAGESIZE)) / (1 << 20);
}

/// One client that writes requests without waiting for replies, `window` pairs at a time.
void pump(std::uint16_t port, int number, int pairs, int window) {
    leasehold::support::RawSession session(port);
    const std::string path = "/bench-" + std::to_string(number);
    std::int32_t xid = 0;
    for (int done = 0; done < pairs; done += window) {
        std::string requests;
        for (int pair = 0; pair < window; ++pair) {
            wire::CreateRequest create;
            create.path = path;
            create.acls = std::vector{wire::Acl{wire::perms::all, "world", "anyone"}};
            requests += wire::encode_request(++xid, create);
            requests += wire::encode_request(++xid, wire::RemoveRequest{path, -1});
        }
        if (!leasehold::support::send_all(session.socket(), requests)) {
            std::abort();
        }
        session.skip_replies(static_cast<std::size_t>(2) * static_cast<std::size_t>(window));
    }
}

template <class Work>
void measure(const char* what, int pairs, Work&& work) {
    const auto begin = BootClock::now();
    const double cpu = server_seconds();
    work();
    const double seconds = in_seconds(BootClock::now() - begin);
    const double busy = server_seconds() - cpu;
    std::printf("%-34s %8.0f pairs/s; %8.0f pairs per second of the servers' thread\n", what,
                pairs / seconds, pairs / busy);
}

}  // namespace

int main(int count, char** arguments) {
    const std::size_t servers =
        count > 1 ? static_cast<std::size_t>(std::atoi(arguments[1])) : std::size_t{1};
    const double before = resident_mib();
    const auto begin = BootClock::now();
    const auto server = EmbeddedServer::start({.servers = servers}).value();
    const auto client = Client::connect(server.connect_string(), server.client_options()).value();
    const double started = in_seconds(BootClock::now() - begin);
    client.wait_connected(10s).value();
    std::printf(
        "started in %.2f ms, a client connected after %.2f ms; %.1f MiB resident, %.1f of "
        "them since the start\n",
        started * 1e3, in_seconds(BootClock::now() - begin) * 1e3, resident_mib(),
        resident_mib() - before);

    constexpr int pairs = 100'000;
    constexpr int window = 100;
    measure("one pipelining client", pairs, [&] { pump(server.port(), 0, pairs, window); });
    measure("four pipelining clients", pairs, [&] {
        std::vector<std::thread> threads;
        for (int number = 0; number < 4; ++number) {
            threads.emplace_back([&, number] { pump(server.port(), number, pairs / 4, window); });
        }
        for (std::thread& thread : threads) {
            thread.join();
        }
    });
    constexpr int few = 10'000;
    measure("one client that waits, bare", few, [&] { pump(server.port(), 0, few, 1); });
    measure("one leasehold client, blocking", few, [&] {
        const leasehold::ZooKeeper zookeeper = client.zookeeper();
        for (int pair = 0; pair < few; ++pair) {
            zookeeper.create("/bench").value();
            zookeeper.remove("/bench").value();
        }
    });
    measure("one leasehold client, locks", few, [&] {
        for (int pair = 0; pair < few; ++pair) {
            client.lock("/bench-lock", {.wait = 5s, .budget = 1s}).value().release().value();
        }
    });
    std::printf("%.1f MiB resident in the end, the clients' included\n", resident_mib());
    return 0;
}
