// Many locks at once through one session, by as many coroutines or threads.
#include "bench/contestants/leasehold.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <thread>
#include <vector>

namespace leasehold::bench {

namespace {

using namespace std::chrono_literals;
namespace asio = boost::asio;

constexpr LockOptions terms{.wait = 30s, .budget = 10s};

asio::awaitable<void> take_over_and_over(const Client& client, const std::string& path, int count) {
    for (int pair = 0; pair < count; ++pair) {
        auto granted = co_await client.async_lock(path, terms, asio::use_awaitable);
        auto lock = must(std::move(granted));
        auto gone = co_await lock.async_release(asio::use_awaitable);
        must(std::move(gone));
    }
}

void many_coroutines(const Client& client, const std::vector<std::string>& paths, int count) {
    asio::io_context io(1);
    for (const std::string& path : paths) {
        asio::co_spawn(io, take_over_and_over(client, path, count), asio::detached);
    }
    io.run();
}

void many_threads(const Client& client, const std::vector<std::string>& paths, int count) {
    std::vector<std::jthread> threads;
    threads.reserve(paths.size());
    for (const std::string& path : paths) {
        threads.emplace_back([&client, &path, count] {
            for (int pair = 0; pair < count; ++pair) {
                auto lock = must(client.lock(path, terms));
                must(lock.release());
            }
        });
    }
}

}  // namespace

Command many_command(const Entry& entry, const Client& client) {
    return [&entry, &client](std::istream& words) -> nlohmann::json {
        const auto path = next<std::string>(words);
        const int depth = next<int>(words);
        const int count = next<int>(words);
        std::vector<std::string> paths;
        for (int number = 0; number < depth; ++number) {
            paths.push_back(path + "-" + std::to_string(number));
        }
        const auto begin = Clock::now();
        entry.is_coroutine ? many_coroutines(client, paths, count)
                           : many_threads(client, paths, count);
        return {{"seconds", microseconds(Clock::now() - begin) / 1e6}};
    };
}

}  // namespace leasehold::bench
