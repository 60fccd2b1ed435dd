// How often each kind of fault struck, so that a schedule in which nothing goes wrong is noticed.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace leasehold::sim {

enum class Fault : std::size_t {
    loss,               ///< nothing passes a connection any more, and nobody is told
    half_open,          ///< the server gave the connection up, and the client does not hear of it
    reset,              ///< both ends learn at once; what was under way is lost
    delay,              ///< a connection becomes slower than the ack gap for a while
    reorder,            ///< bytes of an old connection arrive after some of a newer one
    split,              ///< a frame arrives in pieces, cut at any byte
    request_lost,       ///< the server drops the connection before it executes a request
    create_reply_lost,  ///< committed, but the client does not learn of it
    delete_reply_lost,
    multi_reply_lost,
    close_reply_lost,
    server_kill,
    server_restart,
    server_pause,  ///< what comes to it waits, and it does all of it afterwards
    leader_change,
    deposed_leader,  ///< a leader without its followers, clients still attached
    partition,       ///< a follower without its leader, clients still attached
    session_moved,   ///< a server hears from a session that has moved on to another
    expiry,
    expiry_at_once,  ///< at the first legal instant
    smaller_timeout,
    read_only,
    other_session,  ///< a re-attach is answered with a session that is not the client's
    zxid_ahead,     ///< the server is behind what the client has seen, and refuses it
    client_pause,
    clock_drift,
    late_timer,
    early_timer,
    refused_connect,
    ignored_connect,
    fd_exhaustion,
    failed_resolve,
    cancel,
    death,  ///< the process vanishes
    foreign_write,
    foreign_delete,
    count
};

inline constexpr std::size_t fault_kinds = static_cast<std::size_t>(Fault::count);

[[nodiscard]] std::string_view to_string(Fault fault);

/// Everything that happened and is no fault.
enum class Deed : std::size_t {
    asked,
    granted,
    granted_shortened,
    granted_locally,
    elected,
    permit,
    permit_after_wait,       ///< somebody had to let go of one first
    shared,                  ///< granted to one who shares
    shared_together,         ///< while another process held it, too
    shared_after_exclusive,  ///< after waiting for one who did not share
    exclusive_after_shared,  ///< after waiting for one who did
    set,                     ///< granted on several paths at once
    set_after_wait,          ///< somebody had to let go of one of them first
    downgraded,
    shared_after_downgrade,  ///< beside one who was alone before
    upgraded,
    upgrade_refused,
    refused,
    extended,
    released,
    granted_kept,        ///< without a byte on the wire
    released_with_mark,  ///< so that nobody holds back
    held_back,           ///< granted to one who had to hold back, or after that
    ended_by_budget,
    ended_by_deadline,
    ended_with_session,
    ended_by_deletion,
    raw_request,
    watch_fired,
    closed,
    count
};

inline constexpr std::size_t deed_kinds = static_cast<std::size_t>(Deed::count);

[[nodiscard]] std::string_view to_string(Deed deed);

struct Tally {
    std::array<std::uint64_t, fault_kinds> faults{};
    std::array<std::uint64_t, deed_kinds> deeds{};

    void count(Fault fault) { ++faults[static_cast<std::size_t>(fault)]; }
    void count(Deed deed) { ++deeds[static_cast<std::size_t>(deed)]; }
    [[nodiscard]] std::uint64_t of(Fault fault) const {
        return faults[static_cast<std::size_t>(fault)];
    }
    [[nodiscard]] std::uint64_t of(Deed deed) const {
        return deeds[static_cast<std::size_t>(deed)];
    }
    void add(const Tally& other);
    [[nodiscard]] std::uint64_t all_faults() const;
};

}  // namespace leasehold::sim
