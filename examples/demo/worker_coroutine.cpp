// The same order service as it is written with coroutines: all workers on one thread.
//
// GCC 12: an object that owns something is named before the statement that co_awaits; see
// docs/using.md.
#include "worker.hpp"

#include <boost/asio/awaitable.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>

#include <exception>
#include <optional>
#include <string>
#include <utility>

namespace demo {
namespace {

namespace asio = boost::asio;
using asio::awaitable;
using asio::use_awaitable;
using leasehold::BootClock;
using leasehold::Instant;

awaitable<void> sleep_for(leasehold::Duration duration) {
    asio::steady_timer timer(co_await asio::this_coro::executor, duration);
    co_await timer.async_wait(use_awaitable);
}

/// Knows nothing of locks: the guard cancels it.
awaitable<std::string> async_call_line(unsigned short port, std::string request) {
    asio::ip::tcp::socket socket(co_await asio::this_coro::executor);
    const asio::ip::tcp::endpoint services(asio::ip::address_v4::loopback(), port);
    co_await socket.async_connect(services, use_awaitable);
    request += '\n';
    co_await asio::async_write(socket, asio::buffer(request), use_awaitable);
    std::string answer;
    const std::size_t length = co_await asio::async_read_until(
        socket, asio::dynamic_buffer(answer, 256), '\n', use_awaitable);
    co_return answer.substr(0, length - 1);
}

/// True if the payment went through.
awaitable<bool> attempt(leasehold::Client& client, unsigned short port, const Task& task) {
    Story story(task);
    story.asks();
    const std::string path = lock_path(task.order);
    const leasehold::LockOptions options = story.lock_options();
    auto lock = co_await client.async_lock(path, options, use_awaitable);
    if (!lock) {
        story.refused(lock.error());
        co_return false;
    }
    story.holds(*lock);

    story.charges();
    auto charge = async_call_line(port, story.charge_request());
    auto paid = co_await lock->async_call(std::move(charge), use_awaitable);
    if (paid) {
        story.paid();
    } else {
        story.cancelled(*lock, paid.error());
        story.stalls(*lock);
        co_await sleep_for(stall);
    }

    const std::string request = story.write_request(lock->token());
    const std::string answer = co_await async_call_line(port, request);
    story.written(answer, lock->token());
    story.releases(*lock);
    co_return paid.has_value();
}

awaitable<void> work(leasehold::Client& client, unsigned short port, Instant start,
                     std::string_view worker) {
    std::optional<Instant> hang;
    for (const Task& task : plan) {
        if (task.worker != worker) {
            continue;
        }
        if (task.from == From::hang && !hang) {
            const std::string request(Story::await_hang_request);
            co_await async_call_line(port, request);
            hang = BootClock::now();
        }
        const Instant base = task.from == From::hang ? *hang : start;
        co_await sleep_for(base + task.at - BootClock::now());
        // The same payment once more: the gateway knows by its number that it is the same.
        for (int left = attempts; left > 0; --left) {
            const bool is_paid = co_await attempt(client, port, task);
            if (is_paid) {
                break;
            }
        }
    }
}

}  // namespace

int run_coroutine_workers(const WorkerSetup& setup) {
    Instant start{};
    auto client = open_client(setup, coroutine, start);
    if (!client) {
        return fail(coroutine, client.error().message());
    }
    int exit_code = 0;
    const auto report = [&](std::exception_ptr failure) {
        try {
            if (failure) {
                std::rethrow_exception(failure);
            }
        } catch (const std::exception& error) {
            exit_code = fail(coroutine, error.what());
        }
    };
    asio::io_context io(1);
    for (const std::string_view name : workers_of(coroutine)) {
        asio::co_spawn(io, work(*client, setup.services_port, start, name), report);
    }
    io.run();
    return close_client(*client, coroutine) + exit_code;
}

}  // namespace demo
