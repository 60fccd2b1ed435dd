#include "services.hpp"

#include "plan.hpp"

#include <boost/asio/buffer.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>

#include <chrono>
#include <cstdint>
#include <sstream>
#include <utility>

namespace demo {

namespace asio = boost::asio;
using asio::awaitable;
using asio::use_awaitable;
using asio::ip::tcp;

constexpr std::size_t max_line = 256;

Services::Services(asio::io_context& io, std::string_view hanging_payment, Report report)
    : x_acceptor(io, tcp::endpoint(asio::ip::address_v4::loopback(), 0)),
      x_payments(hanging_payment),
      x_report(std::move(report)) {
    asio::co_spawn(io, accept(), asio::detached);
}

awaitable<void> Services::accept() {
    for (;;) {
        tcp::socket socket = co_await x_acceptor.async_accept(use_awaitable);
        const auto executor = socket.get_executor();
        asio::co_spawn(executor, serve(std::move(socket)), asio::detached);
    }
}

/// One connection, one request.
awaitable<void> Services::serve(tcp::socket socket) {
    std::string buffer;
    const std::size_t length = co_await asio::async_read_until(
        socket, asio::dynamic_buffer(buffer, max_line), '\n', use_awaitable);
    std::string reply = co_await answer(socket, buffer.substr(0, length - 1));
    reply += '\n';
    co_await asio::async_write(socket, asio::buffer(reply), use_awaitable);
}

awaitable<std::string> Services::answer(tcp::socket& socket, std::string request) {
    std::istringstream words(request);
    std::string verb;
    std::string payment;
    std::string state;
    int order = 0;
    std::int64_t token = 0;
    words >> verb;
    if (verb == "charge" && words >> payment) {
        co_return co_await charge(socket, payment);
    }
    if (verb == "write" && words >> order >> token >> payment >> state) {
        const Ledger::Answer answer = x_ledger.write(order, token, payment + ' ' + state);
        if (answer.is_accepted) {
            co_return "ok";
        }
        co_return "stale " + std::to_string(answer.highest);
    }
    if (verb == "await") {
        co_return co_await await_hang();
    }
    co_return "what?";
}

awaitable<std::string> Services::charge(tcp::socket& socket, std::string payment) {
    if (auto reply = x_payments.charge(payment)) {
        asio::steady_timer timer(socket.get_executor(), payment_time);
        co_await timer.async_wait(use_awaitable);
        co_return *reply;
    }
    say(EventKind::hangs, payment,
        "on payment " + payment + ": the request is read, and never answered");
    const leasehold::Instant begin = leasehold::BootClock::now();
    char byte = 0;
    try {
        // Ends when the caller gives up and closes the connection.
        co_await socket.async_read_some(asio::buffer(&byte, 1), use_awaitable);
    } catch (const boost::system::system_error&) {
        say(EventKind::note, payment,
            "the caller of payment " + payment + " hung up after " +
                seconds(leasehold::BootClock::now() - begin));
    }
    co_return "";
}

awaitable<std::string> Services::await_hang() {
    asio::steady_timer timer(x_acceptor.get_executor());
    while (!x_payments.has_hung()) {
        timer.expires_after(std::chrono::milliseconds(5));
        co_await timer.async_wait(use_awaitable);
    }
    co_return "yes";
}

void Services::say(EventKind kind, const std::string& payment, std::string text) {
    Event event;
    event.at = leasehold::BootClock::now();
    event.kind = kind;
    event.process = "gateway";
    event.payment = payment;
    event.text = std::move(text);
    x_report(std::move(event));
}

}  // namespace demo
