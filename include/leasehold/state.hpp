// What a client tells of itself: its connection's state, its figures, and why a lease ended.
#pragma once

#include <leasehold/clock.hpp>

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace leasehold {

/// The state of the client's session.
enum class ClientState {
    connecting,  ///< no session yet, or the last one expired and the next is being opened
    connected,   ///< attached, with fresh evidence
    jeopardy,    ///< no fresh evidence; leases are valid until their deadlines, which do not move
    closed,      ///< closed for good
};

/// Why a lease ended.
enum class Loss {
    released,         ///< by its holder
    budget,           ///< held to the end of its budget
    deadline,         ///< the safe deadline passed without fresh evidence
    session_expired,  ///< the server ended the session
    node_deleted,     ///< somebody deleted our node
    closed,           ///< the client was closed
    auth_failed,      ///< a server refused our SASL credentials on a new connection
};

[[nodiscard]] std::string_view to_string(ClientState) noexcept;
[[nodiscard]] std::string_view to_string(Loss) noexcept;

/// One consistent snapshot of a client, taken between two turns of its I/O thread.
/// Counters run from the construction of the client and never go back.
struct ClientStats {
    ClientState state = ClientState::connecting;
    std::uint64_t sessions = 0;    ///< sessions opened
    std::uint64_t connects = 0;    ///< connection attempts
    std::uint64_t reconnects = 0;  ///< re-attachments of a session
    std::uint64_t requests = 0;    ///< requests written, pings excluded
    std::uint64_t pings = 0;       ///< pings written
    std::uint64_t bytes_sent = 0;
    std::uint64_t bytes_received = 0;
    std::size_t locks_held = 0;
    std::size_t locks_waiting = 0;
    std::size_t pending_requests = 0;  ///< written or queued, not yet answered
    std::size_t watches = 0;           ///< believed armed on the server for this connection
    std::size_t nodes_to_delete = 0;   ///< created nodes whose deletion is not confirmed yet
    std::size_t orphans = 0;           ///< of these, past the reaper's own budget
    std::uint64_t grants = 0;
    std::uint64_t local_grants = 0;      ///< of these, handed over inside this process
    std::uint64_t refusals = 0;          ///< acquisitions that ended without the lock
    std::uint64_t overruns = 0;          ///< leases that ran into their budget
    std::uint64_t losses = 0;            ///< leases lost to expiry, deadline, a deleted node or a
                                         ///< refusal of SASL
    std::uint64_t gaps = 0;              ///< times the connection was voided as evidence
    std::uint64_t ignored_events = 0;    ///< watch events for a path without an armed watch
    std::uint64_t foreign_children = 0;  ///< children of lock paths that are no contenders
    Duration session_timeout{};          ///< granted; the smallest ever granted to this session
    Duration evidence_age{};             ///< since the newest evidence was sent
    Duration lease_in_hand{};            ///< until the safe deadline; 0 once it passed
};

}  // namespace leasehold
