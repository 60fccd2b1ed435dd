// What the clients' side of a server needs of the ensemble: somebody who orders the writes.
#pragma once

#include <leasehold/clock.hpp>

#include "sdk/server/acl.hpp"
#include "sdk/wire/opcode.hpp"

#include <cstdint>
#include <string_view>

namespace leasehold::server {

/// A write of a client, with what the leader has to know to judge it.
struct Submission {
    std::uint64_t tag = 0;  ///< of the server it came to; 0: nobody waits
    std::int64_t session = 0;
    wire::Opcode op{};        ///< also create_session and close_session
    std::string_view body{};  ///< valid during the call
    const Identities& identities;
    std::int32_t timeout_ms = 0;  ///< create_session
};

class Upstream {
public:
    virtual ~Upstream() = default;

    /// Whether clients are served at all.
    [[nodiscard]] virtual bool is_serving() const = 0;
    [[nodiscard]] virtual bool is_leading() const = 0;
    [[nodiscard]] virtual std::string_view mode() const = 0;

    /// The outcome is a transaction, which Server::applied() hears of, maybe before this returns.
    virtual void submit(Instant now, const Submission& submission) = 0;
    /// On a follower: Server::synced() follows.
    virtual void sync(Instant now, std::uint64_t tag) = 0;
    /// Re-attaches: Server::revalidated() follows, maybe before this returns.
    virtual void revalidate(Instant now, std::uint64_t tag, std::int64_t session,
                            std::int32_t timeout_ms) = 0;
    /// False if the request has to be dropped: its session is gone or about to be closed.
    [[nodiscard]] virtual bool touch(Instant now, std::int64_t session,
                                     std::int32_t timeout_ms) = 0;
    /// Whether another server has taken over the session; a follower does not know.
    [[nodiscard]] virtual bool has_moved(std::int64_t session) = 0;
};

}  // namespace leasehold::server
