// A ZooKeeper session on a bare socket, without any client: for what no well-behaved client does.
#pragma once

#include "sdk/wire/header.hpp"
#include "tests/support/descriptor.hpp"
#include "tests/support/proxy_frame.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

namespace leasehold::support {

class RawSession {
public:
    /// Opens a new session, or attaches to the one whose secret is given. Throws if it may not.
    explicit RawSession(std::uint16_t port, const SessionSecret& secret = {},
                        std::chrono::milliseconds timeout = std::chrono::seconds{10});

    [[nodiscard]] const SessionSecret& secret() const { return x_secret; }
    [[nodiscard]] std::chrono::milliseconds granted_timeout() const { return x_granted; }
    /// For those who want to say more than `ask` does.
    [[nodiscard]] const Descriptor& socket() const { return x_socket; }

    /// Sends one request and waits for its reply: the header and the body. Throws if none comes.
    struct Answer {
        wire::ReplyHeader header;
        std::string body;
    };
    template <wire::RequestBody Body>
    Answer ask(const Body& body) {
        const std::int32_t xid = ++x_xid;
        return exchange(xid, wire::encode_request(xid, body));
    }

    /// Waits for the next frames from the server, whatever they are. Throws if they do not come.
    void skip_replies(std::size_t count);

private:
    Answer exchange(std::int32_t xid, const std::string& frame);
    [[nodiscard]] std::string read_frame();

    Descriptor x_socket;
    SessionSecret x_secret;
    std::chrono::milliseconds x_granted{};
    std::string x_unread;
    std::int32_t x_xid = 1'000'000;  // out of the way of whoever opened the session
};

/// Closes somebody else's session, as an operator or an intruder would.
void close_session(std::uint16_t port, const SessionSecret& secret);

}  // namespace leasehold::support
