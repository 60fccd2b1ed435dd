#include "sdk/embedded/peer.hpp"

#include <boost/asio/post.hpp>

#include <algorithm>
#include <cerrno>
#include <sys/socket.h>
#include <unistd.h>
#include <utility>

namespace leasehold::embedded {
namespace {

using boost::asio::ip::tcp;

constexpr std::size_t worth_sending = std::size_t{64} << 10;

bool would_block() {
    return errno == EAGAIN || errno == EWOULDBLOCK;
}

}  // namespace

Peer::Peer(boost::asio::io_context& io, PeerListener& listener, const Limits& limits,
           server::ConnectionId id, server::ServerId server)
    : x_io(io), x_socket(io), x_listener(listener), x_limits(limits), x_id(id), x_server(server) {}

bool Peer::open(int descriptor) {
    boost::system::error_code error;
    x_socket.assign(tcp::v4(), descriptor, error);  // of the family nothing is made here
    if (error) {
        ::close(descriptor);
        x_is_closed = true;
    }
    return !error;
}

void Peer::close() {
    x_is_closed = true;
    x_output.clear();
    x_pending = 0;
    boost::system::error_code ignored;
    x_socket.close(ignored);
}

void Peer::wait_readable() {
    if (x_is_waiting_to_read || !is_heard()) {
        return;
    }
    x_is_waiting_to_read = true;
    const auto tell = [self = shared_from_this()](boost::system::error_code = {}) {
        self->x_is_waiting_to_read = false;
        if (self->is_heard()) {
            self->x_listener.on_readable(*self);
        }
    };
    if (x_left.empty()) {
        x_socket.async_wait(tcp::socket::wait_read, tell);
    } else {
        boost::asio::post(x_io, tell);
    }
}

std::optional<std::string_view> Peer::read(std::vector<char>& buffer) {
    if (!x_left.empty()) {
        x_reading = std::exchange(x_left, {});
        return x_reading;
    }
    const ssize_t count = ::recv(x_socket.native_handle(), buffer.data(), buffer.size(), 0);
    if (count > 0) {
        return std::string_view(buffer.data(), static_cast<std::size_t>(count));
    }
    if (count < 0 && (would_block() || errno == EINTR)) {
        return std::string_view{};
    }
    return std::nullopt;
}

void Peer::leave(std::string_view rest) {
    x_left = rest;
    x_reading.clear();
}

void Peer::write(Instant made_at, std::string bytes) {
    if (x_is_closed || x_is_broken || bytes.empty()) {
        return;
    }
    x_pending += bytes.size();
    // Small replies of one turn are sent in one go; large ones are not copied together.
    if (!x_output.empty() && x_output.back().made_at == made_at &&
        x_output.back().bytes.size() < worth_sending) {
        x_output.back().bytes += bytes;
    } else {
        x_output.push_back({made_at, std::move(bytes)});
    }
}

void Peer::write_end(Instant made_at) {
    x_end_made_at = made_at;
}

Instant Peer::flush(Instant now, Duration delay) {
    if (x_is_closed || x_is_silent) {
        return Instant::max();
    }
    while (!x_output.empty()) {
        const Instant due = x_output.front().made_at + delay;
        if (due > now) {
            return due;
        }
        if (!send_first()) {
            break;
        }
    }
    return x_end_made_at ? finish(now, delay) : Instant::max();
}

/// False if the client takes no more for now.
bool Peer::send_first() {
    const std::string& bytes = x_output.front().bytes;
    while (x_sent < bytes.size()) {
        const ssize_t count = ::send(x_socket.native_handle(), bytes.data() + x_sent,
                                     bytes.size() - x_sent, MSG_NOSIGNAL);
        if (count >= 0) {
            x_sent += static_cast<std::size_t>(count);
            x_pending -= static_cast<std::size_t>(count);
        } else if (would_block()) {
            wait_writable();
            return false;
        } else if (errno != EINTR) {
            // The client is gone. What it said last may still be unread: reading finds the end.
            x_is_broken = true;
            x_output.clear();
            x_sent = 0;
            x_pending = 0;
            return false;
        }
    }
    x_output.pop_front();
    x_sent = 0;
    return true;
}

Instant Peer::finish(Instant now, Duration delay) {
    const Instant due = *x_end_made_at + delay;
    const Instant latest = due + x_limits.linger;
    if ((x_output.empty() && now >= due) || now >= latest) {
        close();
        return Instant::max();
    }
    return x_output.empty() ? due : latest;
}

void Peer::wait_writable() {
    if (std::exchange(x_is_waiting_to_write, true)) {
        return;
    }
    x_socket.async_wait(tcp::socket::wait_write,
                        [self = shared_from_this()](boost::system::error_code) {
                            self->x_is_waiting_to_write = false;
                            if (!self->x_is_closed) {
                                self->x_listener.on_writable(*self);
                            }
                        });
}

void Peer::set_silent(bool is_silent) {
    x_is_silent = is_silent;
}

}  // namespace leasehold::embedded
