// An order service loses its payment call, and not its lock.
//
//     demo [--connect HOST:PORT] [--hang blocking|coroutine]
//
// Two processes take locks on ZooKeeper and charge payments under them; without --connect on a
// server inside this process. The gateway never answers one payment. Watch what becomes of its
// lock, of those who wait, and of its caller.
#include <leasehold/testing.hpp>

#include "audit.hpp"
#include "plan.hpp"
#include "shop.hpp"
#include "worker.hpp"

#include <boost/asio/io_context.hpp>

#include <charconv>
#include <csignal>
#include <cstdio>
#include <exception>
#include <optional>
#include <set>
#include <string>
#include <string_view>

namespace demo {
namespace {

constexpr std::string_view usage =
    "usage: demo [--connect HOST:PORT] [--hang blocking|coroutine]\n"
    "\n"
    "  --connect HOST:PORT  a standalone ZooKeeper server with tickTime=200; without it, a server\n"
    "                       inside this process\n"
    "  --hang PROCESS       whose payment the gateway never answers: that of the process with\n"
    "                       blocking calls (default), or of the one with coroutines\n"
    "\n"
    "Exit code: 0 if all went as it should, 1 if not, 64 for a usage error.\n"
    "Examples: ./dev demo; with a real ZooKeeper for its time: ./dev demo --real\n";

struct Arguments {
    WorkerSetup setup;
    std::string_view role;  ///< empty: the parent
    std::string_view hang = blocking;
};

std::optional<Arguments> parse(int count, char** words) {
    Arguments arguments;
    for (int index = 1; index + 1 < count; index += 2) {
        const std::string_view name = words[index];
        const std::string_view value = words[index + 1];
        const bool is_process = value == blocking || value == coroutine;
        if (name == "--connect") {
            arguments.setup.connect = value;
        } else if (name == "--hang" && is_process) {
            arguments.hang = value;
        } else if (name == "--role" && is_process) {
            arguments.role = value;
        } else if (name == "--services-port") {
            std::from_chars(value.data(), value.data() + value.size(),
                            arguments.setup.services_port);
        } else {
            return std::nullopt;
        }
    }
    const bool is_worker = !arguments.role.empty();
    if (count % 2 == 0 || (is_worker && arguments.setup.connect.empty())) {
        return std::nullopt;
    }
    return arguments;
}

/// With a client of its own, after both processes have ended.
void check_server(const std::string& connect, Audit& audit) {
    const auto client = leasehold::Client::connect(connect, client_options());
    if (!client) {
        audit.fail(client.error().message());
        return;
    }
    std::set<std::string> paths;
    for (const Task& task : plan) {
        paths.insert(lock_path(task.order));
    }
    const auto zookeeper = client->zookeeper().with_timeout(patience);
    for (const std::string& path : paths) {
        const auto left = zookeeper.children(path);
        if (!left) {
            // The server removes empty containers by itself.
            if (left.error() != leasehold::zk_errc::no_node) {
                audit.fail(left.error().message());
            }
        } else if (!left->names.empty()) {
            audit.fail("left on the server: " + path + '/' + left->names.front());
        } else {
            (void)zookeeper.remove(path);
        }
    }
}

int run_parent(Arguments arguments) {
    ::signal(SIGPIPE, SIG_IGN);
    std::optional<leasehold::testing::EmbeddedServer> server;
    if (arguments.setup.connect.empty()) {
        server = leasehold::testing::EmbeddedServer::start({.tick = 200ms}).value();
        arguments.setup.connect = server->connect_string();
    }
    std::printf("two processes on one ZooKeeper server, %s%s\n\n", arguments.setup.connect.c_str(),
                server ? " (inside this demo; --connect takes another)" : "");
    std::fflush(stdout);
    const std::string_view hanging = hanging_payment(arguments.hang);
    boost::asio::io_context io(1);
    Shop shop(io, arguments.setup.connect, hanging);
    shop.start_process(blocking);
    shop.start_process(coroutine);
    shop.run();
    if (!shop.did_start()) {
        std::printf("\nFAILED: not both processes reached ZooKeeper\n");
        return 1;
    }

    Audit audit(shop.events(), shop.ledger(), hanging, shop.stood_still());
    check_server(arguments.setup.connect, audit);
    std::printf("\n");
    for (const std::string& line : audit.summary()) {
        std::printf("%s\n", line.c_str());
    }
    for (const std::string& failure : audit.failures()) {
        std::printf("FAILED: %s\n", failure.c_str());
    }
    if (audit.failures().empty()) {
        std::printf("nothing left on the server; no two holds overlapped\n");
    }
    return audit.failures().empty() ? 0 : 1;
}

int run(const Arguments& arguments) {
    if (arguments.role == blocking) {
        return run_blocking_workers(arguments.setup);
    }
    if (arguments.role == coroutine) {
        return run_coroutine_workers(arguments.setup);
    }
    return run_parent(arguments);
}

}  // namespace
}  // namespace demo

int main(int argument_count, char** arguments) {
    if (argument_count == 2 && std::string_view(arguments[1]) == "--help") {
        std::fputs(demo::usage.data(), stdout);
        return 0;
    }
    const auto parsed = demo::parse(argument_count, arguments);
    if (!parsed) {
        std::fputs(demo::usage.data(), stderr);
        return 64;
    }
    try {
        return demo::run(*parsed);
    } catch (const std::exception& error) {
        std::fprintf(stderr, "demo: %s\n", error.what());
        return 1;
    }
}
