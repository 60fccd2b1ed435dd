// Describes the two frames that open a session; they are older than the headers and have none.
#pragma once

#include "sdk/wire/error.hpp"
#include "sdk/wire/header.hpp"
#include "sdk/wire/record.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

namespace leasehold::wire {

inline constexpr std::size_t password_size = 16;

struct ConnectRequest {
    std::int32_t protocol_version = 0;
    std::int64_t last_zxid_seen = 0;
    std::int32_t timeout_ms = 0;
    std::int64_t session_id = 0;            // 0 asks for a new session
    std::optional<std::string> password{};  // servers take null like empty
    // Clients up to 3.3 do not send the byte; servers 3.9.0 to 3.9.2 refuse a request without it,
    // so ours always has it.
    std::optional<bool> read_only = false;
    std::string later_fields{};  // whatever a newer version puts behind the last field we know

    friend bool operator==(const ConnectRequest&, const ConnectRequest&) = default;
};

struct ConnectResponse {
    std::int32_t protocol_version = 0;
    std::int32_t timeout_ms = 0;  // 0: expired, unknown, or wrong password
    std::int64_t session_id = 0;
    std::string password{};
    std::optional<bool> read_only = false;  // a server leaves it out if the request had none
    std::string later_fields{};

    friend bool operator==(const ConnectResponse&, const ConnectResponse&) = default;
};

void encode(Writer& out, const ConnectRequest& request);
void encode(Writer& out, const ConnectResponse& response);
void read(Reader& in, ConnectRequest& request);
void read(Reader& in, ConnectResponse& response);

// A read-only server from 3.7 on without local sessions refuses with a bare ReplyHeader, not with
// a ConnectResponse (ZOOKEEPER-3863).
using ConnectAnswer = std::variant<ConnectResponse, ReplyHeader>;
[[nodiscard]] result<ConnectAnswer> decode_connect_answer(std::string_view frame);

}  // namespace leasehold::wire
