#include "bench/contestants/bare_session.hpp"

#include "bench/contestants/commands.hpp"
#include "sdk/wire/archive.hpp"
#include "sdk/wire/connect.hpp"
#include "sdk/wire/header.hpp"
#include "sdk/wire/node.hpp"
#include "sdk/wire/session.hpp"

#include <algorithm>
#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>
#include <vector>

namespace leasehold::bench {

namespace {

constexpr std::int32_t session_timeout_ms = 60'000;  // longer than the others' turns
constexpr std::size_t length_size = 4;
constexpr std::size_t sequence_digits = 10;

// How many bytes the next frame takes, if it is there in full; else 0.
std::size_t frame_size(std::string_view bytes) {
    if (bytes.size() < length_size) {
        return 0;
    }
    wire::Reader prefix(bytes);
    const std::size_t size = length_size + static_cast<std::size_t>(prefix.int32());
    return bytes.size() < size ? 0 : size;
}

std::vector<wire::Acl> open_acl() {
    return {{wire::perms::all, "world", "anyone"}};
}

}  // namespace

BareSession::BareSession(std::uint16_t port) : x_descriptor(::socket(AF_INET, SOCK_STREAM, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    const int on = 1;
    ::setsockopt(x_descriptor, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    if (::connect(x_descriptor, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) {
        give_up("floor: no server on port " + std::to_string(port));
    }
    wire::ConnectRequest request;
    request.timeout_ms = session_timeout_ms;
    request.password = std::string(wire::password_size, '\0');
    write(wire::encode_frame(request));
    static_cast<void>(read());
}

BareSession::~BareSession() {
    // The server closes the connection when the session's nodes are gone.
    const std::string last = wire::encode_request(1, wire::CloseSessionRequest{});
    ::send(x_descriptor, last.data(), last.size(), MSG_NOSIGNAL);
    while (::recv(x_descriptor, x_buffer.data(), x_buffer.size(), 0) > 0) {
    }
    ::close(x_descriptor);
}

void BareSession::write(std::string_view bytes) const {
    if (::send(x_descriptor, bytes.data(), bytes.size(), MSG_NOSIGNAL) !=
        static_cast<ssize_t>(bytes.size())) {
        give_up("floor: the server is gone");
    }
}

std::string_view BareSession::read() {
    x_unread.remove_prefix(x_used);
    while (frame_size(x_unread) == 0) {
        std::copy(x_unread.begin(), x_unread.end(), x_buffer.begin());
        const std::size_t kept = x_unread.size();
        const ssize_t count =
            ::recv(x_descriptor, x_buffer.data() + kept, x_buffer.size() - kept, 0);
        if (count <= 0) {
            give_up("floor: the server is gone");
        }
        x_unread = {x_buffer.data(), kept + static_cast<std::size_t>(count)};
    }
    x_used = frame_size(x_unread);
    return x_unread.substr(length_size, x_used - length_size);
}

std::string_view BareSession::answer() {
    const auto reply = wire::split_reply(read());
    if (!reply || reply.value().header.err != wire::ServerError::ok) {
        give_up("floor: the server refuses a request");
    }
    return reply.value().body;
}

bool BareSession::has_more() const {
    return frame_size(x_unread.substr(x_used)) != 0;
}

void BareSession::make(const std::string& path) {
    wire::CreateRequest parent;
    parent.path = path;
    parent.acls = open_acl();
    write(wire::encode_request(1, parent));
    static_cast<void>(read());  // it may be there already
}

LockFrames::LockFrames(const std::string& path) {
    const std::string node = path + "/_c_5fb2c6b1-9f0c-4a7e-8d67-b5a0f6ad9f6e-lock-";
    wire::CreateRequest create;
    create.path = node;
    create.data = std::string(64, 'x');  // as much as a record of a holder
    create.acls = open_acl();
    create.flags = wire::CreateMode::ephemeral_sequential;
    wire::GetChildrenRequest children;
    children.path = path;
    x_acquire = wire::encode_request(create_xid, create);
    x_create_size = x_acquire.size();
    x_acquire += wire::encode_request(children_xid, children);

    wire::RemoveRequest remove;
    remove.path = node + std::string(sequence_digits, '0');
    remove.version = wire::any_version;
    x_release = wire::encode_request(remove_xid, remove);
    x_digits_at = x_release.find(remove.path) + node.size();
}

const std::string& LockFrames::release(std::string_view created) {
    return x_release.replace(x_digits_at, sequence_digits,
                             created.substr(created.size() - sequence_digits));
}

std::string LockFrames::watch(const std::string& node) {
    wire::GetDataRequest request;
    request.path = node;
    request.watch = true;
    return wire::encode_request(watch_xid, request);
}

}  // namespace leasehold::bench
