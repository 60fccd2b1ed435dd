// The floor: what ZooKeeper itself charges for the frames that the recipe needs, on a bare blocking
// socket, with the frames prepared and nothing else done.
//
//     floor PORT
//
// "acquire" is a create and a getChildren in one write; "release" is a delete.
#include "bench/contestants/commands.hpp"
#include "sdk/wire/archive.hpp"
#include "sdk/wire/connect.hpp"
#include "sdk/wire/header.hpp"
#include "sdk/wire/node.hpp"

#include <algorithm>
#include <arpa/inet.h>
#include <array>
#include <cstdint>
#include <cstdlib>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string>
#include <string_view>
#include <sys/socket.h>
#include <unistd.h>
#include <vector>

namespace {

using leasehold::bench::Clock;
using leasehold::bench::give_up;
using leasehold::bench::microseconds;
namespace wire = leasehold::wire;

constexpr std::int32_t session_timeout_ms = 60'000;  // longer than the others' turns
constexpr std::size_t sequence_digits = 10;

class Socket {
public:
    explicit Socket(std::uint16_t port) : x_descriptor(::socket(AF_INET, SOCK_STREAM, 0)) {
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_port = htons(port);
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        const int on = 1;
        ::setsockopt(x_descriptor, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
        if (::connect(x_descriptor, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) {
            give_up("floor: no server on port " + std::to_string(port));
        }
    }
    ~Socket() { ::close(x_descriptor); }
    Socket(const Socket&) = delete;
    Socket& operator=(const Socket&) = delete;

    void write(std::string_view bytes) const {
        if (::send(x_descriptor, bytes.data(), bytes.size(), MSG_NOSIGNAL) !=
            static_cast<ssize_t>(bytes.size())) {
            give_up("floor: the server is gone");
        }
    }

    /// The next frame, without its length; good until the next call.
    std::string_view read() {
        x_unread.remove_prefix(x_used);
        while (x_unread.size() < 4 || x_unread.size() < 4 + length()) {
            std::copy(x_unread.begin(), x_unread.end(), x_buffer.begin());
            const std::size_t kept = x_unread.size();
            const ssize_t count =
                ::recv(x_descriptor, x_buffer.data() + kept, x_buffer.size() - kept, 0);
            if (count <= 0) {
                give_up("floor: the server is gone");
            }
            x_unread = {x_buffer.data(), kept + static_cast<std::size_t>(count)};
        }
        x_used = 4 + length();
        return x_unread.substr(4, x_used - 4);
    }

private:
    [[nodiscard]] std::size_t length() const {
        wire::Reader prefix(x_unread);
        return static_cast<std::size_t>(prefix.int32());
    }

    const int x_descriptor;
    std::array<char, 1 << 16> x_buffer{};
    std::string_view x_unread;
    std::size_t x_used = 0;
};

std::vector<wire::Acl> open_acl() {
    return {{wire::perms::all, "world", "anyone"}};
}

std::string_view body_of(std::string_view frame) {
    const auto reply = wire::split_reply(frame);
    if (!reply || reply.value().header.err != wire::ServerError::ok) {
        give_up("floor: the server refuses a request");
    }
    return reply.value().body;
}

class Floor {
public:
    explicit Floor(std::uint16_t port) : x_socket(port) {
        wire::ConnectRequest request;
        request.timeout_ms = session_timeout_ms;
        request.password = std::string(wire::password_size, '\0');
        x_socket.write(wire::encode_frame(request));
        static_cast<void>(x_socket.read());
    }

    leasehold::bench::Serial serial(const std::string& path, int count) {
        prepare(path);
        leasehold::bench::Serial costs;
        for (int pair = 0; pair < count; ++pair) {
            const auto begin = Clock::now();
            x_socket.write(x_acquire);
            const std::string_view created = body_of(x_socket.read());
            x_release.replace(x_digits_at, sequence_digits,
                              created.substr(created.size() - sequence_digits));
            static_cast<void>(body_of(x_socket.read()));
            const auto acquired = Clock::now();
            x_socket.write(x_release);
            static_cast<void>(body_of(x_socket.read()));
            const auto released = Clock::now();
            costs.acquire.push_back(microseconds(acquired - begin));
            costs.release.push_back(microseconds(released - acquired));
        }
        return costs;
    }

private:
    /// The path, and the frames that are all that has to be sent.
    void prepare(const std::string& path) {
        const std::string node = path + "/_c_5fb2c6b1-9f0c-4a7e-8d67-b5a0f6ad9f6e-lock-";
        wire::CreateRequest parent;
        parent.path = path;
        parent.acls = open_acl();
        x_socket.write(wire::encode_request(1, parent));
        static_cast<void>(x_socket.read());  // it may be there already

        wire::CreateRequest create;
        create.path = node;
        create.data = std::string(64, 'x');  // as much as a record of a holder
        create.acls = open_acl();
        create.flags = wire::CreateMode::ephemeral_sequential;
        wire::GetChildrenRequest children;
        children.path = path;
        x_acquire = wire::encode_request(2, create) + wire::encode_request(3, children);

        wire::RemoveRequest remove;
        remove.path = node + std::string(sequence_digits, '0');
        remove.version = wire::any_version;
        x_release = wire::encode_request(4, remove);
        x_digits_at = x_release.find(remove.path) + node.size();
    }

    Socket x_socket;
    std::string x_acquire;
    std::string x_release;
    std::size_t x_digits_at = 0;
};

}  // namespace

int main(int argument_count, char** arguments) {
    if (argument_count != 2) {
        give_up("usage: floor PORT");
    }
    Floor floor(static_cast<std::uint16_t>(std::strtol(arguments[1], nullptr, 10)));
    return leasehold::bench::obey(
        {{"serial", leasehold::bench::serial_command([&](const std::string& path, int count) {
              return floor.serial(path, count);
          })}});
}
