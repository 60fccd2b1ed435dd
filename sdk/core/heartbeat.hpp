// Writes for the sake of quorum evidence: one at a time, and what it writes is a question after the
// nodes of the locks that we hold.
#pragma once

#include <leasehold/clock.hpp>

#include "sdk/core/engine.hpp"
#include "sdk/core/lease_table.hpp"
#include "sdk/core/lock_queue.hpp"
#include "sdk/core/session.hpp"

#include <string>
#include <vector>

namespace leasehold::core {

/// A multi of checks is proposed to the quorum like any other write, and changes nothing. Without
/// locks it is empty. So many locks that they do not fit are checked in turns.
class Heartbeat {
public:
    Heartbeat(Session& session, const LeaseTable& leases, Lanes& lanes)
        : x_session(session), x_leases(leases), x_lanes(lanes) {}

    void send(Instant now);
    /// One was sent and is not answered yet: a slow ensemble is not given more of them.
    [[nodiscard]] bool is_under_way() const { return x_is_under_way; }
    /// The last one was no commit, for whatever reason; the next one is not to follow at once.
    [[nodiscard]] Instant not_before() const { return x_not_before; }

private:
    /// Paths in one multi, in bytes: well below the 1 MB that servers take (jute.maxbuffer).
    static constexpr std::size_t max_bytes = 64'000;

    [[nodiscard]] std::vector<std::string> nodes_in_turn();
    void on_answer(Instant now, Instant sent, const std::vector<std::string>& nodes,
                   const Response& response);
    void report_missing(Instant now, const std::vector<std::string>& nodes,
                        const Response& response);

    Session& x_session;
    const LeaseTable& x_leases;
    Lanes& x_lanes;
    OperationId x_last_checked = 0;  ///< the lease
    bool x_is_under_way = false;
    Instant x_not_before = Instant::min();
};

}  // namespace leasehold::core
