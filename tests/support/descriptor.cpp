#include "tests/support/descriptor.hpp"

#include <algorithm>
#include <arpa/inet.h>
#include <array>
#include <cerrno>
#include <fstream>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <random>
#include <stdexcept>
#include <sys/socket.h>
#include <system_error>
#include <unistd.h>

namespace leasehold::support {

namespace {

sockaddr_in loopback(std::uint16_t port) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    return address;
}

Descriptor open_socket() {
    Descriptor socket(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    if (!socket) {
        throw_errno("socket");
    }
    return socket;
}

bool try_bind(const Descriptor& socket, std::uint16_t port) {
    const int on = 1;
    ::setsockopt(socket.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    const sockaddr_in address = loopback(port);
    return ::bind(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
}

/// The first port that the kernel hands to outgoing connections.
int first_ephemeral_port() {
    std::ifstream file("/proc/sys/net/ipv4/ip_local_port_range");
    int first = 0;
    return file >> first ? first : 32'768;
}

}  // namespace

void Descriptor::reset() noexcept {
    if (x_fd >= 0) {
        ::close(std::exchange(x_fd, -1));
    }
}

void throw_errno(const char* what) {
    throw std::system_error(errno, std::generic_category(), what);
}

Descriptor listen_on_loopback(std::uint16_t port) {
    Descriptor socket = open_socket();
    if (!try_bind(socket, port)) {
        throw_errno("bind");
    }
    if (::listen(socket.get(), SOMAXCONN) != 0) {
        throw_errno("listen");
    }
    return socket;
}

std::uint16_t port_of(const Descriptor& socket) {
    sockaddr_in address{};
    socklen_t size = sizeof address;
    if (::getsockname(socket.get(), reinterpret_cast<sockaddr*>(&address), &size) != 0) {
        throw_errno("getsockname");
    }
    return ntohs(address.sin_port);
}

Descriptor connect_to_loopback(std::uint16_t port) {
    Descriptor socket = open_socket();
    const sockaddr_in address = loopback(port);
    if (::connect(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
        return {};
    }
    const int on = 1;
    ::setsockopt(socket.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    return socket;
}

bool send_all(const Descriptor& socket, std::string_view bytes) {
    while (!bytes.empty()) {
        const ssize_t sent = ::send(socket.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
        if (sent < 0 && errno == EINTR) {
            continue;
        }
        if (sent <= 0) {
            return false;
        }
        bytes.remove_prefix(static_cast<std::size_t>(sent));
    }
    return true;
}

std::optional<std::string> receive(const Descriptor& socket, std::chrono::milliseconds limit) {
    pollfd entry{.fd = socket.get(), .events = POLLIN, .revents = 0};
    const auto end = std::chrono::steady_clock::now() + limit;
    const auto left = [&] {
        const auto rest =
            std::chrono::ceil<std::chrono::milliseconds>(end - std::chrono::steady_clock::now());
        return static_cast<int>(std::max<std::int64_t>(rest.count(), 0));
    };
    int ready = 0;
    do {
        ready = ::poll(&entry, 1, left());
    } while (ready < 0 && errno == EINTR);
    if (ready <= 0) {
        return std::nullopt;
    }
    std::array<char, 65'536> buffer;
    const ssize_t size = ::recv(socket.get(), buffer.data(), buffer.size(), 0);
    return std::string(buffer.data(), size > 0 ? static_cast<std::size_t>(size) : 0);
}

std::vector<std::uint16_t> free_ports(std::size_t count) {
    constexpr int first = 10'000;
    constexpr int least = 1'000;  // to choose from, also where the kernel hands out lower ones
    std::random_device entropy;
    std::uniform_int_distribution<int> any(first,
                                           std::max(first_ephemeral_port(), first + least) - 1);
    std::vector<Descriptor> held;  // all at once, so that none is given out twice
    std::vector<std::uint16_t> ports;
    for (int attempt = 0; ports.size() < count; ++attempt) {
        if (attempt == 1'000) {
            throw std::runtime_error("no free ports on the loopback interface");
        }
        const auto port = static_cast<std::uint16_t>(any(entropy));
        Descriptor socket = open_socket();
        if (try_bind(socket, port) && ::listen(socket.get(), 1) == 0) {
            held.push_back(std::move(socket));
            ports.push_back(port);
        }
    }
    return ports;
}

}  // namespace leasehold::support
