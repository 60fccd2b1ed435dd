// What a worker process tells: one JSON object a line on standard output, for drill.py.
#pragma once

#include <leasehold/clock.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace drill {

/// One order, from its arrival to its end. Times are of the boot clock, which is the same in all
/// processes of a machine.
struct Order {
    int caller = 0;
    std::string path;
    bool is_hot = false;
    bool is_stuck = false;       ///< its call goes to an endpoint that never answers
    bool ignores_stop = false;   ///< and it does not listen when it is asked to give up
    leasehold::Duration wait{};  ///< how long it was willing to queue; 0 for ever
    std::optional<leasehold::Duration> cancel_after{};

    leasehold::Instant asked{};
    leasehold::Instant answered{};  ///< when it was told whether it has the lock
    std::optional<leasehold::Instant> granted{};
    /// Until when it could take the lock for its own, as far as it can tell.
    leasehold::Instant valid_until{};
    leasehold::Instant ended{};
    std::string_view outcome = "done";
    std::string why{};
    bool wrote_unfenced = false;  ///< the database took the write
    bool wrote_fenced = false;
};

/// The client's figures since the start of the process.
struct Figures {
    std::uint64_t sessions = 0;
    std::uint64_t connects = 0;
};

/// Thread safety: any number of threads.
void tell(const Order& order);
void tell(const Figures& figures);
/// The process has reached a state that drill.py waits for: `ready`, `idle`, `closed`.
void tell_state(std::string_view state);

}  // namespace drill
