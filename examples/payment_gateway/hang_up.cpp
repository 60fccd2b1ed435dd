#include "hang_up.hpp"

#include <boost/asio/buffer.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <array>
#include <chrono>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <utility>

namespace payment_gateway {
namespace {

namespace asio = boost::asio;
using asio::awaitable;
using asio::redirect_error;
using asio::use_awaitable;
using asio::ip::tcp;

constexpr std::chrono::milliseconds sweep_interval{200};

/// Whether the other end is still there. What it has sent lies unread in front of its end, so that
/// only the kernel knows.
bool is_open(tcp::socket& socket) {
    tcp_info info{};
    socklen_t size = sizeof info;
    return ::getsockopt(socket.native_handle(), IPPROTO_TCP, TCP_INFO, &info, &size) == 0 &&
           info.tcpi_state == TCP_ESTABLISHED;
}

}  // namespace

awaitable<void> hang_up(tcp::socket& socket) {
    std::array<char, 1024> bytes{};
    boost::system::error_code failure;
    while (!failure) {
        co_await socket.async_read_some(asio::buffer(bytes),
                                        redirect_error(use_awaitable, failure));
    }
}

BlackHole::BlackHole(asio::io_context& io, unsigned short port)
    : x_acceptor(io, tcp::endpoint(asio::ip::address_v4::loopback(), port)) {
    asio::co_spawn(io, accept(), asio::detached);
    asio::co_spawn(io, sweep(), asio::detached);
}

awaitable<void> BlackHole::accept() {
    asio::steady_timer pause(x_acceptor.get_executor());
    for (;;) {
        boost::system::error_code failure;
        tcp::socket socket =
            co_await x_acceptor.async_accept(redirect_error(use_awaitable, failure));
        if (failure) {  // out of descriptors: some will be given back
            pause.expires_after(sweep_interval);
            co_await pause.async_wait(use_awaitable);
            continue;
        }
        x_sockets.push_back(std::move(socket));
    }
}

awaitable<void> BlackHole::sweep() {
    asio::steady_timer timer(x_acceptor.get_executor());
    for (;;) {
        timer.expires_after(sweep_interval);
        co_await timer.async_wait(use_awaitable);
        x_sockets.remove_if([](tcp::socket& each) { return !is_open(each); });
    }
}

}  // namespace payment_gateway
