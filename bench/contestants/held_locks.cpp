#include "bench/contestants/held_locks.hpp"

#include "bench/contestants/must.hpp"

#include <boost/asio/bind_executor.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <algorithm>
#include <iterator>
#include <utility>

namespace leasehold::bench {
namespace {

using namespace std::chrono_literals;
namespace asio = boost::asio;

struct Taking {
    const Client& client;
    const std::string& parent;
    const int count;
    const LockOptions options;
    std::vector<ScopedLock>& locks;
    int next = 0;
};

asio::awaitable<void> take_some(Taking& taking) {
    while (taking.next < taking.count) {
        const std::string path = taking.parent + "/" + std::to_string(taking.next++);
        auto granted = co_await taking.client.async_lock(path, taking.options, asio::use_awaitable);
        taking.locks.push_back(must(std::move(granted)));
    }
}

asio::awaitable<void> release_some(std::vector<ScopedLock>& locks) {
    while (!locks.empty()) {
        ScopedLock lock = std::move(locks.back());
        locks.pop_back();
        auto gone = co_await lock.async_release(asio::use_awaitable);
        must(std::move(gone));
    }
}

nlohmann::json in_seconds(Clock::time_point begin) {
    return {{"seconds", std::chrono::duration<double>(Clock::now() - begin).count()}};
}

}  // namespace

void HeldLocks::take(const std::string& parent, int count, milliseconds budget) {
    x_locks.reserve(x_locks.size() + static_cast<std::size_t>(count));
    Taking taking{x_client, parent, count, {.wait = 30s, .budget = budget}, x_locks};
    asio::io_context io(1);
    for (int lane = 0; lane < depth; ++lane) {
        asio::co_spawn(io, take_some(taking), asio::detached);
    }
    io.run();
}

void HeldLocks::extend(milliseconds budget) {
    asio::io_context io(1);
    for (const ScopedLock& lock : x_locks) {
        lock.async_extend(budget, asio::bind_executor(io, [](result<Instant> deadline) {
                              must(std::move(deadline));
                          }));
    }
    io.run();
}

int HeldLocks::count_valid() const {
    return static_cast<int>(std::count_if(x_locks.begin(), x_locks.end(),
                                          [](const ScopedLock& lock) { return lock.valid(); }));
}

void HeldLocks::release() {
    asio::io_context io(1);
    for (int lane = 0; lane < depth; ++lane) {
        asio::co_spawn(io, release_some(x_locks), asio::detached);
    }
    io.run();
    x_locks.shrink_to_fit();
}

Commands commands_of(HeldLocks& held) {
    return {
        {"take",
         [&held](std::istream& words) {
             const auto begin = Clock::now();
             const auto parent = next<std::string>(words);
             const int count = next<int>(words);
             held.take(parent, count, milliseconds(next<int>(words)));
             return in_seconds(begin);
         }},
        {"extend",
         [&held](std::istream& words) {
             const auto begin = Clock::now();
             held.extend(milliseconds(next<int>(words)));
             return in_seconds(begin);
         }},
        {"valid",
         [&held](std::istream&) -> nlohmann::json {
             return {{"valid", held.count_valid()}};
         }},
        {"release",
         [&held](std::istream&) {
             const auto begin = Clock::now();
             held.release();
             return in_seconds(begin);
         }},
    };
}

}  // namespace leasehold::bench
