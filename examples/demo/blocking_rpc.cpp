#include "blocking_rpc.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <cstdint>
#include <netinet/in.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>
#include <utility>

namespace demo {
namespace {

using leasehold::errc;
using leasehold::Error;
using leasehold::Instant;
using leasehold::result;
using leasehold::success;

class Descriptor {
public:
    explicit Descriptor(int number) : x_number(number) {}
    ~Descriptor() {
        if (x_number >= 0) {
            ::close(x_number);
        }
    }
    Descriptor(const Descriptor&) = delete;
    Descriptor& operator=(const Descriptor&) = delete;

    [[nodiscard]] int number() const { return x_number; }

private:
    int x_number;
};

Error system_error(std::string_view what) {
    leasehold::ErrorContext context;
    context.what = what;
    return {std::error_code(errno, std::system_category()), std::move(context)};
}

/// One call: a socket, and a descriptor that becomes readable when the stop is requested.
class Call {
public:
    Call(const std::function<Instant()>& deadline, std::stop_token stop)
        : x_deadline(deadline),
          x_socket(::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0)),
          x_wakeup(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)),
          x_on_stop(std::move(stop), Waker{x_wakeup.number()}) {}

    result<void> connect(unsigned short port) {
        if (x_socket.number() < 0 || x_wakeup.number() < 0) {
            return system_error("no descriptor to be had");
        }
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_port = htons(port);
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        if (::connect(x_socket.number(), reinterpret_cast<const sockaddr*>(&address),
                      sizeof address) == 0) {
            return success();
        }
        if (errno != EINPROGRESS) {
            return system_error("connect");
        }
        BOOST_OUTCOME_TRYV(wait_for(POLLOUT));
        int failure = 0;
        socklen_t size = sizeof failure;
        ::getsockopt(x_socket.number(), SOL_SOCKET, SO_ERROR, &failure, &size);
        if (failure != 0) {
            errno = failure;
            return system_error("connect");
        }
        return success();
    }

    result<void> write(std::string_view bytes) {
        while (!bytes.empty()) {
            BOOST_OUTCOME_TRYV(wait_for(POLLOUT));
            const ssize_t count =
                ::send(x_socket.number(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
            if (count < 0 && errno != EAGAIN) {
                return system_error("send");
            }
            bytes.remove_prefix(static_cast<std::size_t>(std::max<ssize_t>(count, 0)));
        }
        return success();
    }

    result<std::string> read_line() {
        std::string line;
        while (!line.ends_with('\n')) {
            BOOST_OUTCOME_TRYV(wait_for(POLLIN));
            std::array<char, 256> bytes{};
            const ssize_t count = ::recv(x_socket.number(), bytes.data(), bytes.size(), 0);
            if (count == 0) {
                return Error(std::make_error_code(std::errc::connection_reset), {});
            }
            if (count < 0 && errno != EAGAIN) {
                return system_error("recv");
            }
            line.append(bytes.data(), static_cast<std::size_t>(std::max<ssize_t>(count, 0)));
        }
        line.pop_back();
        return line;
    }

private:
    /// The stop callback: it runs on the client's notifier thread, and only wakes this one.
    struct Waker {
        int descriptor;
        void operator()() const noexcept {
            const std::uint64_t one = 1;
            [[maybe_unused]] const ssize_t written = ::write(descriptor, &one, sizeof one);
        }
    };

    result<void> wait_for(short events) {
        for (;;) {
            const auto left = std::chrono::ceil<std::chrono::milliseconds>(
                x_deadline() - leasehold::BootClock::now());
            if (left.count() <= 0) {
                return Error(errc::timed_out, "no answer before the deadline");
            }
            std::array<pollfd, 2> wanted{pollfd{x_socket.number(), events, 0},
                                         pollfd{x_wakeup.number(), POLLIN, 0}};
            const int ready = ::poll(wanted.data(), wanted.size(), static_cast<int>(left.count()));
            if (ready < 0 && errno != EINTR) {
                return system_error("poll");
            }
            if (wanted[1].revents != 0) {
                return Error(errc::cancelled, "asked to stop");
            }
            if (wanted[0].revents != 0) {
                return success();
            }
        }
    }

    const std::function<Instant()>& x_deadline;
    Descriptor x_socket;
    Descriptor x_wakeup;
    std::stop_callback<Waker> x_on_stop;
};

}  // namespace

result<std::string> call_line(unsigned short port, std::string_view request,
                              const std::function<Instant()>& deadline, std::stop_token stop) {
    Call call(deadline, std::move(stop));
    BOOST_OUTCOME_TRYV(call.connect(port));
    BOOST_OUTCOME_TRYV(call.write(std::string(request) + '\n'));
    return call.read_line();
}

}  // namespace demo
