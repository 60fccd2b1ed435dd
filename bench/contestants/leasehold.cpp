// leasehold, in its two faces.
//
//     leasehold_contestant blocking|coroutine HOSTS TICK_MS
#include <leasehold/leasehold.hpp>

#include "bench/contestants/commands.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <cstdlib>
#include <string>
#include <string_view>

namespace {

using namespace std::chrono_literals;
using leasehold::bench::Clock;
using leasehold::bench::give_up;
using leasehold::bench::microseconds;
using leasehold::bench::Serial;
namespace asio = boost::asio;

constexpr leasehold::LockOptions terms{.wait = 5s, .budget = 2s};

template <class T>
T must(leasehold::result<T> answer) {
    if (!answer) {
        give_up("leasehold: " + answer.error().message());
    }
    if constexpr (!std::is_void_v<T>) {
        return *std::move(answer);
    }
}

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

int main(int argument_count, char** arguments) {
    if (argument_count != 4) {
        give_up("usage: leasehold_contestant blocking|coroutine HOSTS TICK_MS");
    }
    const bool is_coroutine = std::string_view(arguments[1]) == "coroutine";
    const leasehold::milliseconds tick(std::strtol(arguments[3], nullptr, 10));
    const auto client = must(leasehold::Client::connect(arguments[2], {.tick = tick}));
    must(client.wait_connected(10s));
    return leasehold::bench::obey(
        {{"serial", leasehold::bench::serial_command([&](const std::string& path, int count) {
              return is_coroutine ? serial_coroutine(client, path, count)
                                  : serial_blocking(client, path, count);
          })}});
}
