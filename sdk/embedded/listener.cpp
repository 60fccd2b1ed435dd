#include "sdk/embedded/listener.hpp"

#include <boost/asio/ip/address.hpp>

#include <cerrno>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sstream>
#include <sys/socket.h>
#include <system_error>
#include <unistd.h>
#include <utility>

namespace leasehold::embedded {
namespace {

using boost::asio::ip::tcp;
using boost::asio::posix::stream_descriptor;

/// As many as the kernel allows (net.core.somaxconn).
constexpr int backlog = 4096;
/// Accepted in one go before others get their turn.
constexpr int accept_budget = 64;

Error failure(const tcp::endpoint& endpoint) {
    const std::error_code code(errno, std::system_category());
    std::ostringstream what;
    what << "cannot listen on " << endpoint;
    return Error(code, {.what = what.str()});
}

/// Owns a descriptor until somebody takes it.
class Socket {
public:
    explicit Socket(const tcp::endpoint& endpoint)
        : x_number(::socket(endpoint.protocol().family(),
                            SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, IPPROTO_TCP)) {}
    ~Socket() {
        if (x_number >= 0) {
            ::close(x_number);
        }
    }
    Socket(const Socket&) = delete;
    Socket& operator=(const Socket&) = delete;

    [[nodiscard]] int number() const { return x_number; }
    [[nodiscard]] int take() { return std::exchange(x_number, -1); }

    /// Past connections of the port may still be in TIME_WAIT.
    [[nodiscard]] bool bind(const tcp::endpoint& endpoint) const {
        const int on = 1;
        return x_number >= 0 &&
               ::setsockopt(x_number, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) == 0 &&
               ::bind(x_number, endpoint.data(), static_cast<socklen_t>(endpoint.size())) == 0;
    }
    [[nodiscard]] bool find_port(tcp::endpoint& endpoint) const {
        auto size = static_cast<socklen_t>(endpoint.capacity());
        return ::getsockname(x_number, endpoint.data(), &size) == 0;
    }

private:
    int x_number;
};

bool is_lack_of_resources(int error) {
    return error == EMFILE || error == ENFILE || error == ENOBUFS || error == ENOMEM;
}

}  // namespace

Listener::Listener(boost::asio::io_context& io, Accepted on_accepted, Starved on_starved)
    : x_descriptor(io),
      x_on_accepted(std::move(on_accepted)),
      x_on_starved(std::move(on_starved)) {}

result<void> Listener::open(const tcp::endpoint& wanted) {
    x_endpoint = wanted;
    // A port that was asked for by number stays bound when the socket stops listening; one that the
    // kernel chose does not. So it is chosen by one socket and asked for by the next, while the
    // first still has it.
    const Socket chooser(wanted);
    if (wanted.port() == 0 && (!chooser.bind(wanted) || !chooser.find_port(x_endpoint))) {
        return failure(wanted);
    }
    Socket socket(x_endpoint);
    if (!socket.bind(x_endpoint) || ::listen(socket.number(), backlog) != 0) {
        return failure(x_endpoint);
    }
    x_descriptor.assign(socket.take());
    x_is_listening = true;
    wait();
    return success();
}

void Listener::set_listening(bool is_listening) {
    if (is_listening == x_is_listening) {
        return;
    }
    x_is_listening = is_listening;
    if (is_listening) {
        ::listen(x_descriptor.native_handle(), backlog);
        wait();
    } else {
        // Connections that wait to be accepted are reset, those that were accepted are not touched.
        ::shutdown(x_descriptor.native_handle(), SHUT_RDWR);
    }
}

void Listener::set_accepting(bool is_accepting) {
    x_is_accepting = is_accepting;
    wait();
}

void Listener::retry() {
    x_is_starved = false;
    wait();
}

void Listener::wait() {
    if (x_is_waiting || !x_is_listening || !x_is_accepting || x_is_starved) {
        return;
    }
    x_is_waiting = true;
    x_descriptor.async_wait(stream_descriptor::wait_read, [this](boost::system::error_code error) {
        if (error) {
            return;  // closed
        }
        x_is_waiting = false;
        if (x_is_listening && x_is_accepting) {
            accept();
            wait();
        }
    });
}

void Listener::accept() {
    for (int count = 0; count < accept_budget; ++count) {
        const int descriptor =
            ::accept4(x_descriptor.native_handle(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (descriptor >= 0) {
            const int on = 1;
            ::setsockopt(descriptor, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
            x_on_accepted(descriptor);
        } else if (is_lack_of_resources(errno)) {
            x_is_starved = true;
            return x_on_starved();
        } else if (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINVAL) {
            return;
        }
        // Else that one client is gone again, or its network is.
    }
}

}  // namespace leasehold::embedded
