#include "sdk/net/connection.hpp"

#include "sdk/core/secret.hpp"
#include "sdk/net/tls_error.hpp"

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

Connection::Connection(boost::asio::io_context& io, ConnectionListener& listener,
                       std::optional<core::TlsSettings> tls)
    : x_io(io), x_listener(listener), x_tls(std::move(tls)), x_socket(io), x_buffer(read_size) {}

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
    if (const result<void> prepared = prepare_tls(endpoint); !prepared) {
        return fail(prepared.error());
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
        on_established();
    });
}

result<void> Connection::prepare_tls(const core::Endpoint& endpoint) {
    if (x_tls) {
        BOOST_OUTCOME_TRY(const TlsContext context, load_tls_context(*x_tls));
        BOOST_OUTCOME_TRY(x_channel, TlsChannel::open(context, endpoint.name));
    }
    return success();
}

/// TCP is there. TLS begins with a word of ours.
void Connection::on_established() {
    read();
    if (x_channel) {
        x_channel->take_outbound(x_pending);
        return send_pending();
    }
    x_is_connected = true;
    x_listener.on_connected();
}

void Connection::disconnect() {
    ++x_generation;
    x_is_connected = false;
    x_is_writing = false;
    x_write_failure.clear();
    boost::system::error_code ignored;
    if (x_is_answered) {
        end_tls();
    }
    x_channel.reset();
    core::wipe(x_pending);
    if (std::exchange(x_is_answered, false)) {
        x_socket.shutdown(tcp::socket::shutdown_both, ignored);
    } else {
        x_socket.set_option(tcp::socket::linger(true, 0), ignored);  // close() then sends a reset
    }
    x_socket.close(ignored);
}

/// Takes leave in order, if nothing of ours is still waiting to go before.
void Connection::end_tls() {
    if (x_channel && x_pending.empty()) {
        x_channel->end();
        x_channel->take_outbound(x_pending);
        static_cast<void>(
            ::send(x_socket.native_handle(), x_pending.data(), x_pending.size(), MSG_NOSIGNAL));
    }
}

void Connection::fail(std::string why, errc code) {
    disconnect();
    const std::uint64_t generation = x_generation;
    boost::asio::post(x_io, [this, generation, code, why = std::move(why)] {
        if (generation == x_generation) {
            x_listener.on_disconnected(code, why);
        }
    });
}

void Connection::fail(const Error& error) {
    fail(error.context().what, errc::tls_failed);
}

void Connection::read() {
    const std::uint64_t generation = x_generation;
    x_socket.async_read_some(
        boost::asio::buffer(x_buffer),
        [this, generation](boost::system::error_code error, std::size_t size) {
            if (generation != x_generation) {
                return;
            }
            if (error) {
                const std::string why = why_ended(error);
                return x_channel && !x_channel->is_open() ? fail(handshake_cut(why)) : fail(why);
            }
            receive({x_buffer.data(), size});
            if (generation == x_generation) {
                read();
            }
        });
}

void Connection::receive(std::string_view bytes) {
    if (x_channel) {
        return decrypt(bytes);
    }
    x_is_answered = true;
    x_listener.on_bytes(bytes);
}

void Connection::decrypt(std::string_view bytes) {
    const std::uint64_t generation = x_generation;
    const auto is_over = [&] { return generation != x_generation; };
    x_plain.clear();
    const result<void> read = x_channel->receive(bytes, x_plain);
    x_channel->take_outbound(x_pending);
    if (!x_is_writing && x_write_failure.empty()) {
        send_pending();
    }
    const bool has_ended = x_channel->has_ended();
    if (!x_is_connected && x_channel->is_open()) {
        x_is_connected = true;
        x_listener.on_connected();
    }
    if (!is_over() && !x_plain.empty()) {
        x_is_answered = true;
        x_listener.on_bytes(x_plain);
    }
    if (is_over()) {
        return;
    }
    if (!read) {
        x_is_answered = true;  // or the alert, which tells the server why, would not arrive
        fail(read.error());
    } else if (has_ended) {
        fail("closed by the server");
    }
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
    if (!x_channel) {
        core::make_room(x_pending, bytes.size());
        x_pending += bytes;
    } else if (x_channel->send(bytes)) {
        x_channel->take_outbound(x_pending);
    } else {
        return;  // the channel is broken, and what is read next says why
    }
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
            core::wipe(x_pending);
            ::shutdown(x_socket.native_handle(), SHUT_RDWR);
            return;
        }
    }
    core::wipe_front(x_pending, x_pending.size() - rest.size());
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
