// Who speaks next while a connection proves who it is by SASL, and when that is over. The tokens
// are a mechanism's business, in the shell; how much a server may make of them is decided here.
#pragma once

#include <leasehold/error.hpp>

#include "sdk/core/secret.hpp"
#include "sdk/wire/opcode.hpp"

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

namespace leasehold::core {

/// What a mechanism makes of the server's last token, or begins with.
struct SaslMove {
    std::optional<Secret> token{};  ///< to be sent
    bool is_done = false;           ///< it has no more to say, and believes the server
};

/// One conversation, which the client begins. It ends well only if mechanism and server both say
/// so: a server that is content with less gets nothing of ours.
class SaslExchange {
public:
    /// DIGEST-MD5 takes two rounds, GSSAPI three, its tokens a few KiB: a ticket with all groups of
    /// a large directory has 48 KiB at most.
    static constexpr int most_rounds = 10;
    static constexpr std::size_t longest_token = std::size_t{64} * 1024;

    /// Send it, and hand over the answer.
    struct Send {
        Secret token;
    };
    /// Ask the mechanism what to say to it.
    struct Ask {
        std::string challenge;
    };
    struct Done {};
    struct Failed {
        Error why;
        bool is_refusal = false;  ///< the server's last word on us, not a trouble on either side
    };
    using Step = std::variant<Send, Ask, Done, Failed>;

    [[nodiscard]] bool is_mechanisms_turn() const { return x_turn == Turn::mechanism; }
    [[nodiscard]] bool is_servers_turn() const { return x_turn == Turn::server; }

    /// Only at the mechanism's turn, which is the first one.
    [[nodiscard]] Step on_move(result<SaslMove> move);
    /// Only at the server's turn.
    [[nodiscard]] Step on_reply(wire::ServerError err, std::string_view body);

private:
    enum class Turn { mechanism, server, over };

    [[nodiscard]] Step fail(Error why, bool is_refusal = false);

    Turn x_turn = Turn::mechanism;
    int x_rounds = 0;
    bool x_is_mechanism_done = false;
};

}  // namespace leasehold::core
