// Waiting in tests: for a state that can be observed, never for an amount of time that ought to do.
#pragma once

#include <leasehold/clock.hpp>

#include <chrono>
#include <functional>

namespace leasehold::support {

/// Limits of patience grow by LEASEHOLD_TEST_TIME_FACTOR, which builds with sanitizers set.
/// Promises do not: a bound that the SDK promises is compared as it stands.
[[nodiscard]] double time_factor();
[[nodiscard]] std::chrono::milliseconds patient(std::chrono::milliseconds limit);

/// Asks until `condition` is true or the time, times the factor, is up; says whether it is true.
[[nodiscard]] bool eventually(const std::function<bool()>& condition,
                              std::chrono::milliseconds limit = std::chrono::seconds{15});

/// Asks again and again for `period`; says whether `condition` was true every time.
[[nodiscard]] bool stays(const std::function<bool()>& condition, std::chrono::milliseconds period);

/// Returns at `when`, for tests whose subject is what has happened by a certain time.
void wait_until(Instant when);

/// For messages: whole milliseconds.
[[nodiscard]] std::int64_t in_ms(Duration duration);

}  // namespace leasehold::support
