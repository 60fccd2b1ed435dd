// Which of the kernel's clocks leases run on: not every kernel, and not every sandbox, has the one
// that they want.
#pragma once

#include <ctime>

namespace leasehold::net {

/// What BootClock reads, and what timers for its instants have to run on: CLOCK_BOOTTIME, or
/// CLOCK_MONOTONIC if there is none, which leaves out the time for which the machine was suspended.
/// One of the two for the whole life of the process, since they do not compare.
[[nodiscard]] clockid_t lease_clock() noexcept;

}  // namespace leasehold::net
