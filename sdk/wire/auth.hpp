// Describes the two ways a connection proves who it is.
#pragma once

#include "sdk/wire/node.hpp"
#include "sdk/wire/opcode.hpp"
#include "sdk/wire/record.hpp"

#include <cstdint>
#include <optional>
#include <string>

namespace leasehold::wire {

// Sent with auth_xid; the reply's zxid is 0 and it may overtake other replies.
struct AuthPacket {
    static constexpr Opcode op = Opcode::auth;
    using Reply = EmptyReply;

    std::int32_t type = 0;  // always 0
    std::string scheme{};
    std::optional<std::string> auth{};  // for digest "user:password", in clear

    static constexpr auto fields(auto& self, auto&& visit) {
        return visit(self.type, self.scheme, self.auth);
    }
    friend bool operator==(const AuthPacket&, const AuthPacket&) = default;
};

// Both ways. The server's is null when it has no SASL, and also behind the error of a refused one:
// the only error reply that has a body.
struct SaslToken {
    static constexpr Opcode op = Opcode::sasl;
    using Reply = SaslToken;

    std::optional<std::string> token{};

    static constexpr auto fields(auto& self, auto&& visit) { return visit(self.token); }
    friend bool operator==(const SaslToken&, const SaslToken&) = default;
};

}  // namespace leasehold::wire
