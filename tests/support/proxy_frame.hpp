// What the cutting proxy understands of the bytes it passes on: frames, and what each of them is.
#pragma once

#include <leasehold/clock.hpp>

#include "sdk/wire/opcode.hpp"

#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace leasehold::support {

enum class Direction { to_server, to_client };

enum class FrameKind {
    four_letters,  ///< a four-letter word, or its answer: bytes as they came
    connect_request,
    connect_response,
    request,
    reply,
    event,
};

struct ProxyFrame {
    Instant when;
    std::size_t connection = 0;  ///< in order of acceptance
    Direction direction = Direction::to_server;
    std::size_t burst = 0;  ///< frames that came in one read have the same number
    FrameKind kind = FrameKind::request;
    wire::Opcode op = wire::Opcode::notification;  ///< of a reply: that of its request
    std::int32_t xid = 0;
    wire::ServerError err = wire::ServerError::ok;
    std::string path;   ///< a request's first field, where it is one; an event's; what was created
    std::string bytes;  ///< all of it, length prefix included

    [[nodiscard]] bool is_request(wire::Opcode which) const {
        return kind == FrameKind::request && op == which;
    }
    [[nodiscard]] bool is_reply(wire::Opcode which) const {
        return kind == FrameKind::reply && op == which;
    }
};

/// Names frames, for the messages of failing tests.
[[nodiscard]] std::string describe(const ProxyFrame& frame);

struct SessionSecret {
    std::int64_t id = 0;
    std::string password;
};

/// Both directions of one connection, cut into frames; requests are remembered for their replies.
class FrameReader {
public:
    /// The whole frames that came with these bytes.
    [[nodiscard]] std::vector<ProxyFrame> read(Direction direction, std::string_view bytes);

    [[nodiscard]] const std::optional<SessionSecret>& session() const { return x_session; }

private:
    [[nodiscard]] ProxyFrame understand(Direction direction, std::string_view body);
    [[nodiscard]] ProxyFrame understand_request(std::string_view body);
    [[nodiscard]] ProxyFrame understand_reply(std::string_view body);

    bool x_is_text = false;
    bool x_has_begun[2] = {false, false};
    std::string x_partial[2];
    std::unordered_map<std::int32_t, wire::Opcode> x_requests;
    std::optional<SessionSecret> x_session;
};

}  // namespace leasehold::support
