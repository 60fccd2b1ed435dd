// leasehold, in its two faces.
//
//     leasehold_contestant blocking|coroutine HOSTS TICK_MS
#include "bench/contestants/leasehold.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <cstdlib>
#include <string>
#include <string_view>

namespace {

using namespace std::chrono_literals;
using namespace leasehold::bench;
namespace asio = boost::asio;

constexpr leasehold::LockOptions terms{.wait = 5s, .budget = 2s};

Serial serial_blocking(const leasehold::Client& client, const std::string& path, int count) {
    Serial costs;
    for (int pair = 0; pair < count; ++pair) {
        const auto begin = Clock::now();
        auto lock = must(client.lock(path, terms));
        const auto acquired = Clock::now();
        must(lock.release());
        const auto released = Clock::now();
        costs.acquire.push_back(microseconds(acquired - begin));
        costs.release.push_back(microseconds(released - acquired));
    }
    return costs;
}

asio::awaitable<void> run_serial(const leasehold::Client& client, const std::string& path,
                                 int count, Serial& costs) {
    for (int pair = 0; pair < count; ++pair) {
        const auto begin = Clock::now();
        auto granted = co_await client.async_lock(path, terms, asio::use_awaitable);
        const auto acquired = Clock::now();
        auto lock = must(std::move(granted));
        auto gone = co_await lock.async_release(asio::use_awaitable);
        const auto released = Clock::now();
        must(std::move(gone));
        costs.acquire.push_back(microseconds(acquired - begin));
        costs.release.push_back(microseconds(released - acquired));
    }
}

Serial serial_coroutine(const leasehold::Client& client, const std::string& path, int count) {
    Serial costs;
    asio::io_context io(1);
    asio::co_spawn(io, run_serial(client, path, count, costs), asio::detached);
    io.run();
    return costs;
}

}  // namespace

leasehold::Client leasehold::bench::connect(const Entry& entry) {
    auto client = must(Client::connect(entry.hosts, {.tick = entry.tick}));
    must(client.wait_connected(10s));
    return client;
}

int main(int argument_count, char** arguments) {
    if (argument_count != 4) {
        give_up("usage: leasehold_contestant blocking|coroutine HOSTS TICK_MS");
    }
    const Entry entry{std::string_view(arguments[1]) == "coroutine", arguments[2],
                      leasehold::milliseconds(std::strtol(arguments[3], nullptr, 10))};
    const auto client = leasehold::bench::connect(entry);
    Commands commands{
        {"serial", serial_command([&](const std::string& path, int count) {
             return entry.is_coroutine ? serial_coroutine(client, path, count)
                                       : serial_blocking(client, path, count);
         })},
        {"many", many_command(entry, client)},
        {"handoff", handoff_command(entry)},
        {"try", try_command(client)},
    };
    commands.merge(queue_commands(client));
    return obey(commands);
}
