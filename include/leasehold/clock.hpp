// The clock every lease is measured on: it counts suspend and never jumps with the wall clock.
#pragma once

#include <chrono>
#include <cstdint>

namespace leasehold {

/// CLOCK_BOOTTIME as a std::chrono clock.
///
/// `std::chrono::steady_clock` stops while the machine is suspended, so a laptop or a migrated VM
/// would wake up believing that its lease is still fresh. The boot clock counts that time.
/// Thread safety: `now()` may be called from any thread and in a signal handler.
struct BootClock {
    using rep = std::int64_t;
    using period = std::nano;
    using duration = std::chrono::duration<rep, period>;
    using time_point = std::chrono::time_point<BootClock>;
    static constexpr bool is_steady = true;

    /// The time since boot, suspend included; without it where the kernel refuses CLOCK_BOOTTIME
    /// from the start (clients then warn, and double their margin). If the clock is forbidden to a
    /// process that has used it, the end of time: no lease is valid then.
    [[nodiscard]] static time_point now() noexcept;
};

using Instant = BootClock::time_point;
using Duration = BootClock::duration;

}  // namespace leasehold
