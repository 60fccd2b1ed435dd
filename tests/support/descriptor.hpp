// Owns a file descriptor, and opens the loopback sockets of the harness.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace leasehold::support {

class Descriptor {
public:
    Descriptor() = default;
    explicit Descriptor(int fd) noexcept : x_fd(fd) {}
    Descriptor(Descriptor&& other) noexcept : x_fd(std::exchange(other.x_fd, -1)) {}
    Descriptor& operator=(Descriptor&& other) noexcept {
        std::swap(x_fd, other.x_fd);
        return *this;
    }
    ~Descriptor() { reset(); }

    [[nodiscard]] int get() const noexcept { return x_fd; }
    explicit operator bool() const noexcept { return x_fd >= 0; }
    void reset() noexcept;

private:
    int x_fd = -1;
};

/// The last system error as an exception: the harness is broken, not what it tests.
[[noreturn]] void throw_errno(const char* what);

/// Listens on 127.0.0.1; port 0 takes a free one.
[[nodiscard]] Descriptor listen_on_loopback(std::uint16_t port = 0);
[[nodiscard]] std::uint16_t port_of(const Descriptor& socket);
/// Blocking; empty if nobody listens.
[[nodiscard]] Descriptor connect_to_loopback(std::uint16_t port);

/// Sends everything, or says no.
bool send_all(const Descriptor& socket, std::string_view bytes);
/// What comes until `limit`, at most 64 KiB; empty at the end of the stream; nullopt if nothing
/// came.
[[nodiscard]] std::optional<std::string> receive(const Descriptor& socket,
                                                 std::chrono::milliseconds limit);

/// Ports that are free now and that no outgoing connection takes by chance, so that a server may be
/// restarted on its own, and a client that finds nobody there cannot connect to itself.
[[nodiscard]] std::vector<std::uint16_t> free_ports(std::size_t count);

}  // namespace leasehold::support
