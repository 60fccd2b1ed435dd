// What a process of a chaos run tells: one JSON object a line, with times of the boot clock, which
// all processes of the machine share.
#pragma once

#include <leasehold/clock.hpp>

#include <nlohmann/json_fwd.hpp>

namespace leasehold::chaos {

/// Seconds since boot.
[[nodiscard]] double seconds(Instant when);

/// Seconds since 1970, by the wall clock: the one that may be stepped.
[[nodiscard]] double wall_clock_s();

/// Writes the line to standard output, whole, and flushes it: the process may be killed any time.
void tell(const nlohmann::json& line);

}  // namespace leasehold::chaos
