// The same with coroutines: the call under the lock is cancelled at its deadline.
#include <leasehold/leasehold.hpp>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <chrono>
#include <cstdint>
#include <cstdio>
#include <string>
#include <utility>

namespace asio = boost::asio;
using namespace std::chrono_literals;

/// A gateway that takes an hour.
asio::awaitable<std::string> charge() {
    asio::steady_timer timer(co_await asio::this_coro::executor, 1h);
    co_await timer.async_wait(asio::use_awaitable);
    co_return "paid";
}

//! [work]
asio::awaitable<void> work(leasehold::Client& client) {
    // Every async_ function completes with void(result<T>): nothing is thrown.
    auto lock =
        co_await client.async_lock("/orders/42", {.wait = 2s, .budget = 1s}, asio::use_awaitable);
    if (!lock) {
        std::puts(lock.error().message().c_str());
        co_return;
    }
    auto operation = charge();
    auto paid = co_await lock->async_call(std::move(operation), asio::use_awaitable);
    if (!paid) {
        std::puts(paid.error().message().c_str());  // errc::budget_exceeded
    }
}
//! [work]

//! [named]
asio::awaitable<void> note(std::string path, std::int64_t token) {
    std::printf("%s: token %lld\n", path.c_str(), static_cast<long long>(token));
    co_return;
}

asio::awaitable<void> name_what_owns_something(leasehold::Client& client, std::string path) {
    // Options of leasehold are trivially destructible: braces are fine inside the statement.
    auto lock = co_await client.async_lock(path, {.wait = 2s}, asio::use_awaitable);
    if (!lock) {
        co_return;
    }
    // A lambda that captures is named first, and is no coroutine itself: it calls one.
    auto noting = [path](const leasehold::CallContext& context) {
        return note(path, context.token());
    };
    auto noted = co_await lock->async_call(noting, asio::use_awaitable);
    if (!noted) {
        std::puts(noted.error().message().c_str());
    }
}
//! [named]

int main(int argument_count, char** arguments) {
    const char* const servers = argument_count > 1 ? arguments[1] : "127.0.0.1:2181";
    auto client = leasehold::Client::connect(servers).value();
    asio::io_context io;
    asio::co_spawn(io, work(client), asio::detached);
    asio::co_spawn(io, name_what_owns_something(client, "/orders/43"), asio::detached);
    io.run();
    return 0;
}
