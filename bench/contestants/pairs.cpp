#include "bench/contestants/pairs.hpp"

#include "bench/contestants/must.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <optional>
#include <thread>
#include <utility>

namespace leasehold::bench {
namespace {

using namespace std::chrono_literals;
namespace asio = boost::asio;

constexpr auto work = 200us;
constexpr LockOptions terms{.wait = 60s, .budget = 10s};  // much time: profilers are slow

void run_blocking(const Client& client, const std::string& path, int count) {
    for (int pair = 0; pair < count; ++pair) {
        auto lock = must(client.lock(path, terms));
        must(lock.release(60s));
    }
}

asio::awaitable<void> run_coroutine(const Client& client, const std::string& path, int count) {
    for (int pair = 0; pair < count; ++pair) {
        auto granted = co_await client.async_lock(path, terms, asio::use_awaitable);
        auto lock = must(std::move(granted));
        auto gone = co_await lock.async_release(asio::use_awaitable);
        must(std::move(gone));
    }
}

/// Each lock is held for a moment, or else the client's thread would still be awake from granting
/// it. The next lock waits for the deletion of the one before.
std::vector<double> run_drops(const Client& client, const std::string& path, int count) {
    std::vector<double> costs;
    costs.reserve(static_cast<std::size_t>(count));
    for (int drop = 0; drop < count; ++drop) {
        std::optional<ScopedLock> lock = must(client.lock(path, terms));
        std::this_thread::sleep_for(work);
        const auto begin = Clock::now();
        lock.reset();
        costs.push_back(microseconds(Clock::now() - begin));
    }
    return costs;
}

}  // namespace

Commands pairs_through(const Client& client) {
    return {{"pairs",
             [&client](std::istream& words) -> nlohmann::json {
                 const bool is_coroutine = next<std::string>(words) == "coroutine";
                 const auto path = next<std::string>(words);
                 const int count = next<int>(words);
                 if (is_coroutine) {
                     asio::io_context io(1);
                     asio::co_spawn(io, run_coroutine(client, path, count), asio::detached);
                     io.run();
                 } else {
                     run_blocking(client, path, count);
                 }
                 return {{"pairs", count}};
             }},
            {"drops", [&client](std::istream& words) -> nlohmann::json {
                 const auto path = next<std::string>(words);
                 return {{"drop", run_drops(client, path, next<int>(words))}};
             }}};
}

}  // namespace leasehold::bench
