// Uses the installed library in the ways in which a boundary between two binaries could be felt:
// blocking, with coroutines and futures, with exceptions and error codes from either side.
#include <leasehold/leasehold.hpp>
#include <leasehold/testing.hpp>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/use_future.hpp>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <stdexcept>
#include <string>
#include <system_error>

namespace asio = boost::asio;
using namespace std::chrono_literals;
using leasehold::errc;

#define EXPECT(condition)                                           \
    do {                                                            \
        if (!(condition)) {                                         \
            std::printf("line %d: not %s\n", __LINE__, #condition); \
            std::exit(1);                                           \
        }                                                           \
    } while (false)

struct OwnException : std::runtime_error {
    using std::runtime_error::runtime_error;
};

// A code is the same code, whichever library has made it.
void compare_errors(const leasehold::Client& client) {
    const auto lock = client.lock("/errors").value();
    const auto busy = client.lock("/errors", {.wait = 0ms});
    EXPECT(!busy && busy.error() == errc::wait_expired);
    EXPECT(busy.error().code() == errc::wait_expired);
    EXPECT(busy.error().code().category() == leasehold::leasehold_category());

    const auto missing = client.zookeeper().get("/nowhere");
    EXPECT(!missing && missing.error() == leasehold::zk_errc::no_node);

    const auto server = leasehold::testing::EmbeddedServer::start({.version = "9"});
    EXPECT(!server && server.error() == errc::invalid_argument);
}

void throw_through(const leasehold::Client& client) {
    const auto lock = client.lock("/exceptions").value();
    bool is_caught = false;
    try {
        (void)client.zookeeper().get("/nowhere").value();
    } catch (const std::system_error& error) {
        is_caught = error.code() == leasehold::zk_errc::no_node;
    }
    EXPECT(is_caught);
    is_caught = false;
    try {
        (void)lock.call([]() -> int { throw OwnException("ours"); });
    } catch (const OwnException&) {
        is_caught = true;
    }
    EXPECT(is_caught && lock.valid());
}

asio::awaitable<int> work() {
    asio::steady_timer timer(co_await asio::this_coro::executor, 1ms);
    co_await timer.async_wait(asio::use_awaitable);
    co_return 42;
}

asio::awaitable<int> work_that_throws() {
    co_await work();
    throw OwnException("from a coroutine");
}

asio::awaitable<int> work_that_hangs(leasehold::testing::EmbeddedServer& server) {
    server.expire_all_sessions();
    asio::steady_timer timer(co_await asio::this_coro::executor, 1h);
    co_await timer.async_wait(asio::use_awaitable);
    co_return 0;
}

asio::awaitable<void> lock_in_coroutine(const leasehold::Client& client,
                                        leasehold::testing::EmbeddedServer& server, bool& is_done) {
    auto lock = co_await client.async_lock("/coroutine", {.budget = 5s}, asio::use_awaitable);
    EXPECT(lock && lock->token() > 0);

    auto operation = work();
    auto answer = co_await lock->async_call(std::move(operation), asio::use_awaitable);
    EXPECT(answer && answer.value() == 42);

    auto failing = work_that_throws();
    auto thrown = co_await lock->async_call(std::move(failing), asio::use_awaitable);
    EXPECT(!thrown && thrown.error() == errc::call_failed);
    EXPECT(thrown.error().message().find("from a coroutine") != std::string::npos);

    // Cancelled through the boundary, from a thread of the library.
    auto hanging = work_that_hangs(server);
    auto lost = co_await lock->async_call(std::move(hanging), asio::use_awaitable);
    EXPECT(!lost && lost.error() == errc::lock_lost);
    is_done = true;
}

int main() {
    auto server = leasehold::testing::EmbeddedServer::start().value();
    const auto client =
        leasehold::Client::connect(server.connect_string(), server.client_options()).value();

    compare_errors(client);
    throw_through(client);
    auto future = client.async_lock("/future", {}, asio::use_future);
    EXPECT(future.get()->valid());

    bool is_done = false;
    asio::io_context context;
    asio::co_spawn(context, lock_in_coroutine(client, server, is_done), asio::detached);
    context.run();
    EXPECT(is_done);
    std::puts("C++: locked");
}
