#include "sdk/net/connection.hpp"

#include <boost/asio/buffer.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/ip/address.hpp>
#include <boost/asio/post.hpp>

#include <cerrno>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <system_error>
#include <unistd.h>
#include <utility>

namespace leasehold::net {
namespace {

using boost::asio::ip::tcp;

/// Read in one go before the loop gets its turn again, so that a flood delays no timer.
constexpr std::size_t read_size = std::size_t{64} << 10;

std::string describe(int error) {
    return std::system_category().message(error);
}

/// Opened by hand: Asio's own sockets would be inherited by what the application executes.
int open_socket(const tcp::endpoint& endpoint) {
    return ::socket(endpoint.protocol().family(), SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC,
                    IPPROTO_TCP);
}

/// Connecting to a closed port of the ephemeral range on one's own host can, once in a while,
/// connect a socket to itself.
bool is_connected_to_itself(const tcp::socket& socket) {
    boost::system::error_code error;
    const tcp::endpoint local = socket.local_endpoint(error);
    return !error && local == socket.remote_endpoint(error) && !error;
}

}  // namespace

Connection::Connection(boost::asio::io_context& io, ConnectionListener& listener)
    : x_io(io), x_listener(listener), x_socket(io), x_buffer(read_size) {}

Connection::~Connection() {
    disconnect();
}

void Connection::connect(const core::Endpoint& endpoint) {
    disconnect();
    const std::uint64_t generation = x_generation;
    boost::system::error_code error;
    const auto address = boost::asio::ip::make_address(endpoint.host, error);
    if (error) {
        return fail("not a numeric address: " + endpoint.host);
    }
    const tcp::endpoint target(address, endpoint.port);
    const int descriptor = open_socket(target);
    if (descriptor < 0) {
        return fail("no socket: " + describe(errno));
    }
    x_socket.assign(target.protocol(), descriptor, error);
    if (error) {
        ::close(descriptor);
        return fail("no socket: " + error.message());
    }
    x_socket.set_option(tcp::no_delay(true), error);
    x_socket.async_connect(target, [this, generation](boost::system::error_code failure) {
        if (generation != x_generation) {
            return;
        }
        if (failure) {
            return fail(failure.message());
        }
        if (is_connected_to_itself(x_socket)) {
            return fail("connected to itself: nobody listens there");
        }
        x_is_connected = true;
        read();
        x_listener.on_connected();
    });
}

void Connection::disconnect() {
    ++x_generation;
    x_is_connected = false;
    x_is_writing = false;
    x_write_failure.clear();
    x_pending.clear();
    boost::system::error_code ignored;
    if (std::exchange(x_is_answered, false)) {
        x_socket.shutdown(tcp::socket::shutdown_both, ignored);
    } else {
        x_socket.set_option(tcp::socket::linger(true, 0), ignored);  // close() then sends a reset
    }
    x_socket.close(ignored);
}

void Connection::fail(std::string why) {
    disconnect();
    const std::uint64_t generation = x_generation;
    boost::asio::post(x_io, [this, generation, why = std::move(why)] {
        if (generation == x_generation) {
            x_listener.on_disconnected(why);
        }
    });
}

void Connection::read() {
    const std::uint64_t generation = x_generation;
    x_socket.async_read_some(boost::asio::buffer(x_buffer),
                             [this, generation](boost::system::error_code error, std::size_t size) {
                                 if (generation != x_generation) {
                                     return;
                                 }
                                 if (error) {
                                     return fail(why_ended(error));
                                 }
                                 x_is_answered = true;
                                 x_listener.on_bytes({x_buffer.data(), size});
                                 if (generation == x_generation) {
                                     read();
                                 }
                             });
}

std::string Connection::why_ended(boost::system::error_code error) const {
    if (!x_write_failure.empty()) {
        return x_write_failure;
    }
    return error == boost::asio::error::eof ? "closed by the server" : error.message();
}

void Connection::write(std::string_view bytes) {
    if (!x_is_connected || !x_write_failure.empty()) {
        return;
    }
    x_pending += bytes;
    if (!x_is_writing) {
        send_pending();
    }
}

void Connection::send_pending() {
    std::string_view rest = x_pending;
    while (!rest.empty()) {
        const ssize_t count =
            ::send(x_socket.native_handle(), rest.data(), rest.size(), MSG_NOSIGNAL);
        if (count >= 0) {
            rest.remove_prefix(static_cast<std::size_t>(count));
        } else if (errno == EAGAIN || errno == EWOULDBLOCK) {
            break;
        } else if (errno != EINTR) {
            // What the server said last may still be unread: the end of it ends the connection.
            x_write_failure = describe(errno);
            x_pending.clear();
            ::shutdown(x_socket.native_handle(), SHUT_RDWR);
            return;
        }
    }
    x_pending.erase(0, x_pending.size() - rest.size());
    if (!x_pending.empty()) {
        wait_writable();
    }
}

void Connection::wait_writable() {
    x_is_writing = true;
    const std::uint64_t generation = x_generation;
    x_socket.async_wait(tcp::socket::wait_write, [this, generation](boost::system::error_code) {
        if (generation == x_generation) {
            x_is_writing = false;
            send_pending();
        }
    });
}

}  // namespace leasehold::net
